/*
 * rootfs: what the container sees of files: its root, mounts, devices, console, masks.
 *
 * All below root.path is hostile, before and after pivot_root(2). Each path there is resolved once,
 * by openat2(2), and what follows goes by the fd; each mount is made whole before it is put in its
 * place. So there is no moment at which it is writable, unmasked or elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "internal.h"

IRONBOX_MANIFEST("name = rootfs\n"
                 "after = namespace cgroup\n"
                 "before = capabilities apparmor selinux seccomp\n");

/* A path may also lead to the user namespace that the runtime is in: then init is in no other. */
static bool joins_other_user_namespace(const struct ironbox_stage *stage)
{
	const char *path = stage->host->namespace_path(stage, CLONE_NEWUSER);
	struct stat joined, own;

	if (!path)
		return false;
	return stat(path, &joined) < 0 || stat("/proc/self/ns/user", &own) < 0 ||
	       joined.st_ino != own.st_ino || joined.st_dev != own.st_dev;
}

static int rootfs_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const struct ironbox_field settings[] = {
		IRONBOX_FIELD(struct rootfs, host_visible, "host_visible"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_host *host = stage->host;
	struct rootfs *rootfs = stage->data;

	rootfs->root_fd = -1;
	rootfs->dev_fd = -1;
	rootfs->tree = host->namespace_is_new(stage, CLONE_NEWNS) ? TREE_OWN
	               : host->namespace_path(stage, CLONE_NEWNS) ? TREE_JOINED
	                                                          : TREE_HOSTS;
	rootfs->in_user_namespace =
		host->namespace_is_new(stage, CLONE_NEWUSER) || joins_other_user_namespace(stage);
	return host->settings(stage, settings, rootfs, error);
}

/* A tree that is not the container's own is not ours to mount in. What asks for it is refused:
 * a mask that was left out would be a hole that nobody sees. */
static int refuse_mounts(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const char *const paths[] = { "mounts", "linux.maskedPaths", "linux.readonlyPaths",
		                             "linux.rootfsPropagation" };
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	const char *why = rootfs->tree == TREE_JOINED
	                          ? "the mount namespace is joined, and stays as it stands"
	                          : "there is no mount namespace of the container's own";
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct ironbox_value *value = host->spec(stage, paths[i]);
		const char *text = host->text(value);

		if (host->count(value) > 0 || (text && *text))
			return host->fail(error, 0, "%s: %s", paths[i], why);
	}
	if (root_is_readonly(stage))
		return host->fail(error, 0, "root.readonly: %s", why);
	if (rootfs->tree == TREE_JOINED && host->count(host->spec(stage, "linux.devices")) > 0)
		return host->fail(error, 0, "linux.devices: %s", why);
	if (rootfs->tree == TREE_HOSTS && console_is_asked(stage))
		return host->fail(error, 0, "process.terminal: /dev/console is a mount, and %s",
		                  why);
	return 0;
}

static int rootfs_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	if (rootfs->tree != TREE_OWN && refuse_mounts(stage, error) < 0)
		return -1;
	if (snapshot_validate(stage, error) < 0 || label_find(stage, error) < 0 ||
	    mounts_validate(stage, error) < 0 || devices_validate(stage, error) < 0)
		return -1;
	return masks_validate(stage, error);
}

static int rootfs_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (cgroups_prepare(stage, error) < 0)
		return -1;
	/* in restore nobody is there to send them to: restore.c */
	if (!(stage->flags & IRONBOX_RESTORE) && sources_prepare(stage, error) < 0)
		return -1;
	return snapshot_prepare(stage, error);
}

static int rootfs_attach(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return sources_attach(stage, error);
}

static int build(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (mounts_make(stage, error) < 0 || devices_make(stage, error) < 0)
		return -1;
	if (console_is_asked(stage) && console_make(stage, error) < 0)
		return -1;
	return mounts_finish(stage, error);
}

static int open_root(struct ironbox_stage *stage, const char *path, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;

	rootfs->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfs->root_fd < 0)
		return stage->host->fail(error, errno, "open the root %s", path);
	return stage->host->set_root(stage, rootfs->root_fd, error);
}

static int rootfs_setup(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;

	switch (rootfs->tree) {
	case TREE_JOINED:
		if (open_root(stage, "/", error) < 0)
			return -1;
		return console_is_asked(stage) ? console_join(stage, error) : 0;
	case TREE_HOSTS:
		if (open_root(stage, stage->root_path, error) < 0)
			return -1;
		break;
	case TREE_OWN:
		/* what has to stay shared with the host is copied first (mounts.c) */
		break;
	}
	return build(stage, error); /* modes come out as asked: init's umask is 0 till it execs */
}

static int rootfs_join_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	/* Without a mount namespace, what the container has of its own is a chroot(2). */
	if (rootfs->tree != TREE_HOSTS)
		return 0;
	if (!stage->root_path)
		return stage->host->fail(error, 0, "root.path is not known any more");
	return open_root(stage, stage->root_path, error);
}

static int rootfs_join(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;

	if (rootfs->tree == TREE_HOSTS && root_enter(stage, error) < 0)
		return -1;
	if (!console_is_asked(stage))
		return 0;
	if (rootfs->root_fd < 0 && open_root(stage, "/", error) < 0)
		return -1;
	return console_join(stage, error);
}

/* All else is made in a mount namespace, and ends with it. */
static bool rootfs_needs_teardown(const struct ironbox_stage *stage)
{
	const struct rootfs *rootfs = stage->data;

	return rootfs->host_visible && rootfs->snapshot_count > 0;
}

static int rootfs_teardown(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (home_return(stage, error) < 0)
		return -1; /* elsewhere nothing is to be unmounted */
	return snapshot_unmount(stage, error);
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct rootfs),
	.configure = rootfs_configure,
	.validate = rootfs_validate,
	.prepare = rootfs_prepare,
	.needs_attach = sources_need_attach,
	.attach = rootfs_attach,
	.setup = rootfs_setup,
	.pivot = rootfs_pivot,
	.join_prepare = rootfs_join_prepare,
	.join = rootfs_join,
	.checkpoint = rootfs_checkpoint,
	.restore = rootfs_restore,
	.verify = rootfs_verify,
	.teardown = rootfs_teardown,
	.needs_teardown = rootfs_needs_teardown,
	.probe = rootfs_probe,
};
