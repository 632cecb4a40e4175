/* The options of checkpoint and restore, as the stages get them by host->recall. */
#include <errno.h>
#include <stddef.h>

#include "lifecycle/container.h"

void checkpoint_options_list(const struct checkpoint_options *options,
                             struct pipeline_option list[CHECKPOINT_OPTIONS_MAX])
{
	const struct pipeline_option texts[] = {
		{ "ironbox.image_path", options->image_path },
		{ "ironbox.work_path", options->work_path },
		{ "ironbox.parent_path", options->parent_path },
		{ "ironbox.manage_cgroups_mode", options->manage_cgroups_mode },
		{ "ironbox.status_fd", options->status_fd },
		{ "ironbox.lsm_profile", options->lsm_profile },
		{ "ironbox.lsm_mount_context", options->lsm_mount_context },
		/* the one kind that there is: cli/checkpoint.c refuses others */
		{ "ironbox.empty_ns", options->empty_ns ? options->empty_ns[0] : NULL },
	};
	const struct {
		const char *key;
		bool on;
	} flags[] = {
		{ "ironbox.leave_running", options->leave_running },
		{ "ironbox.pre_dump", options->pre_dump },
		{ "ironbox.tcp_established", options->tcp_established },
		{ "ironbox.tcp_skip_in_flight", options->tcp_skip_in_flight },
		{ "ironbox.ext_unix_sk", options->ext_unix_sk },
		{ "ironbox.shell_job", options->shell_job },
		{ "ironbox.file_locks", options->file_locks },
		{ "ironbox.link_remap", options->link_remap },
		{ "ironbox.auto_dedup", options->auto_dedup },
	};
	size_t i, count = 0;

	_Static_assert(sizeof(texts) / sizeof(texts[0]) + sizeof(flags) / sizeof(flags[0]) <
	                       CHECKPOINT_OPTIONS_MAX,
	               "room for all, and the end");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].value)
			list[count++] = texts[i];
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].on)
			list[count++] = (struct pipeline_option){ flags[i].key, "yes" };
	list[count] = (struct pipeline_option){ NULL, NULL };
}

int checkpoint_check_stage(const struct pipeline *pipeline, struct ironbox_error *error)
{
	if (pipeline->count > 0 && pipeline->stages[pipeline->count - 1].is_verbs)
		return 0;
	error_begin(error, 0,
	            "no stage of ironbox.ini can do it: [pipeline] stages has no criu, or [criu] "
	            "is switched off");
	error->code = ENOSYS; /* whose words are of system calls */
	return -1;
}
