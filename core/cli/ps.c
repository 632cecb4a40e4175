/* ps: the processes of a container: their pids, or the lines that ps(1) has for them. */
#include "cli/commands.h"
#include "cli/ps_lines.h"
#include "cli/writer.h"

#include <errno.h>
#include <string.h>

#include <ironbox/cleanup.h>

struct ps_options {
	const char *format;
};

static const struct option_row ps_rows[] = {
	OPTION(struct ps_options, format, "format", 'f', "FORMAT", "table or json"),
	OPTION_ROWS_END,
};

static void print_json(const pid_t *pids, size_t count)
{
	struct json_writer json = { .out = stdout };

	if (count == 0) {
		writer_null(&json, NULL); /* runc's word for none */
	} else {
		writer_begin_array(&json, NULL);
		for (size_t i = 0; i < count; i++)
			writer_integer(&json, NULL, pids[i]);
		writer_end_array(&json);
	}
	putchar('\n');
}

static int run_ps(struct invocation *invocation, struct ironbox_error *error)
{
	const struct ps_options *options = invocation->options;
	cleanup_free pid_t *pids = NULL;
	bool json = strcmp(options->format, "json") == 0;
	size_t count = 0;

	if (!json && strcmp(options->format, "table") != 0)
		return error_begin(error, 0, "ps: --format %s: neither table nor json",
		                   options->format);
	if (container_processes(invocation->runtime, invocation_id(invocation), &pids, &count,
	                        error) < 0)
		return -1;
	if (json)
		print_json(pids, count);
	else if (ps_lines_print(pids, count, invocation->arguments + 1, error) < 0)
		return error_context(error, "ps %s", invocation_id(invocation));
	if (output_end(stdout) < 0)
		return error_begin(error, errno, "ps %s: write the list",
		                   invocation_id(invocation));
	return 0;
}

const struct command ps_command = {
	.name = "ps",
	.arguments = "ID [PS-OPTION...]",
	.summary = "show the processes of a container",
	.more = "What follows the ID goes to ps(1); its output must have a PID column (default: "
		"-ef).",
	.fewest = 1,
	.most = ANY_NUMBER,
	.reach = REACH_STATE,
	.argument_ends_options = true,
	.options = ps_rows,
	.defaults = &(const struct ps_options){ .format = "table" },
	.options_size = sizeof(struct ps_options),
	.run = run_ps,
};
