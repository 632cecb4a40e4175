/*
 * cgroups.c: mounts of type cgroup. Callers send `cgroup` for all hosts, so what it becomes goes by
 * what the host has at /sys/fs/cgroup: the one tree of version 2, or a hierarchy for each set of
 * controllers of version 1.
 *
 * In a cgroup namespace of its own the container may mount the file system, and sees its own cgroup
 * as the root of it. In the host's a mount would show the host's tree, and change the options of
 * the host's superblock: there only a bind of the container's own cgroup will do (CVE-2023-25809).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "internal.h"

#define CGROUPS "/sys/fs/cgroup"

/* A line of /proc/PID/cgroup, cgroups(7): "4:cpu,cpuacct:/path". Version 2 has no controllers. */
struct line {
	const char *controllers;
	const char *path;
};

int cgroups_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct rootfs *rootfs = stage->data;
	const char *path = host->namespace_path(stage, CLONE_NEWCGROUP);
	struct stat joined, own;
	cleanup_close int directory_fd = -1;

	rootfs->own_cgroups = host->namespace_is_new(stage, CLONE_NEWCGROUP);
	if (stage->flags & (IRONBOX_ROOTLESS | IRONBOX_NO_CGROUP))
		rootfs->callers_cgroups = host->fact(stage, "/proc/self/cgroup");
	if (!path)
		return 0;
	directory_fd =
		host->open_proc(stage, "thread-self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC, error);
	if (directory_fd < 0)
		return -1;
	if (stat(path, &joined) < 0 || fstatat(directory_fd, "cgroup", &own, 0) < 0)
		return host->fail(error, errno, "compare the cgroup namespace %s with ours", path);
	rootfs->own_cgroups = joined.st_ino != own.st_ino || joined.st_dev != own.st_dev;
	return 0;
}

static int read_lines(const struct ironbox_stage *stage, char *text, size_t size,
                      struct ironbox_error *error)
{
	cleanup_close int fd =
		stage->host->open_proc(stage, "thread-self/cgroup", O_RDONLY | O_CLOEXEC, error);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	while ((got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	if (got < 0 || length == size - 1)
		return stage->host->fail(error, got < 0 ? errno : E2BIG, "read /proc/self/cgroup");
	text[length] = '\0';
	return 0;
}

/* Cuts the last line off. false: there is none. From the last, because the kernel lists what was
 * mounted first as the last. */
static bool take_line(char *text, struct line *line)
{
	char *newline, *start, *controllers, *path;

	for (;;) {
		newline = strrchr(text, '\n');
		if (!newline)
			return false;
		*newline = '\0';
		start = strrchr(text, '\n');
		start = start ? start + 1 : text;
		controllers = strchr(start, ':');
		path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		line->controllers = controllers + 1;
		line->path = path;
		return true;
	}
}

/* The root of the mount that stands at a directory, "/" for all of its file system. */
static int read_mount_root(const struct ironbox_stage *stage, const char *directory,
                           char root[PATH_MAX], struct ironbox_error *error)
{
	cleanup_mount_table struct mount_table table = { 0 };
	struct statx status;

	if (statx(AT_FDCWD, directory, 0, STATX_MNT_ID, &status) < 0) /* Linux 5.8 */
		return stage->host->fail(error, errno, "look at %s", directory);
	if (mount_table_read(stage, &table, "thread-self", error) < 0)
		return -1;
	root[0] = '\0';
	for (size_t i = 0; i < table.count; i++)
		if ((uint64_t)table.lines[i].id == status.stx_mnt_id)
			snprintf(root, PATH_MAX, "%s", table.lines[i].root);
	return 0;
}

int cgroup_find(const struct ironbox_stage *stage, const char *directory, const char *name,
                size_t length, char path[PATH_MAX], struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	char root[PATH_MAX];
	size_t size;

	if ((size_t)snprintf(path, PATH_MAX, "%s%.*s", directory, (int)length, name) >= PATH_MAX)
		return host->fail(error, ENAMETOOLONG, "cgroup %.*s", (int)length, name);
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return 0;
	if (read_mount_root(stage, directory, root, error) < 0)
		return -1;
	size = strlen(root);
	if (size > 1 && size <= length && strncmp(name, root, size) == 0 &&
	    (size == length || name[size] == '/'))
		snprintf(path, PATH_MAX, "%s%.*s", directory, (int)(length - size), name + size);
	return 0;
}

/* The container's own cgroup in the hierarchy that stands at a directory of the host. */
static int bind_own(const struct ironbox_stage *stage, const struct mount *mount,
                    const char *directory, const struct line *line, unsigned long magic,
                    struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct mount_options options = mount->options;
	const char *own = line->path;
	char path[PATH_MAX];
	cleanup_close int fd = -1;

	/* cgroup_namespaces(7): what lies outside of our namespace begins with /.. */
	if (strstr(own, "/.."))
		return host->fail(error, 0, "the container's cgroup %s is out of our sight", own);
	if (cgroup_find(stage, directory, own, strlen(own), path, error) < 0)
		return -1;
	fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return host->fail(error, errno, "open the container's cgroup %s", path);
	if (!is_on(fd, magic))
		return host->fail(error, 0, "%s is no cgroup", path);
	options.flags &= ~(unsigned long)MS_REC;
	if (options.propagation_count == 0) {
		options.propagation[0].type = MS_PRIVATE;
		options.propagation_count = 1;
	}
	if (cgroups_protect_callers(stage, fd, line->controllers, directory, error) < 0)
		return -1;
	return bind_set_attributes(stage, fd, &options, error) < 0 ? -1 : steal_fd(&fd);
}

static int bind_unified(const struct ironbox_stage *stage, struct mount *mount,
                        const char *directory, struct ironbox_error *error)
{
	char text[16384];
	struct line line;
	bool made;
	cleanup_close int fd = -1, point_fd = -1;

	if (read_lines(stage, text, sizeof(text), error) < 0)
		return -1;
	do {
		if (!take_line(text, &line))
			return stage->host->fail(error, 0, "there is no cgroup of version 2");
	} while (line.controllers[0]);
	fd = bind_own(stage, mount, directory, &line, CGROUP2_SUPER_MAGIC, error);
	if (fd < 0)
		return -1;
	point_fd = mount_point_open(stage, mount, -1, &made, error);
	if (point_fd < 0)
		return -1;
	return mount_place(stage, fd, point_fd, mount->destination, error);
}

static int make_hierarchy(const struct ironbox_stage *stage, const struct mount *mount,
                          const char *directory, const struct line *line,
                          struct ironbox_error *error)
{
	struct mount_options options = mount->options;
	bool named = strncmp(line->controllers, "name=", 5) == 0;
	cleanup_close int fd = -1;

	if ((size_t)snprintf(options.data, sizeof(options.data), "%s%s", named ? "none," : "",
	                     line->controllers) >= sizeof(options.data))
		return stage->host->fail(error, E2BIG, "cgroup controllers");
	fd = filesystem_make(stage, "cgroup", "cgroup", &options, error);
	if (fd < 0 || cgroups_protect_callers(stage, fd, line->controllers, directory, error) < 0)
		return -1;
	return bind_set_attributes(stage, fd, &options, error) < 0 ? -1 : steal_fd(&fd);
}

/* "cpu,cpuacct" is found as cpu and as cpuacct too. */
static int make_aliases(const struct ironbox_stage *stage, int base_fd, const char *controllers,
                        struct ironbox_error *error)
{
	char names[NAME_MAX + 1], *rest = names, *name;

	if (!strchr(controllers, ',') || strlen(controllers) >= sizeof(names))
		return 0;
	memcpy(names, controllers, strlen(controllers) + 1);
	while ((name = strsep(&rest, ",")) != NULL)
		if (symlinkat(controllers, base_fd, name) < 0 && errno != EEXIST)
			return stage->host->fail(error, errno, "make the link %s", name);
	return 0;
}

/* One hierarchy, in a directory of the tmpfs that base_fd is. */
static int add_hierarchy(const struct ironbox_stage *stage, const struct mount *mount, int base_fd,
                         const struct line *line, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	const char *name = line->controllers;
	char directory[sizeof(CGROUPS) + NAME_MAX + 1];
	cleanup_close int fd = -1, point_fd = -1;

	name += strncmp(name, "name=", 5) == 0 ? 5 : 0;
	/* what the host itself does not show, the container does not see either */
	if ((size_t)snprintf(directory, sizeof(directory), CGROUPS "/%s", name) >=
	            sizeof(directory) ||
	    access(directory, F_OK) < 0)
		return 0;
	fd = rootfs->own_cgroups
	             ? make_hierarchy(stage, mount, directory, line, error)
	             : bind_own(stage, mount, directory, line, CGROUP_SUPER_MAGIC, error);
	if (fd < 0)
		return host->context(error, "cgroup %s", name);
	if (mkdirat(base_fd, name, 0755) < 0)
		return host->fail(error, errno, "make the directory %s", name);
	point_fd = openat(base_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (point_fd < 0)
		return host->fail(error, errno, "open the directory %s", name);
	if (mount_place(stage, fd, point_fd, name, error) < 0)
		return -1;
	return make_aliases(stage, base_fd, name, error);
}

static int mount_hierarchies(const struct ironbox_stage *stage, struct mount *mount,
                             struct ironbox_error *error)
{
	static const struct mount_options base = { .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC,
		                                   .data = "mode=755" };
	struct mount_options readonly = { .flags = mount->options.flags & MS_RDONLY };
	char text[16384];
	struct line line;
	bool made;
	cleanup_close int base_fd = -1, point_fd = mount_point_open(stage, mount, -1, &made, error);

	if (point_fd < 0 || read_lines(stage, text, sizeof(text), error) < 0)
		return -1;
	base_fd = filesystem_make(stage, "tmpfs", "tmpfs", &base, error);
	if (base_fd < 0 || mount_place(stage, base_fd, point_fd, mount->destination, error) < 0)
		return -1;
	while (take_line(text, &line))
		if (line.controllers[0] && add_hierarchy(stage, mount, base_fd, &line, error) < 0)
			return -1;
	return bind_set_attributes(stage, base_fd, &readonly, error);
}

/* In a cgroup namespace of its own: what is the root of it there. */
static int make_unified(const struct ironbox_stage *stage, struct mount *mount,
                        const char *directory, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	bool made;
	cleanup_close int fd = -1, point_fd = -1;

	mount->type = "cgroup2";
	if (!rootfs->callers_cgroups)
		return filesystem_mount(stage, mount, error);
	fd = filesystem_make(stage, mount->type, "cgroup", &mount->options, error);
	if (fd < 0 || cgroups_protect_callers(stage, fd, "", directory, error) < 0)
		return -1;
	point_fd = mount_point_open(stage, mount, -1, &made, error);
	if (point_fd < 0)
		return -1;
	return mount_place(stage, fd, point_fd, mount->destination, error);
}

int cgroups_mount(const struct ironbox_stage *stage, struct mount *mount,
                  struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	struct statfs status;
	bool unified;

	if (statfs(CGROUPS, &status) < 0)
		return stage->host->fail(error, errno, "look at the host's " CGROUPS);
	unified = status.f_type == CGROUP2_SUPER_MAGIC;
	if (!unified && strcmp(mount->type, "cgroup") == 0)
		return mount_hierarchies(stage, mount, error);
	if (!rootfs->own_cgroups)
		return bind_unified(stage, mount, unified ? CGROUPS : CGROUPS "/unified", error);
	return make_unified(stage, mount, unified ? CGROUPS : CGROUPS "/unified", error);
}
