/* run: create, start, and be there until it ends. */
#include "cli/commands.h"
#include "cli/create.h"

struct run_options {
	struct create_options create; /* first: the offsets of its rows hold here too */
	bool detach, keep, no_subreaper;
};
_Static_assert(offsetof(struct run_options, create) == 0, "create's rows fill it");

static const struct option_row run_rows[] = {
	CREATE_OPTIONS(struct create_options),
	OPTION(struct run_options, detach, "detach", 'd', NULL, "do not wait for its end"),
	OPTION(struct run_options, keep, "keep", 0, NULL, "do not delete the container at its end"),
	OPTION(struct run_options, no_subreaper, "no-subreaper", 0, NULL,
	       "do not take in orphans of the container"),
	OPTION_ROWS_END,
};

static uint64_t run_preserved_fds(const void *options)
{
	return create_preserved_fds(&((const struct run_options *)options)->create);
}

static int run_run(struct invocation *invocation, struct ironbox_error *error)
{
	const struct run_options *options = invocation->options;
	struct run_request request = {
		.create = create_request_from(&options->create, invocation_id(invocation)),
		.detach = options->detach,
		.keep = options->keep,
		.no_subreaper = options->no_subreaper,
	};

	return container_run(invocation->runtime, &request, &invocation->status, error);
}

const struct command run_command = {
	.name = "run",
	.arguments = "ID",
	.summary = "create and start a container, wait for its end and delete it",
	.more = "Exits with the container's own status: 128+N if signal N ended it.",
	.fewest = 1,
	.most = 1,
	.reach = REACH_CONTAINER,
	.options = run_rows,
	.defaults = &(const struct run_options){ .create.bundle = "." },
	.options_size = sizeof(struct run_options),
	.preserved_fds = run_preserved_fds,
	.run = run_run,
};
