/* containerd-shim-ironbox-v1: what containerd runs to get a shim, and to clean up after one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/seal.h"
#include "cli/startup.h"
#include "cli/writer.h"
#include "command/arguments.h"
#include "command/delete.h"
#include "command/info.h"
#include "command/start.h"
#include "support/quote.h"
#include "task/identifier.h"

/* What no action can do without. */
static int check_names(const struct arguments *arguments, struct ironbox_error *error)
{
	const struct {
		const char *option, *value;
	} names[] = { { "-namespace", arguments->namespace }, { "-id", arguments->id } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!names[i].value || !*names[i].value)
			return error_begin(error, 0, "%s is missing", names[i].option);
		if (!identifier_is_valid(names[i].value))
			return error_begin(error, 0,
			                   "%s %s: expected letters and digits, with one "
			                   "of . _ - between, at most 76",
			                   names[i].option, QUOTE(names[i].value));
	}
	return 0;
}

static int run_action(const struct arguments *arguments, char **argv, struct ironbox_error *error)
{
	/* a text of ours: `start` writes over argv */
	const char *action =
		arguments->action && strcmp(arguments->action, "delete") == 0 ? "delete" : "start";
	int result = -1;

	if (!arguments->action)
		return error_begin(error, 0, "an action is missing: start or delete; -h says more");
	if (strcmp(arguments->action, action) != 0)
		return error_begin(error, 0, "%s: no such action: start or delete",
		                   QUOTE(arguments->action));
	if (check_names(arguments, error) == 0) {
		if (strcmp(action, "delete") == 0)
			result = delete_run(arguments, error);
		else if (seal_check(error) == 0)
			result = start_run(arguments, argv, error);
	}
	return result < 0 ? error_context(error, "%s", action) : 0;
}

static int run(char **argv, struct ironbox_error *error)
{
	struct arguments arguments;

	if (startup_check_rights(error) < 0)
		return -1;
	umask(022);
	/* the daemon is a fork of us, and what containerd leaks into it would stay for ever */
	if (close_range(3, ~0U, 0) < 0)
		return error_begin(error, errno, "close_range from fd 3");
	if (arguments_read(&arguments, (const char *const *)argv + 1, error) < 0)
		return -1;
	if (arguments.help) {
		arguments_help(stdout);
		return output_end(stdout) < 0 ? error_begin(error, errno, "write the help") : 0;
	}
	if (arguments.version)
		return version_run(error);
	if (arguments.info)
		return info_run(&arguments, error);
	return run_action(&arguments, argv, error);
}

int main(int argc, char **argv)
{
	ERROR_NONE(error);

	if (argc > 0 && run(argv, &error) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "containerd-shim-ironbox-v1: %s\n", error_text(&error));
	return EXIT_FAILURE;
}
