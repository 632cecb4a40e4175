/*
 * source.c: where binds come from. A source is a path of the host: it is resolved once, and the
 * copy of its mount is all that is used from there on.
 *
 * Who makes the copy? init, in its own mount namespace. But in a user namespace it is nobody to the
 * host's directories, and finds no way through one of mode 0700. Then the runtime makes it, with
 * its own rights but from within the container's mount namespace: a copy that is made in the host's
 * would have lost the locks (mount_namespaces(7)), and a process of the container with
 * CAP_SYS_ADMIN could write to what the host has mounted read-only. Ids are mapped by the runtime
 * as well: mount_setattr(2) wants rights over the file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

/* Goes with each fd, so that no mount gets what is another's. */
struct letter {
	uint32_t index;
};

enum { ROOT_INDEX = UINT32_MAX };

/* setns(2): to enter a mount namespace takes rights in one's own user namespace as well. Root of
 * one such as podman's has them; an ordinary user has not, but then init can do what he can. */
static bool may_enter(const struct ironbox_stage *stage)
{
	const uint32_t wanted = 1U << CAP_SYS_ADMIN | 1U << CAP_SYS_CHROOT;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (!(stage->flags & IRONBOX_ROOTLESS))
		return true;
	return syscall(SYS_capget, &header, sets) == 0 && (sets[0].effective & wanted) == wanted;
}

bool source_is_sent(const struct ironbox_stage *stage, const struct mount *mount)
{
	const struct rootfs *rootfs = stage->data;

	return rootfs->runtime_enters || (mount && mount->options.idmap);
}

bool sources_need_attach(const struct ironbox_stage *stage)
{
	const struct rootfs *rootfs = stage->data;

	return rootfs->runtime_enters;
}

int source_clone(const struct ironbox_stage *stage, const struct mount *mount,
                 struct ironbox_error *error)
{
	char path[PATH_MAX];
	const char *source = mount->source;
	unsigned recursive = mount->options.flags & MS_REC ? AT_RECURSIVE : 0;
	int fd;

	if (source[0] != '/') { /* config.md: relative to the bundle */
		int length = snprintf(path, sizeof(path), "%s/%s", stage->bundle, source);

		if ((size_t)length >= sizeof(path))
			return stage->host->fail(error, ENAMETOOLONG, "source %s", source);
		source = path;
	}
	fd = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
	return fd < 0 ? stage->host->fail(error, errno, "open the source %s", source) : fd;
}

int source_receive(struct ironbox_stage *stage, const struct mount *mount,
                   struct ironbox_error *error)
{
	struct letter letter;
	cleanup_close int fd = -1;
	ssize_t size = stage->host->receive(stage, &letter, sizeof(letter), &fd, error);

	if (size < 0)
		return -1;
	if (size != sizeof(letter) || fd < 0 || letter.index != (mount ? mount->index : ROOT_INDEX))
		return stage->host->fail(error, 0, "the runtime sent no copy of %s",
		                         mount ? mount->source : stage->root_path);
	return steal_fd(&fd);
}

static int send_source(struct ironbox_stage *stage, const struct mount *mount,
                       struct ironbox_error *error)
{
	struct letter letter = { .index = (uint32_t)mount->index };
	/* cut off from the host, as all is in the container's mount namespace */
	struct mount_attr slave = { .propagation = MS_SLAVE };
	cleanup_close int fd = source_clone(stage, mount, error);

	if (fd < 0)
		return -1;
	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &slave, sizeof(slave)) < 0)
		return stage->host->fail(error, errno, "cut %s off from the host", mount->source);
	if (mount->options.idmap && idmap_apply(stage, mount, fd, error) < 0)
		return -1;
	return stage->host->send(stage, &letter, sizeof(letter), fd, error);
}

static int send_sources(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_value *mounts = stage->host->spec(stage, "mounts");
	size_t i, count = stage->host->count(mounts);
	struct mount mount;

	for (i = 0; i < count; i++) {
		if (mount_read(stage, mounts, i, &mount, error) < 0)
			return -1;
		if (!mount_is_bind(&mount) || !source_is_sent(stage, &mount))
			continue;
		mount_progress(stage, &mount);
		if (send_source(stage, &mount, error) < 0)
			return stage->host->context(error, "mounts[%zu]", i);
	}
	return 0;
}

int sources_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;

	rootfs->runtime_enters =
		rootfs->in_user_namespace && rootfs->tree == TREE_OWN && may_enter(stage);
	if (rootfs->tree != TREE_OWN || rootfs->runtime_enters)
		return 0;
	return send_sources(stage, error); /* those with ids of their own, if there are any */
}

static int send_root(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct letter letter = { .index = ROOT_INDEX };
	cleanup_close int fd = root_clone(stage, error);

	return fd < 0 ? -1 : stage->host->send(stage, &letter, sizeof(letter), fd, error);
}

int sources_attach(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	if (!rootfs->runtime_enters)
		return 0;
	/* nothing of what the runtime does next may happen in there; if this fails, teardown comes
	 * back */
	if (home_leave(stage, stage->init_pidfd, error) < 0 || send_root(stage, error) < 0 ||
	    send_sources(stage, error) < 0)
		return -1;
	return home_return(stage, error);
}
