/* The rows that commands[] lists. */
#ifndef IRONBOX_CLI_COMMANDS_H
#define IRONBOX_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command create_command, start_command, run_command, state_command, list_command,
	kill_command, delete_command, exec_command, ps_command, pause_command, resume_command,
	update_command, events_command, checkpoint_command, restore_command, spec_command,
	features_command, plugins_command, help_command;

#endif
