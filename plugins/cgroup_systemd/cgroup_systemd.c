/* cgroup_systemd: the container's cgroup is that of a scope, which systemd makes and knows. What is
 * done with it then is as in cgroup.so. */
#include <unistd.h>

#include "systemd.h"

/* no wakes_on: each container has a cgroup */
IRONBOX_MANIFEST("name = cgroup\n"
                 "after = namespace\n"
                 "before = rootfs\n" /* which mounts what the process sees of its cgroup */
                 "variant = systemd\n");

int systemd_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (access(SYSTEMD_BOOTED, F_OK) < 0)
		stage->host->report_lack(stage, "no systemd that runs this host");
	return cgroup_probe(stage, error);
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct systemd_data),
	.configure = cgroup_configure,
	.validate = systemd_validate,
	.prepare = systemd_prepare,
	.attach = systemd_attach, /* beside init: it is born in the cgroup */
	.needs_attach = cgroup_needs_attach,
	.settle = systemd_settle,
	.join_prepare = cgroup_join_prepare,
	.join = cgroup_join,
	.signal = cgroup_signal,
	.pause = cgroup_pause,
	.resume = cgroup_resume,
	.paused = cgroup_paused,
	.update = systemd_update,
	.stats = cgroup_stats,
	.processes = cgroup_processes,
	.watch = cgroup_watch,
	.checkpoint = cgroup_checkpoint,
	.restore = cgroup_restore,
	.verify = cgroup_verify,
	.teardown = systemd_teardown,
	.probe = systemd_probe,
};
