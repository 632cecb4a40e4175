/*
 * callers.c: cgroups of who called the runtime. A container without a cgroup of its own, as one
 * without root's rights may be, is in its caller's, and that is what a mount of type cgroup shows
 * it, with a cgroup namespace and without. It may be the user's own by right (systemd delegates
 * user@UID.service), and then a writable mount would be a way to move, freeze and kill what else
 * runs there (CVE-2023-25809). So it is read-only, whatever was asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "internal.h"

/* The caller's path in a hierarchy, cgroups(7): "4:cpu,cpuacct:/path". NULL: there is none. */
static const char *find_path(const char *text, const char *controllers, size_t *length)
{
	size_t size = strlen(controllers);

	for (const char *line = text; line && *line; line = strchr(line, '\n') + 1) {
		const char *list = strchr(line, ':');

		if (!list || !strchr(line, '\n'))
			return NULL;
		list++;
		if (strncmp(list, controllers, size) != 0 || list[size] != ':')
			continue;
		*length = strcspn(list + size + 1, "\n");
		return list + size + 1;
	}
	return NULL;
}

/* A cgroup's number is its inode's, in each mount of the hierarchy. What can't be found is taken
 * for the caller's. Returns 1, 0, or -1. */
static int is_callers(const struct ironbox_stage *stage, int mount_fd, const char *controllers,
                      const char *directory, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	struct stat callers, shown;
	char path[PATH_MAX];
	size_t length = 0;
	const char *own = find_path(rootfs->callers_cgroups, controllers, &length);

	if (!own)
		return 1;
	if (cgroup_find(stage, directory, own, length, path, error) < 0)
		return -1;
	return stat(path, &callers) < 0 || fstat(mount_fd, &shown) < 0 ||
	       callers.st_ino == shown.st_ino;
}

int cgroups_protect_callers(const struct ironbox_stage *stage, int mount_fd,
                            const char *controllers, const char *directory,
                            struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	int is_shown;

	if (!rootfs->callers_cgroups)
		return 0;
	is_shown = is_callers(stage, mount_fd, controllers, directory, error);
	if (is_shown <= 0)
		return is_shown;
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0)
		return stage->host->fail(error, errno, "make the caller's cgroup read-only");
	return 0;
}
