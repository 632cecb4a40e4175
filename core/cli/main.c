/* ironbox: reads its command line, sets itself up, and runs one verb. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "cli/command.h"
#include "cli/globals.h"
#include "cli/help.h"
#include "cli/seal.h"
#include "cli/startup.h"
#include "cli/writer.h"
#include "support/log.h"

/* What the command line says. */
struct request {
	struct global_options globals;
	const struct command *command; /* NULL: help or the version is asked for */
	void *options;                 /* of the command; owned */
	char **arguments;
	bool help;
};

static int run_line(struct request *request, char **vector, int *status,
                    struct ironbox_error *error);
static int read_globals(struct request *request, char **vector, int *status,
                        struct ironbox_error *error);
static int read_command(struct request *request, struct ironbox_error *error);
static int run_command(const struct request *request, int *status, struct ironbox_error *error);
static int run_request(const struct request *request, int *status, struct ironbox_error *error);
static void report(const struct ironbox_error *error);
static void request_free(struct request *request);

int main(int argc, char **argv)
{
	__attribute__((cleanup(request_free))) struct request request = {
		.globals = global_defaults,
	};
	ERROR_NONE(error);
	int status = STATUS_FAILED;

	if (startup_check_rights(&error) < 0)
		status = STATUS_REFUSED;
	else if (run_line(&request, argc > 0 ? argv + 1 : argv, &status, &error) == 0)
		return status;
	report(&error);
	return status;
}

/* A wrong command line is told to the log too: so it is read, then the log opened, then judged. */
static int run_line(struct request *request, char **vector, int *status,
                    struct ironbox_error *error)
{
	ERROR_NONE(wrong_line);
	uint64_t preserved = 0;
	int result = read_globals(request, vector, status, &wrong_line);

	if (result == 0 && request->command) {
		result = read_command(request, &wrong_line);
		if (result == 0 && request->command->preserved_fds)
			preserved = request->command->preserved_fds(request->options);
	}
	if (startup_fds(preserved, error) < 0 || startup_log(&request->globals, error) < 0)
		return -1;
	if (result == 0)
		return run_request(request, status, error);
	*error = wrong_line;
	return -1;
}

/* Up to the verb: what follows it is the verb's to read. */
static int read_globals(struct request *request, char **vector, int *status,
                        struct ironbox_error *error)
{
	struct option_parse parse = {
		.rows = global_rows,
		.values = &request->globals,
		.defaults = &global_defaults,
		.argument_ends = true,
	};
	int count = options_parse(&parse, vector, error);

	if (count < 0)
		return -1;
	if (count == 0 || parse.help || request->globals.version)
		return 0;
	request->command = command_find(vector[0]);
	request->arguments = vector + 1;
	if (request->command)
		return 0;
	*status = STATUS_UNKNOWN_COMMAND;
	return command_unknown(vector[0], error);
}

static int check_count(const struct command *command, unsigned count, struct ironbox_error *error)
{
	if (count < command->fewest)
		return error_begin(error, 0, "%s: too few arguments: %s %s", command->name,
		                   command->name, command->arguments);
	if (count > command->most && *command->arguments)
		return error_begin(error, 0, "%s: too many arguments: %s %s", command->name,
		                   command->name, command->arguments);
	if (count > command->most)
		return error_begin(error, 0, "%s: takes no arguments", command->name);
	return 0;
}

static int read_command(struct request *request, struct ironbox_error *error)
{
	const struct command *command = request->command;
	struct option_parse parse = {
		.rows = command->options,
		.argument_ends = command->argument_ends_options,
		.defaults = command->defaults,
	};
	int count;

	if (command->options_size > 0) {
		request->options = calloc(1, command->options_size);
		if (!request->options)
			return error_begin(error, errno, "%s: keep its options", command->name);
		if (command->defaults)
			memcpy(request->options, command->defaults, command->options_size);
	}
	parse.values = request->options;
	count = options_parse(&parse, request->arguments, error);
	if (count < 0)
		return error_context(error, "%s", command->name);
	request->help = parse.help;
	return parse.help ? 0 : check_count(command, (unsigned)count, error);
}

static int run_request(const struct request *request, int *status, struct ironbox_error *error)
{
	if (request->command && !request->help)
		return run_command(request, status, error);
	if (request->command)
		help_print_command(stdout, request->command);
	else if (request->globals.version)
		version_print(stdout);
	else
		help_print(stdout);
	if (output_end(stdout) < 0)
		return error_begin(error, errno, "write the help");
	*status = EXIT_SUCCESS;
	return 0;
}

static int run_command(const struct request *request, int *status, struct ironbox_error *error)
{
	const struct command *command = request->command;
	cleanup_startup struct startup startup = { .config = CONFIG_NONE };
	struct invocation invocation = {
		.options = request->options,
		.arguments = request->arguments,
	};
	int result = 0;

	if (command->reach != REACH_NOTHING) {
		result = startup_runtime(&startup, &request->globals, error);
		invocation.runtime = &startup.runtime;
	}
	if (result == 0 && command->reach == REACH_CONTAINER)
		result = seal_check(error);
	if (result == 0)
		result = command->run(&invocation, error);
	*status = invocation.status;
	if (result < 0 && *status == 0)
		*status = command->failure_status ? command->failure_status : STATUS_FAILED;
	return result;
}

/* The last line on stderr, and, for callers that read it there, the last of the log. */
static void report(const struct ironbox_error *error)
{
	bool to_stderr_alone = process_log.fd < 0;

	if (!to_stderr_alone || process_log.json)
		log_write(IRONBOX_LOG_ERROR, "%s", error_text(error));
	if (!to_stderr_alone || !process_log.json)
		fprintf(stderr, "ironbox: %s\n", error_text(error));
}

static void request_free(struct request *request)
{
	if (request->command)
		options_free(request->command->options, request->options);
	free(request->options);
}
