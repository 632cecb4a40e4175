/* checkpoint: images of a container's processes. */
#include "cli/checkpoint.h"

#include <string.h>

#include "cli/commands.h"

struct checkpoint_call {
	struct image_options images; /* first: the offsets of its rows hold here too */
	const char *parent_path, *status_fd;
	bool leave_running, pre_dump, tcp_skip_in_flight;
};
_Static_assert(offsetof(struct checkpoint_call, images) == 0, "the rows of both fill it");

static const struct option_row checkpoint_rows[] = {
	IMAGE_OPTIONS,
	OPTION(struct checkpoint_call, leave_running, "leave-running", 0, NULL,
	       "let the processes go on"),
	OPTION(struct checkpoint_call, pre_dump, "pre-dump", 0, NULL,
	       "memory only, for a checkpoint to come; the processes go on"),
	OPTION(struct checkpoint_call, parent_path, "parent-path", 0, "DIR",
	       "images of an earlier --pre-dump, relative to the image path"),
	OPTION(struct checkpoint_call, tcp_skip_in_flight, "tcp-skip-in-flight", 0, NULL,
	       "leave out TCP connections that are not open yet"),
	OPTION(struct checkpoint_call, status_fd, "status-fd", 0, "FD",
	       "an fd of the caller's that criu writes to when it is ready"),
	{ .name = "page-server",
	  .kind = OPTION_STRING,
	  .metavar = "ADDRESS",
	  .help = "(not there)",
	  .refused = "is not there: images are files of this host",
	  .hidden = true },
	OPTION_ROWS_END,
};

static int check_word(const char *option, const char *given, const char *const *words,
                      struct ironbox_error *error)
{
	for (; given && *words; words++)
		if (strcmp(given, *words) == 0)
			return 0;
	return given ? error_begin(error, 0, "%s %s: no such value", option, given) : 0;
}

int checkpoint_options_from(const struct image_options *options, struct checkpoint_options *out,
                            struct ironbox_error *error)
{
	static const char *const modes[] = { "soft", "full", "strict", "ignore", NULL };
	static const char *const namespaces[] = { "network", NULL };

	for (size_t i = 0; i < options->empty_ns.count; i++)
		if (check_word("--empty-ns", options->empty_ns.items[i], namespaces, error) < 0)
			return -1;
	*out = (struct checkpoint_options){
		.image_path = options->image_path,
		.work_path = options->work_path,
		.manage_cgroups_mode = options->manage_cgroups_mode,
		.empty_ns = options->empty_ns.items,
		.tcp_established = options->tcp_established,
		.ext_unix_sk = options->ext_unix_sk,
		.shell_job = options->shell_job,
		.file_locks = options->file_locks,
		.auto_dedup = options->auto_dedup,
		.link_remap = options->link_remap,
	};
	return check_word("--manage-cgroups-mode", options->manage_cgroups_mode, modes, error);
}

static int run_checkpoint(struct invocation *invocation, struct ironbox_error *error)
{
	const struct checkpoint_call *call = invocation->options;
	struct checkpoint_options options;

	if (checkpoint_options_from(&call->images, &options, error) < 0)
		return -1;
	options.parent_path = call->parent_path;
	options.status_fd = call->status_fd;
	options.leave_running = call->leave_running;
	options.pre_dump = call->pre_dump;
	options.tcp_skip_in_flight = call->tcp_skip_in_flight;
	return container_checkpoint(invocation->runtime, invocation_id(invocation), &options,
	                            error);
}

const struct command checkpoint_command = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "write images of a container's processes, and end them",
	.more = "It takes CRIU ([criu] path in ironbox.ini). What is not in the images: files, "
		"and\n"
		"config.json. If it fails the container goes on.",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.options = checkpoint_rows,
	.defaults = &(const struct checkpoint_call){ .images.image_path = "checkpoint" },
	.options_size = sizeof(struct checkpoint_call),
	.run = run_checkpoint,
};
