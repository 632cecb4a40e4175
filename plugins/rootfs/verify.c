/*
 * verify.c: a restored container shows no more of the host than config.json says. Which mounts
 * there are, and with which flags, has come from the images.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "internal.h"

struct view {
	const struct ironbox_stage *stage;
	struct mount_table table;
	int root_fd;
};

static int verify_readonly(const struct view *view, const char *path, const char *field,
                           struct ironbox_error *error)
{
	const struct mount_line *line = mount_table_at(&view->table, view->root_fd, path);

	/* the container may have unmounted it; what is there then is judged by its own mount */
	if (!line || mount_line_has(line, "ro"))
		return 0;
	return view->stage->host->fail(error, 0, "%s: %s can be written in the restored container",
	                               field, path);
}

static int verify_mounts(const struct view *view, struct ironbox_error *error)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} flags[] = {
		{ MS_RDONLY, "ro" },
		{ MS_NOSUID, "nosuid" },
		{ MS_NODEV, "nodev" },
		{ MS_NOEXEC, "noexec" },
	};
	const struct ironbox_host *host = view->stage->host;
	const struct ironbox_value *mounts = host->spec(view->stage, "mounts");
	const struct mount_line *line;
	struct mount mount;
	size_t i, j;

	for (i = 0; i < host->count(mounts); i++) {
		if (mount_read(view->stage, mounts, i, &mount, error) < 0)
			return -1;
		line = mount_table_at(&view->table, view->root_fd, mount.destination);
		if (!mount_is_bind(&mount) || !line)
			continue;
		for (j = 0; j < sizeof(flags) / sizeof(flags[0]); j++)
			if (mount.options.flags & flags[j].flag &&
			    !mount_line_has(line, flags[j].word))
				return host->fail(error, 0,
				                  "mounts[%zu]: %s is not %s in the restored "
				                  "container",
				                  i, mount.destination, flags[j].word);
	}
	return 0;
}

/* A masked path is a mount point of its own, or not there. */
static int verify_masks(const struct view *view, struct ironbox_error *error)
{
	const struct ironbox_host *host = view->stage->host;
	const struct ironbox_value *masked = host->spec(view->stage, "linux.maskedPaths");
	const struct ironbox_value *readonly = host->spec(view->stage, "linux.readonlyPaths");
	const struct mount_line *line;
	const char *path;
	size_t i;

	for (i = 0; i < host->count(masked); i++) {
		path = host->text(host->item(masked, i, NULL));
		line = mount_table_at(&view->table, view->root_fd, path);
		if (line && (strcmp(line->point, path) != 0 || strcmp(line->type, "proc") == 0 ||
		             strcmp(line->type, "sysfs") == 0))
			return host->fail(error, 0,
			                  "linux.maskedPaths: %s is not masked in the restored "
			                  "container",
			                  path);
	}
	for (i = 0; i < host->count(readonly); i++)
		if (verify_readonly(view, host->text(host->item(readonly, i, NULL)),
		                    "linux.readonlyPaths", error) < 0)
			return -1;
	return 0;
}

/* root.readonly is no state of the images: criu restores the root as it found it. In the
 * container's mount namespace, because a mount can be changed from within its own alone. */
static int make_root_readonly(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	cleanup_close int own_fd = own_mounts_open(stage, error);
	cleanup_close int directory_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int inside_fd = -1;
	struct stat own, inside;
	int result = 0;

	if (own_fd < 0)
		return -1;
	if (directory_fd < 0)
		return host->fail(error, errno, "remember the working directory");
	if (setns(stage->init_pidfd, CLONE_NEWNS) < 0)
		return host->fail(error, errno, "enter the container's mount namespace");
	inside_fd = own_mounts_open(stage, error);
	/* the host's own root must never be it */
	if (inside_fd < 0 || fstat(own_fd, &own) < 0 || fstat(inside_fd, &inside) < 0 ||
	    own.st_ino == inside.st_ino)
		return host->fail(error, 0,
		                  "the restored process is in the host's mount namespace");
	if (mount_setattr(AT_FDCWD, "/", 0, &readonly, sizeof(readonly)) < 0)
		result = host->fail(error, errno, "root.readonly");
	if (setns(own_fd, CLONE_NEWNS) < 0 || fchdir(directory_fd) < 0)
		return host->fail(error, errno, "come back from the container's mount namespace");
	return result;
}

int rootfs_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct view view = { .stage = stage, .root_fd = -1 };
	char pid[16];
	int result = -1;

	if (root_is_readonly(stage) && make_root_readonly(stage, error) < 0)
		return -1;
	view.root_fd = init_root_open(stage, error);
	snprintf(pid, sizeof(pid), "%d", stage->init_pid);
	if (view.root_fd >= 0 && mount_table_read(stage, &view.table, pid, error) == 0 &&
	    verify_mounts(&view, error) == 0 && verify_masks(&view, error) == 0)
		result = root_is_readonly(stage)
		                 ? verify_readonly(&view, "/", "root.readonly", error)
		                 : 0;
	mount_table_free(&view.table);
	ironbox_close_at_end(&view.root_fd);
	return result;
}
