/* pivot.c: the container's root becomes the root, and the host's tree goes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* pivot_root(2), "pivot_root(".", ".")": the old root comes to lie on the new one, and goes. */
static int pivot(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;

	if (fchdir(rootfs->root_fd) < 0)
		return host->fail(error, errno, "go to %s", stage->root_path);
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return host->fail(error, errno, "pivot_root to %s", stage->root_path);
	if (umount2(".", MNT_DETACH) < 0)
		return host->fail(error, errno, "unmount the host's tree");
	if (chdir("/") < 0)
		return host->fail(error, errno, "go to the new root");
	return 0;
}

/* The host's procfs and sysfs stay in the namespace when the old root does. As long as one of them
 * is whole, the kernel lets the container mount another that has no masks. */
static int unmount_kernel_views(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const char *const paths[] = { "/proc", "/sys" };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		while (umount2(paths[i], MNT_DETACH) == 0)
			; /* there may be one over the other */
		/* EINVAL: nothing is mounted there any more; or in a user namespace it is locked to
		 * the tree that it came with */
		if (errno != EINVAL && errno != ENOENT)
			return stage->host->fail(error, errno, "unmount the host's %s", paths[i]);
	}
	return 0;
}

/* --no-pivot: pivot_root(2) can't take a root that is on the kernel's own ramdisk. */
static int move_over(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;

	if (unmount_kernel_views(stage, error) < 0)
		return -1;
	if (fchdir(rootfs->root_fd) < 0)
		return host->fail(error, errno, "go to %s", stage->root_path);
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return host->fail(error, errno, "move %s over the root", stage->root_path);
	return root_enter(stage, error);
}

/* What had to wait for the host's tree to be gone. */
static int finish(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	unsigned long propagation = root_propagation(stage);
	unsigned recursive = propagation & MS_REC ? AT_RECURSIVE : 0;
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	struct mount_attr attr = { .propagation = propagation & (MS_SHARED | MS_UNBINDABLE) };

	if (attr.propagation &&
	    mount_setattr(rootfs->root_fd, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)) < 0)
		return stage->host->fail(error, errno, "linux.rootfsPropagation");
	if (root_is_readonly(stage) &&
	    mount_setattr(rootfs->root_fd, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0)
		return stage->host->fail(error, errno, "root.readonly");
	return 0;
}

int rootfs_pivot(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	switch (rootfs->tree) {
	case TREE_JOINED:
		return 0;
	case TREE_HOSTS:
		return root_enter(stage, error);
	case TREE_OWN:
		break;
	}
	if (masks_make(stage, error) < 0)
		return -1;
	if ((stage->flags & IRONBOX_NO_PIVOT ? move_over(stage, error) : pivot(stage, error)) < 0)
		return -1;
	return finish(stage, error);
}
