/*
 * checkpoint.c: which mounts of the container are the outside's: binds with all that came along
 * below them, nodes of the host, what lies over masked files. The rest is in the images.
 */
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "internal.h"

struct scene {
	struct ironbox_stage *stage;
	struct mount_table table;
	int root_fd;
};

static int declare(const struct scene *scene, const char *name, const char *point,
                   struct ironbox_error *error)
{
	const struct ironbox_external external = {
		.kind = IRONBOX_EXTERNAL_MOUNT, .fd = -1, .name = name, .path = point
	};

	return scene->stage->host->external(scene->stage, &external, error);
}

/* Is it declared, or one that mounts[] names for itself? */
static bool is_named(const struct scene *scene, const struct mount_line *line)
{
	const struct ironbox_host *host = scene->stage->host;
	const struct ironbox_value *mounts = host->spec(scene->stage, "mounts");
	size_t i, count = host->count(mounts);
	struct mount mount;

	for (i = 0; i < count; i++)
		if (mount_read(scene->stage, mounts, i, &mount, NULL) == 0 &&
		    mount_table_at(&scene->table, scene->root_fd, mount.destination) == line)
			return true;
	return false;
}

/* What a recursive bind has brought along. */
static int declare_below(const struct scene *scene, const struct mount *mount,
                         const struct mount_line *top, struct ironbox_error *error)
{
	char name[PATH_MAX];
	size_t i;

	for (i = 0; i < scene->table.count; i++) {
		const struct mount_line *line = &scene->table.lines[i];
		const char *rest = mount_point_below(line->point, top->point);

		if (!rest || is_named(scene, line))
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s%s", mount->destination, rest) >=
		    sizeof(name))
			return scene->stage->host->fail(error, 0, "%s: too long", line->point);
		if (declare(scene, name, line->point, error) < 0)
			return -1;
	}
	return 0;
}

/* A mount of v2, or a tmpfs with those of v1 in it: the container's place in the host's. */
static int declare_cgroups(const struct scene *scene, const struct mount *mount,
                           const struct mount_line *line, struct ironbox_error *error)
{
	if (strcmp(line->type, "cgroup2") == 0)
		return declare(scene, mount->destination, line->point, error);
	return declare_below(scene, mount, line, error);
}

static int declare_mounts(const struct scene *scene, struct ironbox_error *error)
{
	const struct ironbox_host *host = scene->stage->host;
	const struct ironbox_value *mounts = host->spec(scene->stage, "mounts");
	size_t i, count = host->count(mounts);
	const struct mount_line *line;
	struct mount mount;

	for (i = 0; i < count; i++) {
		if (mount_read(scene->stage, mounts, i, &mount, error) < 0)
			return -1;
		line = mount_table_at(&scene->table, scene->root_fd, mount.destination);
		if (!line || strcmp(line->point, "/") == 0)
			continue; /* unmounted inside: then it is in no image */
		if (mount_is_cgroup(&mount) && declare_cgroups(scene, &mount, line, error) < 0)
			return -1;
		if (!mount_is_bind(&mount))
			continue;
		if (declare(scene, mount.destination, line->point, error) < 0 ||
		    (mount.options.flags & MS_REC && declare_below(scene, &mount, line, error) < 0))
			return -1;
	}
	return 0;
}

/* A single file of a file system that the container has not as a whole. */
static bool is_foreign_node(const struct scene *scene, const struct mount_line *line)
{
	size_t i;

	if (strcmp(line->root, "/") == 0 || strcmp(line->type, "devpts") == 0 ||
	    strcmp(line->type, "proc") == 0 || strcmp(line->type, "sysfs") == 0)
		return false;
	for (i = 0; i < scene->table.count; i++)
		if (strcmp(scene->table.lines[i].device, line->device) == 0 &&
		    strcmp(scene->table.lines[i].root, "/") == 0)
			return false;
	return true;
}

static int declare_node(const struct scene *scene, const char *path, struct ironbox_error *error)
{
	const struct mount_line *line = mount_table_at(&scene->table, scene->root_fd, path);

	if (!line || !is_foreign_node(scene, line) || is_named(scene, line) ||
	    mount_point_below(path, line->point) || strcmp(line->point, "/") == 0)
		return 0;
	return declare(scene, path, line->point, error);
}

static int declare_nodes(const struct scene *scene, struct ironbox_error *error)
{
	const struct ironbox_host *host = scene->stage->host;
	const struct ironbox_value *masked = host->spec(scene->stage, "linux.maskedPaths");
	const char *path;
	size_t i;

	for (i = 0; (path = devices_path(scene->stage, i)); i++)
		if (declare_node(scene, path, error) < 0)
			return -1;
	for (i = 0; i < host->count(masked); i++)
		if (declare_node(scene, host->text(host->item(masked, i, NULL)), error) < 0)
			return -1;
	return 0;
}

int rootfs_checkpoint(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	struct scene scene = { .stage = stage, .root_fd = -1 };
	char pid[16];
	int result;

	if (rootfs->tree != TREE_OWN)
		return host->fail(error, 0,
		                  "linux.namespaces: without a mount namespace of its own there is "
		                  "no root that images could stand on");
	if (host->external(stage,
	                   &(struct ironbox_external){ .kind = IRONBOX_EXTERNAL_ROOT,
	                                               .path = stage->root_path,
	                                               .fd = -1 },
	                   error) < 0)
		return -1;
	snprintf(pid, sizeof(pid), "%d", stage->init_pid);
	scene.root_fd = init_root_open(stage, error);
	result = scene.root_fd < 0 || mount_table_read(stage, &scene.table, pid, error) < 0 ||
	                         declare_mounts(&scene, error) < 0 ||
	                         declare_nodes(&scene, error) < 0
	                 ? -1
	                 : 0;
	mount_table_free(&scene.table);
	ironbox_close_at_end(&scene.root_fd);
	return result;
}
