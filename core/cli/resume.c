/* resume: lets a paused container go on. */
#include "cli/commands.h"

static int run_resume(struct invocation *invocation, struct ironbox_error *error)
{
	return container_resume(invocation->runtime, invocation_id(invocation), error);
}

const struct command resume_command = {
	.name = "resume",
	.arguments = "ID",
	.summary = "let a paused container go on",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.run = run_resume,
};
