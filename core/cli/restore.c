/* restore: a container of a bundle whose processes come from images. */
#include "cli/checkpoint.h"
#include "cli/commands.h"

struct restore_call {
	struct image_options images; /* first: the offsets of its rows hold here too */
	const char *bundle, *console_socket, *pid_file, *lsm_profile, *lsm_mount_context;
	bool detach, no_pivot, no_subreaper;
};
_Static_assert(offsetof(struct restore_call, images) == 0, "the rows of both fill it");

static const struct option_row restore_rows[] = {
	OPTION(struct restore_call, bundle, "bundle", 'b', "DIR",
	       "the bundle (default: this directory)"),
	OPTION(struct restore_call, detach, "detach", 'd', NULL, "do not wait for its end"),
	OPTION(struct restore_call, pid_file, "pid-file", 0, "FILE",
	       "write the process's pid to this file"),
	OPTION(struct restore_call, console_socket, "console-socket", 0, "SOCKET",
	       "send the terminal's master end to this Unix socket"),
	OPTION(struct restore_call, no_subreaper, "no-subreaper", 0, NULL,
	       "do not take in orphans of the container"),
	OPTION(struct restore_call, no_pivot, "no-pivot", 0, NULL,
	       "accepted: criu enters the root by itself"),
	OPTION(struct restore_call, lsm_profile, "lsm-profile", 0, "TYPE:NAME",
	       "apparmor:PROFILE or selinux:LABEL in place of the one in the images"),
	OPTION(struct restore_call, lsm_mount_context, "lsm-mount-context", 0, "CONTEXT",
	       "likewise for mounts with an SELinux context"),
	IMAGE_OPTIONS,
	OPTION_ROWS_END,
};

static int run_restore(struct invocation *invocation, struct ironbox_error *error)
{
	const struct restore_call *call = invocation->options;
	struct restore_request request = {
		.create = { .id = invocation_id(invocation),
		            .bundle = call->bundle,
		            .console_socket = call->console_socket,
		            .pid_file = call->pid_file,
		            .no_pivot = call->no_pivot },
		.detach = call->detach,
		.no_subreaper = call->no_subreaper,
	};

	if (checkpoint_options_from(&call->images, &request.options, error) < 0)
		return -1;
	request.options.lsm_profile = call->lsm_profile;
	request.options.lsm_mount_context = call->lsm_mount_context;
	return container_restore(invocation->runtime, &request, &invocation->status, error);
}

const struct command restore_command = {
	.name = "restore",
	.arguments = "ID",
	.summary = "make a container whose processes come from the images of a checkpoint",
	.more = "All but the processes' state comes from the bundle. Exits as `run` does.",
	.fewest = 1,
	.most = 1,
	.reach = REACH_CONTAINER,
	.options = restore_rows,
	.defaults =
		&(const struct restore_call){ .bundle = ".", .images.image_path = "checkpoint" },
	.options_size = sizeof(struct restore_call),
	.run = run_restore,
};
