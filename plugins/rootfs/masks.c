/*
 * masks.c: linux.readonlyPaths and linux.maskedPaths.
 *
 * A mask is only as good as what lies over the path. A null device that the image has made could be
 * a link to any file of procfs, which would then be writable there (CVE-2025-31133): ours is a node
 * that we have made, and is looked at again. Only the path that is masked may be missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

/* What masks are made of; each -1 until it is needed. */
struct cover {
	int proc_fd;  /* the procfs on /proc */
	int null_fd;  /* a directory of ours, with a node "null" */
	int empty_fd; /* one read-only mount for all masked directories */
	bool empty_is_placed;
};

static int validate_paths(const struct ironbox_stage *stage, const char *field,
                          struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *paths = host->spec(stage, field);
	size_t i, count = host->count(paths);

	for (i = 0; i < count; i++) {
		const char *path = host->text(host->item(paths, i, NULL));

		if (!path || path[0] != '/' || path_below(path, ""))
			return host->fail(error, 0, "%s[%zu]: %s is no absolute path below /",
			                  field, i, path ? path : "null");
	}
	return 0;
}

int masks_validate(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	return validate_paths(stage, "linux.maskedPaths", error) < 0
	               ? -1
	               : validate_paths(stage, "linux.readonlyPaths", error);
}

/* What the image or another container has put in the place of /proc since we have mounted it would
 * get the masks, and the procfs none. */
static int open_proc(const struct ironbox_stage *stage, struct cover *cover,
                     struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	if (!rootfs->has_proc)
		return 0;
	cover->proc_fd = path_without_links(rootfs->root_fd, "proc", O_PATH | O_DIRECTORY);
	if (cover->proc_fd < 0)
		return stage->host->fail(error, errno, "open /proc");
	if (!is_on(cover->proc_fd, PROC_SUPER_MAGIC))
		return stage->host->fail(error, 0,
		                         "/proc is not the procfs that was mounted there");
	return 0;
}

/* An fd of the path; -1 with ENOENT if there is none, which is no error. */
static int open_path(const struct ironbox_stage *stage, const struct cover *cover, const char *path,
                     struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	const char *in_proc = cover->proc_fd >= 0 ? path_below(path, "proc") : NULL;
	int fd = in_proc && *in_proc ? path_without_links(cover->proc_fd, in_proc, O_PATH)
	                             : path_without_links(rootfs->root_fd, path, O_PATH);

	if (fd >= 0 || errno == ENOENT || errno == ENOTDIR)
		return fd;
	if (errno == ELOOP)
		stage->host->fail(error, 0, "%s is reached through a symlink", path);
	else
		stage->host->fail(error, errno, "open %s", path);
	errno = ELOOP;
	return -1;
}

static bool is_missing(int fd)
{
	return fd < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* A copy of the mount, read-only with all below it, upon itself. */
static int make_readonly(const struct ironbox_stage *stage, const struct cover *cover,
                         const char *path, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int mount_fd = -1;
	cleanup_close int point_fd = open_path(stage, cover, path, error);

	if (point_fd < 0)
		return is_missing(point_fd) ? 0 : -1;
	mount_fd = open_tree(point_fd, "",
	                     AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mount_fd < 0)
		return host->fail(error, errno, "copy the mount of %s", path);
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &readonly, sizeof(readonly)) <
	    0)
		return host->fail(error, errno, "make %s read-only", path);
	return mount_place(stage, mount_fd, point_fd, path, error);
}

/* A tmpfs that holds a null node. Copies can be made only of what is mounted in our namespace (till
 * Linux 6.15), so it is put where nobody is: over the host's /dev, in the tree that pivot_root(2)
 * is about to take away. */
static int make_null(const struct ironbox_stage *stage, struct cover *cover,
                     struct ironbox_error *error)
{
	static const struct mount_options options = { .flags = MS_NOSUID | MS_NOEXEC,
		                                      .data = "mode=700" };
	const struct ironbox_host *host = stage->host;
	cleanup_close int fd = filesystem_make(stage, "tmpfs", "tmpfs", &options, error);

	if (fd < 0)
		return -1;
	if (mknodat(fd, "null", S_IFCHR | 0666, makedev(1, 3)) < 0) {
		if (errno != EPERM)
			return host->fail(error, errno, "make a null device");
		/* in a user namespace: the host's own, over which the container has no rights */
		replace_fd(&fd, open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC));
		if (fd < 0)
			return host->fail(error, errno, "open the host's /dev");
	} else if (move_mount(fd, "", AT_FDCWD, "/dev", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		return host->fail(error, errno, "mount a null device");
	}
	cover->null_fd = steal_fd(&fd);
	return 0;
}

static int open_null(const struct ironbox_stage *stage, struct cover *cover,
                     struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	if (!rootfs->dev_is_ours)
		return make_null(stage, cover, error);
	cover->null_fd = fcntl(rootfs->dev_fd, F_DUPFD_CLOEXEC, 0);
	return cover->null_fd < 0 ? stage->host->fail(error, errno, "keep /dev") : 0;
}

static int mask_file(const struct ironbox_stage *stage, struct cover *cover, int point_fd,
                     const char *path, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct stat status;
	cleanup_close int mount_fd = -1;

	if (cover->null_fd < 0 && open_null(stage, cover, error) < 0)
		return -1;
	mount_fd = open_tree(cover->null_fd, "null",
	                     AT_SYMLINK_NOFOLLOW | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mount_fd < 0 || fstat(mount_fd, &status) < 0)
		return host->fail(error, errno, "copy the null device");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
		return host->fail(error, 0, "the null device is none");
	return mount_place(stage, mount_fd, point_fd, path, error);
}

static int make_empty(const struct ironbox_stage *stage, struct cover *cover,
                      struct ironbox_error *error)
{
	static const struct mount_options options = { .flags = MS_RDONLY, .data = "ro" };

	cover->empty_fd = filesystem_make(stage, "tmpfs", "tmpfs", &options, error);
	return cover->empty_fd < 0 ? -1 : 0;
}

/* The first directory gets the mount itself, all others a copy of it. */
static int mask_directory(const struct ironbox_stage *stage, struct cover *cover, int point_fd,
                          const char *path, struct ironbox_error *error)
{
	cleanup_close int copy_fd = -1;

	if (cover->empty_fd < 0 && make_empty(stage, cover, error) < 0)
		return -1;
	if (!cover->empty_is_placed) {
		cover->empty_is_placed = true;
		return mount_place(stage, cover->empty_fd, point_fd, path, error);
	}
	copy_fd =
		open_tree(cover->empty_fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (copy_fd < 0)
		return stage->host->fail(error, errno, "copy the empty directory");
	return mount_place(stage, copy_fd, point_fd, path, error);
}

static int mask(const struct ironbox_stage *stage, struct cover *cover, const char *path,
                struct ironbox_error *error)
{
	struct stat status;
	cleanup_close int point_fd = open_path(stage, cover, path, error);

	if (point_fd < 0)
		return is_missing(point_fd) ? 0 : -1;
	if (fstat(point_fd, &status) < 0)
		return stage->host->fail(error, errno, "look at %s", path);
	return S_ISDIR(status.st_mode) ? mask_directory(stage, cover, point_fd, path, error)
	                               : mask_file(stage, cover, point_fd, path, error);
}

static int make_all(const struct ironbox_stage *stage, struct cover *cover,
                    struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *readonly = host->spec(stage, "linux.readonlyPaths");
	const struct ironbox_value *masked = host->spec(stage, "linux.maskedPaths");
	size_t i, readonly_count = host->count(readonly), masked_count = host->count(masked);

	if (readonly_count + masked_count > 0 && open_proc(stage, cover, error) < 0)
		return -1;
	/* read-only first: a copy of it that came later would lie over the masks below it */
	for (i = 0; i < readonly_count; i++)
		if (make_readonly(stage, cover, host->text(host->item(readonly, i, NULL)), error) <
		    0)
			return host->context(error, "linux.readonlyPaths[%zu]", i);
	for (i = 0; i < masked_count; i++)
		if (mask(stage, cover, host->text(host->item(masked, i, NULL)), error) < 0)
			return host->context(error, "linux.maskedPaths[%zu]", i);
	return 0;
}

int masks_make(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cover cover = { .proc_fd = -1, .null_fd = -1, .empty_fd = -1 };
	int result = make_all(stage, &cover, error);

	ironbox_close_at_end(&cover.proc_fd);
	ironbox_close_at_end(&cover.null_fd);
	ironbox_close_at_end(&cover.empty_fd);
	return result;
}
