/* Kills what is left in the container's cgroup and removes it, if it was made for it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "internal.h"
#include "path.h"
#include "processes.h"
#include "taken.h"

/* What was found stays, empty as it was; see cgroup_needs_attach why it is not killed for nothing.
 */
static int empty_found(struct ironbox_stage *stage, int cgroup_fd, const char *path,
                       struct ironbox_error *error)
{
	char left[256];
	int code;

	if (cgroup_is_taken(stage, cgroup_fd))
		return 0;
	cgroup_let_go(stage, cgroup_fd);
	if (events_await(cgroup_fd, "populated", 0, 0) == 0)
		return 0;
	if (cgroup_write(stage, cgroup_fd, "cgroup.kill", "1", NULL, error) < 0)
		return -1;
	if (events_await(cgroup_fd, "populated", 0, DEADLINE_MS) == 0)
		return 0;
	code = errno;
	cgroup_describe_process(stage, cgroup_fd, left, sizeof(left), error);
	return stage->host->fail(error, code, "empty cgroup %s (%s in it)", path, left);
}

static int remove_made(struct ironbox_stage *stage, int mount_fd, const char *path,
                       struct ironbox_error *error)
{
	cleanup_close int fd = -1;

	/* the usual case: empty, without children, and gone by one rmdir(2) */
	if (cgroup_remove_empty(mount_fd, path) == 0)
		return 0;
	fd = cgroup_open(mount_fd, path);
	if (fd >= 0 && cgroup_is_taken(stage, fd))
		return 0;
	if (cgroup_remove(stage, mount_fd, path, 0, error) == 0)
		return 0;
	if (fd >= 0 && cgroup_write(stage, fd, "cgroup.kill", "1", NULL, error) < 0 &&
	    errno != ENOENT && errno != ENODEV)
		return -1;
	return cgroup_remove(stage, mount_fd, path, DEADLINE_MS, error);
}

int cgroup_teardown(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;
	bool told;
	const char *path = cgroup_recorded_path(stage, &told, error);
	cleanup_close int mount_fd = -1, fd = -1;

	if (data->is_open)
		close(data->cgroup_fd); /* opened for reading: nothing can be lost */
	data->is_open = false;
	if (!path)
		return told ? -1 : 0;
	mount_fd = cgroup_open_mount(stage, error);
	if (mount_fd < 0)
		return -1;
	if (!stage->host->recall(stage, KEY_FOUND))
		return remove_made(stage, mount_fd, path, error);
	fd = cgroup_open(mount_fd, path);
	return fd < 0 ? 0 : empty_found(stage, fd, path, error);
}
