/* pause: freezes all processes of a container. */
#include "cli/commands.h"

static int run_pause(struct invocation *invocation, struct ironbox_error *error)
{
	return container_pause(invocation->runtime, invocation_id(invocation), error);
}

const struct command pause_command = {
	.name = "pause",
	.arguments = "ID",
	.summary = "freeze all processes of a container",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.run = run_pause,
};
