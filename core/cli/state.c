/* state: what a container is, as the spec's state with runc's members. */
#include "cli/commands.h"
#include "cli/info.h"

#include <errno.h>

static int run_state(struct invocation *invocation, struct ironbox_error *error)
{
	__attribute__((cleanup(container_info_free))) struct container_info info = { 0 };
	struct json_writer json = { .out = stdout, .indent = "  " };

	if (container_state(invocation->runtime, invocation_id(invocation), &info, error) < 0)
		return -1;
	info_print(&json, &info, ""); /* runc's state names no owner either: `list` does */
	if (output_end(stdout) < 0)
		return error_begin(error, errno, "write the state of %s", info.id);
	return 0;
}

const struct command state_command = {
	.name = "state",
	.arguments = "ID",
	.summary = "print the state of a container as JSON",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.run = run_state,
};
