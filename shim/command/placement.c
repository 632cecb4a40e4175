#include "command/placement.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/path.h"
#include "support/quote.h"

#define OOM_SCORE_MAX 1000 /* linux/oom.h */
#define CGROUP_ROOT   "/sys/fs/cgroup"

int placement_sched_core(struct ironbox_error *error)
{
	enum { PIDTYPE_PGID = 2 }; /* of the kernel's, as containerd gave us a group of our own */

	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, PIDTYPE_PGID, 0) < 0)
		return error_begin(error, errno,
		                   "SCHED_CORE is set: prctl PR_SCHED_CORE, create a cookie");
	return 0;
}

static int write_score(int score, struct ironbox_error *error)
{
	cleanup_close int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	char text[16];
	int size = snprintf(text, sizeof(text), "%d", score);

	if (fd < 0 || write(fd, text, (size_t)size) < 0)
		return error_begin(error, errno, "write %d to /proc/self/oom_score_adj", score);
	return 0;
}

int placement_oom_score(pid_t containerd, struct ironbox_error *error)
{
	char path[40];
	cleanup_close int fd = -1;
	cleanup_free char *text = NULL;
	size_t size;
	long score;

	if (containerd <= 1) /* it is gone, or in a pid namespace that we don't see */
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", containerd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	text = fd < 0 ? NULL : file_read(fd, 64, &size);
	if (!text)
		return error_begin(error, errno, "read %s", path);
	score = strtol(text, NULL, 10);
	return write_score(score < OOM_SCORE_MAX ? (int)score + 1 : OOM_SCORE_MAX, error);
}

/* 1: we are in it; 0: the hierarchy has no such cgroup; -1 with errno. */
static int enter(int hierarchy_fd, const char *path)
{
	char procs[PATH_MAX];
	cleanup_close int fd = -1;

	if (snprintf(procs, sizeof(procs), "%s/cgroup.procs", path) >= (int)sizeof(procs)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = path_open(hierarchy_fd, procs, O_WRONLY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	return write(fd, "0", 1) < 0 ? -1 : 1; /* 0: the writer; cgroups(7) */
}

/* cgroup v1: a folder a hierarchy, with symlinks for other names of them. */
static int enter_each(DIR *root, const char *path)
{
	int entered = 0;

	for (struct dirent *entry = readdir(root); entry; entry = readdir(root)) {
		cleanup_close int fd = -1;
		int result;

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		fd = openat(dirfd(root), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		result = fd < 0 ? -1 : enter(fd, path);
		if (result < 0)
			return -1;
		entered |= result;
	}
	return entered;
}

int placement_cgroup(const char *path, struct ironbox_error *error)
{
	const char *relative = path + strspn(path, "/");
	DIR *root = opendir(CGROUP_ROOT);
	struct statfs status;
	int result = -1;

	if (root && fstatfs(dirfd(root), &status) == 0)
		result = status.f_type == CGROUP2_SUPER_MAGIC ? enter(dirfd(root), relative)
		                                              : enter_each(root, relative);
	if (result < 0)
		error_begin(error, errno, "ShimCgroup %s: move the shim there", QUOTE(path));
	else if (result == 0)
		result = error_begin(error, 0, "ShimCgroup %s: there is no such cgroup",
		                     QUOTE(path));
	if (root)
		closedir(root);
	return result < 0 ? -1 : 0;
}
