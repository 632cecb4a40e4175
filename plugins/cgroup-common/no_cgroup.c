#include "no_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

#include <ironbox/cleanup.h>

#include "listing.h"

static bool has_path(const struct ironbox_stage *stage)
{
	const char *path = stage->host->text(stage->host->spec(stage, "linux.cgroupsPath"));

	return path && *path;
}

bool no_cgroup_is_wanted(const struct ironbox_stage *stage, bool has_limits)
{
	if (stage->flags & IRONBOX_NO_CGROUP)
		return true;
	return stage->flags & IRONBOX_ROOTLESS && !has_limits && !has_path(stage);
}

int no_cgroup_check(const struct ironbox_stage *stage, bool has_limits, struct ironbox_error *error)
{
	if (!(stage->flags & IRONBOX_NO_CGROUP))
		return 0;
	if (has_limits)
		return stage->host->fail(error, 0,
		                         "linux.resources: limits take a cgroup, and cgroups are "
		                         "disabled (--cgroup-manager)");
	if (has_path(stage))
		return stage->host->fail(error, 0,
		                         "linux.cgroupsPath: cgroups are disabled "
		                         "(--cgroup-manager)");
	return 0;
}

const char *no_cgroup_reason(const struct ironbox_stage *stage, int code)
{
	if (stage->flags & IRONBOX_ROOTLESS && (code == EACCES || code == EPERM || code == EROFS))
		return " (cgroupsPath or limits ask for it: without root's rights it has to be "
		       "below a cgroup that was delegated)";
	return "";
}

/* An fd of a process's pid namespace; -1 with errno: it is gone, or not ours to look at. process is
 * a number, or "self". */
static int namespace_open(int proc_fd, const char *process)
{
	char path[NAME_MAX + sizeof("/ns/pid")];

	if ((size_t)snprintf(path, sizeof(path), "%s/ns/pid", process) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
}

static bool is_same(int fd, const struct stat *wanted)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_ino == wanted->st_ino &&
	       status.st_dev == wanted->st_dev;
}

/* That namespace, or one below it: ioctl_ns(2). The kernel nests 32 of them, and shows no parent
 * that is outside of our own. */
static bool is_inside(int proc_fd, const char *process, const struct stat *wanted)
{
	cleanup_close int fd = namespace_open(proc_fd, process);

	while (fd >= 0 && !is_same(fd, wanted))
		replace_fd(&fd, ioctl(fd, NS_GET_PARENT));
	return fd >= 0;
}

typedef int process_visit(struct ironbox_stage *stage, pid_t pid, int number);

static int tell(struct ironbox_stage *stage, pid_t pid, int number)
{
	(void)number;
	stage->host->report_process(stage, pid);
	return 0;
}

/* 0 for one that ended meanwhile, too. */
static int send_to(struct ironbox_stage *stage, pid_t pid, int number)
{
	cleanup_close int pidfd = pidfd_open(pid, 0);

	(void)stage;
	if (pidfd < 0)
		return errno == ESRCH || errno == EINVAL ? 0 : -1;
	return pidfd_send_signal(pidfd, number, NULL, 0) == 0 || errno == ESRCH ? 0 : -1;
}

/* init's pid namespace, if it is one of its own that we may look into. */
static bool find_namespace(const struct ironbox_stage *stage, int proc_fd, struct stat *wanted)
{
	char init[16];
	cleanup_close int own_fd = namespace_open(proc_fd, "self"), init_fd = -1;

	snprintf(init, sizeof(init), "%d", stage->init_pid);
	init_fd = namespace_open(proc_fd, init);
	/* a created container's init hides from us as well, and is alone yet */
	return own_fd >= 0 && init_fd >= 0 && fstat(init_fd, wanted) == 0 &&
	       !is_same(own_fd, wanted);
}

static int visit_all(struct ironbox_stage *stage, int proc_fd, process_visit *visit, int number)
{
	cleanup_listing DIR *listing = open_listing(proc_fd);
	const struct dirent *entry;
	struct stat wanted;
	int result;

	if (!listing || !find_namespace(stage, proc_fd, &wanted))
		return visit(stage, stage->init_pid, number);
	result = 0;
	while ((entry = next_directory(listing))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && is_inside(proc_fd, entry->d_name, &wanted) &&
		    visit(stage, pid, number) < 0)
			result = -1;
	}
	return result;
}

int no_cgroup_processes(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int proc_fd = -1;

	if (stage->init_pid <= 0)
		return 0;
	proc_fd = stage->host->open_proc(stage, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, error);
	return proc_fd < 0 ? -1 : visit_all(stage, proc_fd, tell, 0);
}

int no_cgroup_signal(struct ironbox_stage *stage, int number, struct ironbox_error *error)
{
	cleanup_close int proc_fd = -1;

	if (stage->init_pid <= 0)
		return 0;
	proc_fd = stage->host->open_proc(stage, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, error);
	if (proc_fd < 0)
		return -1;
	if (visit_all(stage, proc_fd, send_to, number) < 0)
		return stage->host->fail(error, errno, "send signal %d to all processes", number);
	return 0;
}
