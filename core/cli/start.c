/* start: lets a created container run its program. */
#include "cli/commands.h"

static int run_start(struct invocation *invocation, struct ironbox_error *error)
{
	return container_start(invocation->runtime, invocation_id(invocation), error);
}

const struct command start_command = {
	.name = "start",
	.arguments = "ID",
	.summary = "run the program of a created container",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.run = run_start,
};
