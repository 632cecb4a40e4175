/* create, and the options that it shares with run. */
#include "cli/create.h"
#include "cli/commands.h"
#include "support/listen_fds.h"

static const struct option_row create_rows[] = {
	CREATE_OPTIONS(struct create_options),
	OPTION_ROWS_END,
};

/* The fds that go to the container: those handed to us by sd_listen_fds(3), then those asked for.
 */
uint64_t create_preserved_fds(const struct create_options *options)
{
	return (uint64_t)listen_fds_count() + options->preserve_fds;
}

struct create_request create_request_from(const struct create_options *options, const char *id)
{
	return (struct create_request){
		.id = id,
		.bundle = options->bundle,
		.console_socket = options->console_socket,
		.pidfd_socket = options->pidfd_socket,
		.pid_file = options->pid_file,
		.preserve_fds = (uint32_t)create_preserved_fds(options), /* startup_fds bounds it */
		.listen_fds = listen_fds_count(),
		.no_pivot = options->no_pivot,
		.no_new_keyring = options->no_new_keyring,
	};
}

static uint64_t preserved_fds(const void *options)
{
	return create_preserved_fds(options);
}

static int run_create(struct invocation *invocation, struct ironbox_error *error)
{
	struct create_request request =
		create_request_from(invocation->options, invocation_id(invocation));

	return container_create(invocation->runtime, &request, error);
}

const struct command create_command = {
	.name = "create",
	.arguments = "ID",
	.summary = "make a container from a bundle; `start` then runs its program",
	.more = "A bundle is a folder with a config.json and a root filesystem (see `spec`).\n"
		"ID is the container's name: unique below one state root.",
	.fewest = 1,
	.most = 1,
	.reach = REACH_CONTAINER,
	.options = create_rows,
	.defaults = &(const struct create_options){ .bundle = "." },
	.options_size = sizeof(struct create_options),
	.preserved_fds = preserved_fds,
	.run = run_create,
};
