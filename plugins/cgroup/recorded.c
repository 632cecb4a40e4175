/* The mount, and the cgroup that create made, as later verbs find it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "internal.h"
#include "path.h"

int cgroup_open_mount(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = open(MOUNT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs status;

	if (fd < 0 || fstatfs(fd, &status) < 0)
		return stage->host->fail(error, errno, "open " MOUNT);
	if (status.f_type != CGROUP2_SUPER_MAGIC)
		return stage->host->fail(error, 0,
		                         MOUNT " is not cgroup v2; for v1 controllers there is "
		                               "[cgroup] module = cgroup1.so");
	return steal_fd(&fd);
}

int cgroup_read_path(const struct ironbox_stage *stage, pid_t pid, char path[CGROUP_PATH_MAX],
                     struct ironbox_error *error)
{
	char process[32], text[2 * CGROUP_PATH_MAX];
	cleanup_close int process_fd = -1;

	snprintf(process, sizeof(process), "%d", pid);
	process_fd = stage->host->open_proc(stage, process, O_RDONLY | O_DIRECTORY, error);
	if (process_fd < 0)
		return -1;
	if (cgroup_read(process_fd, "cgroup", text, sizeof(text)) < 0)
		return stage->host->fail(error, errno, "read /proc/%s/cgroup", process);
	if (!cgroup_path_of_process(text, "", path, CGROUP_PATH_MAX))
		path[0] = '\0';
	return 0;
}

const char *cgroup_recorded_path(const struct ironbox_stage *stage, bool *told,
                                 struct ironbox_error *error)
{
	const char *path = stage->host->recall(stage, KEY_PATH);

	*told = false;
	if (!path || !*path)
		return NULL;
	/* the root cgroup in a broken record would be the end of the host */
	if (cgroup_path_check(stage, "the record's " KEY_PATH, path, error) == 0)
		return path;
	*told = true;
	return NULL;
}

int cgroup_open_recorded(const struct ironbox_stage *stage, int *fd, struct ironbox_error *error)
{
	bool told;
	const char *path = cgroup_recorded_path(stage, &told, error);
	cleanup_close int mount_fd = -1;

	*fd = -1;
	if (!path)
		return told ? -1 : 0;
	mount_fd = cgroup_open_mount(stage, error);
	if (mount_fd < 0)
		return -1;
	*fd = cgroup_open(mount_fd, path);
	if (*fd >= 0)
		return 1;
	return errno == ENOENT ? 0 : stage->host->fail(error, errno, "open cgroup %s", path);
}
