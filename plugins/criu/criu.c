/*
 * criu: images of a container's processes, and processes from images, by CRIU (criu.org).
 *
 * It speaks CRIU's own RPC to a `criu swrk` of its own: messages of criu.proto over a socket. What
 * is not the processes' own, the stages in front have declared (host->external): CRIU leaves it out
 * of the images, and gets it put in its place when it restores.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

IRONBOX_MANIFEST("name = criu\n"
                 "after = namespace cgroup rootfs network capabilities apparmor selinux seccomp\n"
                 "verbs = checkpoint restore\n");

static const struct ironbox_field settings[] = {
	IRONBOX_FIELD(struct criu, path, "path"),
	IRONBOX_FIELD(struct criu, timeout, "timeout"),
	IRONBOX_FIELD_END,
};

static int criu_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct criu *criu = stage->data;

	criu->path = "/usr/sbin/criu";
	criu->timeout = 600;
	if (stage->host->settings(stage, settings, criu, error) < 0)
		return -1;
	if (criu->path[0] != '/')
		return stage->host->fail(error, 0, "[criu] path: %s is not absolute", criu->path);
	return 0;
}

int criu_check_rights(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;

	if (stage->flags & IRONBOX_ROOTLESS)
		return host->fail(error, 0, "criu needs the host's root rights");
	/* it restores as the container's root, who may enter neither a folder of images that is
	 * root's alone nor the one that the binds wait in */
	if (host->namespace_is_new(stage, CLONE_NEWUSER) ||
	    host->namespace_path(stage, CLONE_NEWUSER))
		return host->fail(error, 0,
		                  "linux.namespaces: containers with a user namespace can't be "
		                  "restored yet");
	return 0;
}

static int criu_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct criu *criu = stage->data;

	(void)error; /* what is lacking is an answer, no failure */
	if (access(criu->path, X_OK) < 0)
		stage->host->report_lack(stage, "%s: %s", criu->path, strerrordesc_np(errno));
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct criu),
	.configure = criu_configure,
	.checkpoint = criu_checkpoint,
	.restore = criu_restore,
	.probe = criu_probe,
	/* no teardown: criu ends with the runtime, and what it made of a container is in its cgroup
	 */
};
