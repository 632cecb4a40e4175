/* kill: sends a signal. */
#include "cli/commands.h"
#include "support/signals.h"

#include <signal.h>

struct kill_options {
	bool all;
};

static const struct option_row kill_rows[] = {
	OPTION(struct kill_options, all, "all", 'a', NULL, "signal every process of the container"),
	OPTION_ROWS_END,
};

static int run_kill(struct invocation *invocation, struct ironbox_error *error)
{
	const struct kill_options *options = invocation->options;
	const char *id = invocation_id(invocation), *text = invocation->arguments[1];
	int number = text ? signal_from_text(text) : SIGTERM;

	if (number < 0)
		return error_begin(error, 0, "kill %s: signal %s: no such name or number", id,
		                   text);
	return container_kill(invocation->runtime, id, number, options->all, error);
}

const struct command kill_command = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary = "send a signal to a container's first process (default: SIGTERM)",
	.more = "SIGNAL is a number or a name, with or without SIG: 9, KILL, SIGRTMIN+3.",
	.fewest = 1,
	.most = 2,
	.reach = REACH_STATE,
	.options = kill_rows,
	.options_size = sizeof(struct kill_options),
	.run = run_kill,
};
