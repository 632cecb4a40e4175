/* delete: removes all that is left of a container. */
#include "cli/commands.h"

struct delete_options {
	bool force;
};

static const struct option_row delete_rows[] = {
	OPTION(struct delete_options, force, "force", 'f', NULL,
	       "kill it first if it runs; no error if it is not there"),
	OPTION_ROWS_END,
};

static int run_delete(struct invocation *invocation, struct ironbox_error *error)
{
	const struct delete_options *options = invocation->options;

	return container_delete(invocation->runtime, invocation_id(invocation), options->force,
	                        error);
}

const struct command delete_command = {
	.name = "delete",
	.arguments = "ID",
	.summary = "remove a stopped container: its state, cgroup and all that was made for it",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.options = delete_rows,
	.options_size = sizeof(struct delete_options),
	.run = run_delete,
};
