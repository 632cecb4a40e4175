/* exec: the joiner is cloned into the container's cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "internal.h"
#include "path.h"

static int open_of_init(const struct ironbox_stage *stage, struct ironbox_error *error);
static int open_asked(const struct ironbox_stage *stage, int cgroup_fd, const char *asked,
                      struct ironbox_error *error);

/* The kernel puts no process beside child cgroups that have controllers ("no internal processes",
 * cgroups(7)). A directory without children has two links: then there is no need to look. */
static bool takes_processes(int cgroup_fd)
{
	struct stat status;
	char text[256];

	if (fstat(cgroup_fd, &status) == 0 && status.st_nlink <= 2)
		return true;
	return cgroup_read(cgroup_fd, "cgroup.subtree_control", text, sizeof(text)) == 0;
}

int cgroup_join_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;
	const char *asked = stage->host->recall(stage, "ironbox.exec_cgroup");
	cleanup_close int fd = -1;
	int found = cgroup_open_recorded(stage, &fd, error);

	if (found < 0)
		return -1;
	asked = asked ? asked + strspn(asked, "/") : ""; /* "/" is the container's own */
	if (!stage->host->recall(stage, KEY_PATH))       /* it never had one */
		return *asked ? stage->host->fail(error, 0,
		                                  "--cgroup /%s: the container has no cgroup",
		                                  asked)
		              : 0;
	if (!found)
		return stage->host->fail(error, ENOENT, "open the container's cgroup");
	if (*asked) {
		replace_fd(&fd, open_asked(stage, fd, asked, error));
		if (fd < 0)
			return -1;
	} else if (!takes_processes(fd)) {
		/* init has moved down (systemd does): go where it is */
		replace_fd(&fd, open_of_init(stage, error));
		if (fd < 0)
			return -1;
	}
	if (stage->host->recall(stage, KEY_FOUND)) {
		/* as in attach; who opened the file, not who writes, needs the right to */
		replace_fd(&fd, openat(fd, "cgroup.procs", O_WRONLY | O_CLOEXEC));
		if (fd < 0)
			return stage->host->fail(error, errno, "open cgroup.procs");
		data->must_move = true;
	}
	data->cgroup_fd = steal_fd(&fd);
	data->is_open = true;
	if (!data->must_move)
		stage->host->clone_into_cgroup(stage, data->cgroup_fd);
	return 0;
}

int cgroup_join(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct cgroup_data *data = stage->data;

	if (data->must_move && write(data->cgroup_fd, "0", 1) != 1) /* 0: who writes */
		return stage->host->fail(error, errno, "enter the cgroup");
	return 0;
}

/* exec --cgroup: one below the container's, and nowhere else (E4). */
static int open_asked(const struct ironbox_stage *stage, int cgroup_fd, const char *asked,
                      struct ironbox_error *error)
{
	int fd;

	if (cgroup_path_check(stage, "--cgroup", asked, error) < 0)
		return -1;
	fd = cgroup_open(cgroup_fd, asked);
	return fd >= 0 ? fd : stage->host->fail(error, errno, "--cgroup %s", asked);
}

static int open_of_init(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *top = host->recall(stage, KEY_PATH);
	char path[CGROUP_PATH_MAX];
	cleanup_close int mount_fd = -1;
	int fd;

	if (cgroup_read_path(stage, stage->init_pid, path, error) < 0)
		return -1;
	if (!cgroup_path_below(path, top))
		return host->fail(error, 0, "init is no longer in its cgroup %s", top);
	mount_fd = cgroup_open_mount(stage, error);
	if (mount_fd < 0)
		return -1;
	fd = cgroup_open(mount_fd, path);
	return fd >= 0 ? fd : host->fail(error, errno, "open cgroup %s", path);
}
