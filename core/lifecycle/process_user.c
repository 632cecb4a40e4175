/* The last steps of a process before it is the container's: terminal, user, fds, execve(2). */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/explain.h"
#include "lifecycle/process_setup.h"
#include "lifecycle/signals_reset.h"
#include "support/log.h"
#include "support/path.h"
#include "support/progress.h"

static int use_terminal(int console_fd, struct ironbox_error *error)
{
	int fd;

	if (ioctl(console_fd, TIOCSCTTY, 0) < 0)
		return error_begin(error, errno, "make the terminal the controlling one");
	for (fd = 0; fd < 3; fd++)
		if (dup2(console_fd, fd) < 0)
			return error_begin(error, errno, "use the terminal as fd %d", fd);
	return 0;
}

/* So that `/proc/self/fd/1` can be opened by the user. Only what is sure to be a pipe or a
 * terminal: never /dev/null, nor a file that someone put in its place (CVE-2026-88265). */
static void give_stdio_to(uid_t uid)
{
	struct stat status;
	int fd;

	for (fd = 0; fd < 3; fd++) {
		if (fstat(fd, &status) < 0 || status.st_uid == uid)
			continue;
		if (S_ISFIFO(status.st_mode) || (S_ISCHR(status.st_mode) && isatty(fd)))
			if (fchown(fd, uid, (gid_t)-1) < 0)
				continue; /* a courtesy: the fd itself works without it */
	}
}

static bool is_null_device(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
	       status.st_rdev == makedev(1, 3);
}

/* -1: the container has none, or may not open it. What stands there is the image's to choose, or
 * for an exec the container's: no magic link leads out, no FIFO is waited for. */
static int open_own_null_device(const struct container *container)
{
	cleanup_close int fd = -1;

	progress_write(container->pipeline.progress, "open", "/dev/null");
	fd = path_open(AT_FDCWD, "/dev/null", O_RDWR | O_NONBLOCK | O_NOCTTY, 0,
	               RESOLVE_NO_MAGICLINKS);
	if (fd < 0 || !is_null_device(fd) || fcntl(fd, F_SETFL, 0) < 0) /* O_NONBLOCK was ours */
		return -1;
	return steal_fd(&fd);
}

/* The caller's /dev/null is a file of the host's mounts: its path tells nothing in here, and CRIU
 * can't open it again. Where the container has none, the caller's is as good. */
static void use_own_null_device(const struct container *container)
{
	cleanup_close int own_fd = -1;
	int fd;

	for (fd = 0; fd < 3; fd++) {
		if (!is_null_device(fd))
			continue;
		if (own_fd < 0)
			own_fd = open_own_null_device(container);
		if (own_fd < 0 || dup2(own_fd, fd) < 0)
			return;
	}
}

int process_stdio(struct container *container, struct ironbox_error *error)
{
	/* Always: else the container could push input into its caller's terminal (CVE-2017-5226).
	 * Who leads one already can't, which is as good; any other failure is none of that. */
	if (setsid() < 0 && getsid(0) != getpid())
		return error_begin(error, errno, "begin a session");
	if (container->pipeline.console_fd >= 0) {
		if (use_terminal(container->pipeline.console_fd, error) < 0)
			return -1;
		replace_fd(&container->pipeline.console_fd, -1);
	} else {
		use_own_null_device(container);
	}
	if (container->process.uid != 0)
		give_stdio_to(container->process.uid);
	return 0;
}

/* podman's --group-add keep-groups, by crun's annotation: the user's own groups stay, which have no
 * numbers inside and so can't be asked for. Of root it would keep the host's, and an image may
 * bring annotations: so it is for those without root's rights alone. */
static bool keeps_groups(const struct container *container)
{
	const char *text = value_text(value_member(spec_at(&container->spec, "annotations"),
	                                           "run.oci.keep_original_groups"));

	return container->runtime->rootless && text && strcmp(text, "1") == 0;
}

/* Always and exactly: a group of the caller's must not stay (CVE-2022-2989). */
int process_set_groups(const struct container *container, struct ironbox_error *error)
{
	const struct oci_process *process = &container->process;

	if (keeps_groups(container))
		return 0;
	/* The raw calls: glibc's are for threads, and this process has one. */
	if (syscall(SYS_setgroups, process->additional_gids_count, process->additional_gids) == 0)
		return 0;
	if (errno != EPERM || !container->runtime->rootless)
		return error_begin(error, errno, "process.user.additionalGids: setgroups");
	/* In a user namespace of one user nobody may, user_namespaces(7): what the user has of
	 * groups stays. To be in one's own group twice is to be in it. */
	for (size_t i = 0; i < process->additional_gids_count; i++)
		if (process->additional_gids[i] != process->gid)
			return error_begin(error, 0,
			                   "process.user.additionalGids: %u: this user namespace "
			                   "denies setgroups(2) (it has no subordinate ids)",
			                   process->additional_gids[i]);
	return 0;
}

/* setresuid(2): EINVAL is an id that the user namespace does not have. */
static const char *id_reason(int code)
{
	return code == EINVAL ? " (the user namespace maps no such id)" : "";
}

int process_become_user(struct container *container, struct ironbox_error *error)
{
	const struct oci_process *process = &container->process;

	if (pipeline_has(&container->pipeline, PHASE_DROP) && prctl(PR_SET_KEEPCAPS, 1) < 0)
		return error_begin(error, errno, "keep the capabilities");
	if (syscall(SYS_setresgid, process->gid, process->gid, process->gid) < 0)
		return error_begin(error, errno, "process.user.gid: become group %u%s",
		                   process->gid, id_reason(errno));
	if (syscall(SYS_setresuid, process->uid, process->uid, process->uid) < 0)
		return error_begin(error, errno, "process.user.uid: become user %u%s", process->uid,
		                   id_reason(errno));
	umask(process->has_umask ? process->umask : 0022);
	if (process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_begin(error, errno, "process.noNewPrivileges: set no_new_privs");
	return 0;
}

#define KEPT_FDS_MAX 32

/* Puts an fd into its place in the rising list. */
static void keep_fd(int *fds, size_t *count, int fd)
{
	size_t i;

	if (fd < 0 || *count == KEPT_FDS_MAX)
		return;
	for (i = (*count)++; i > 0 && fds[i - 1] > fd; i--)
		fds[i] = fds[i - 1];
	fds[i] = fd;
}

int process_take_stdio(const int given[3], int spare_fd, struct ironbox_error *error)
{
	int fds[3], i;

	for (i = 0; i < 3; i++) {
		bool in_the_way = given[i] < 3 && given[i] != i;

		fds[i] = in_the_way ? fcntl(given[i], F_DUPFD_CLOEXEC, spare_fd) : given[i];
		if (fds[i] < 0)
			return error_begin(error, errno, "copy fd %d for its stdio", given[i]);
	}
	for (i = 0; i < 3; i++)
		if ((fds[i] == i ? fcntl(i, F_SETFD, 0) : dup2(fds[i], i)) < 0)
			return error_begin(error, errno, "use fd %d as its fd %d", given[i], i);
	return 0;
}

int process_leave_runtime(struct container *container, uint32_t preserve_fds,
                          struct ironbox_error *error)
{
	unsigned from = 3 + preserve_fds;
	int kept[KEPT_FDS_MAX];
	size_t i, count = 0;

	if (container->ties.stdio &&
	    process_take_stdio(container->ties.stdio, (int)from, error) < 0)
		return -1;
	keep_fd(kept, &count, container->channel.fd);
	keep_fd(kept, &count, container->start_fd);
	keep_fd(kept, &count, container->started_fd);
	keep_fd(kept, &count, container->pipeline.console_fd);
	for (i = 0; i < container->pipeline.count; i++)
		keep_fd(kept, &count, container->pipeline.stages[i].seen.seal_fd);
	/* Not by the CLOEXEC of execve(2): that closes too late for a path of the image that leads
	 * through /proc/self/fd (CVE-2024-21626). */
	for (i = 0; i < count; i++) {
		if ((unsigned)kept[i] < from)
			continue;
		if ((unsigned)kept[i] > from && close_range(from, (unsigned)kept[i] - 1, 0) < 0)
			return error_begin(error, errno, "close what is the runtime's");
		from = (unsigned)kept[i] + 1;
	}
	if (close_range(from, ~0U, 0) < 0)
		return error_begin(error, errno, "close what is the runtime's");
	container->pipeline.root_fd = -1;
	process_log.fd = LOG_NOWHERE;
	if (container->signals_are_reset)
		signals_unblock();
	else
		signals_reset(); /* here, for a seccomp filter may forbid it later */
	return 0;
}

int process_execute(struct container *container, struct ironbox_error *error)
{
	const struct oci_process *process = &container->process;

	/* execve(2) only reads the arrays */
	execve(container->program, (char *const *)(uintptr_t)process->args,
	       (char *const *)(uintptr_t)process->env);
	return explain_plainly(container, errno, error);
}
