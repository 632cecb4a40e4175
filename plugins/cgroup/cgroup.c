/* cgroup: the container's cgroup on v2, made before its first process, which is cloned into it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "ebpf.h"
#include "internal.h"

/* no wakes_on: each container has a cgroup */
IRONBOX_MANIFEST("name = cgroup\n"
                 "after = namespace\n"
                 "before = rootfs\n" /* which mounts what the process sees of its cgroup */
                 "fits = /sys/fs/cgroup/cgroup.controllers\n"
                 "otherwise = cgroup1.so\n");

static const struct ironbox_field settings[] = {
	IRONBOX_FIELD(struct cgroup_data, missing_controller, "missing_controller"),
	IRONBOX_FIELD_END,
};

static int cgroup_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;

	data->missing_controller = "refuse";
	if (stage->host->settings(stage, settings, data, error) < 0)
		return -1;
	if (strcmp(data->missing_controller, "refuse") != 0 &&
	    strcmp(data->missing_controller, "warn") != 0)
		return stage->host->fail(error, 0,
		                         "[cgroup] missing_controller: %s: expected refuse or warn",
		                         data->missing_controller);
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct cgroup_data),
	.configure = cgroup_configure,
	.validate = cgroup_validate,
	.prepare = cgroup_prepare,
	.attach = cgroup_attach, /* hardly ever: the clone is into the cgroup */
	.needs_attach = cgroup_needs_attach,
	.settle = cgroup_settle,
	.join_prepare = cgroup_join_prepare,
	.join = cgroup_join,
	.signal = cgroup_signal,
	.pause = cgroup_pause,
	.resume = cgroup_resume,
	.paused = cgroup_paused,
	.update = cgroup_update,
	.stats = cgroup_stats,
	.processes = cgroup_processes,
	.watch = cgroup_watch,
	.checkpoint = cgroup_checkpoint,
	.restore = cgroup_restore,
	.teardown = cgroup_teardown,
	.probe = cgroup_probe,
};
