/* checkpoint and restore: known by name, and refused, until the stage that can do them is there.
 * `checkpoint --help` fails too: podman takes its success for "can checkpoint". */
#include "cli/commands.h"

const struct command checkpoint_command = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "(not there yet)",
	.most = ANY_NUMBER,
	.absent = "not there yet",
};

const struct command restore_command = {
	.name = "restore",
	.arguments = "ID",
	.summary = "(not there yet)",
	.most = ANY_NUMBER,
	.absent = "not there yet",
};
