/* cgroup: the container's cgroup on v2, made before its first process, which is cloned into it. */
#include "internal.h"

/* no wakes_on: each container has a cgroup */
IRONBOX_MANIFEST("name = cgroup\n"
                 "after = namespace\n"
                 "before = rootfs\n" /* which mounts what the process sees of its cgroup */
                 "fits = /sys/fs/cgroup/cgroup.controllers\n"
                 "otherwise = cgroup1.so\n"
                 "variants = systemd=cgroup_systemd.so\n");

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
	.verify = cgroup_verify,
	.teardown = cgroup_teardown,
	.probe = cgroup_probe,
};
