#include "stdio/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/signals_reset.h"
#include "support/file.h"
#include "support/log.h"
#include "support/process_id.h"

#define CHILD_FDS_MAX 4
#define FIRST_FD      3
#define COPY_SIZE     65536 /* as much as a pipe holds */

pid_t child_clone(int *pidfd)
{
	struct clone_args arguments = {
		/* with CLONE_PARENT the exit signal is the parent's own and must not be given */
		.flags = CLONE_PARENT | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
	};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

/* Out of the way of the numbers that they are to have. */
static int lift(int *fd)
{
	int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FD + CHILD_FDS_MAX + 1);

	*fd = lifted;
	return lifted < 0 ? -1 : 0;
}

int child_settle(const int *fds, int count, int *spare)
{
	int lifted[CHILD_FDS_MAX], null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, 0);
	signals_reset();
	if (null_fd < 0 || chdir("/") < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		lifted[i] = fds[i];
		if (lift(&lifted[i]) < 0)
			return -1;
	}
	if (lift(&null_fd) < 0 || (spare && lift(spare) < 0))
		return -1;
	if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0)
		return -1;
	for (int i = 0; i < count; i++)
		if (dup2(lifted[i], FIRST_FD + i) < 0)
			return -1;
	if (!spare)
		return close_range((unsigned)(FIRST_FD + count), ~0U, 0);
	if (dup3(*spare, FIRST_FD + count, O_CLOEXEC) < 0)
		return -1;
	*spare = FIRST_FD + count;
	return close_range((unsigned)(FIRST_FD + count + 1), ~0U, 0);
}

/* ---- who writes a file ---- */

/* A full disk must not stop the container: what does not fit is thrown away, and said. */
static void copy_to_end(const char *path)
{
	char bytes[COPY_SIZE];
	uint64_t dropped = 0;
	bool failing = false;
	ssize_t size;

	while ((size = read(3, bytes, sizeof(bytes))) != 0) {
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			break;
		if (file_write_all(4, bytes, (size_t)size) == 0) {
			failing = false;
			continue;
		}
		if (!failing)
			log_write(IRONBOX_LOG_ERROR, "write output to %s: %m", path);
		failing = true;
		dropped += (uint64_t)size;
	}
	if (dropped > 0)
		log_write(IRONBOX_LOG_WARNING, "%s: up to %llu bytes of output dropped", path,
		          (unsigned long long)dropped);
}

static _Noreturn void write_file_main(const int fds[2], const char *path)
{
	if (process_log.fd >= 0 && dup2(process_log.fd, STDERR_FILENO) == STDERR_FILENO)
		process_log.fd = -1;
	prctl(PR_SET_NAME, "ironbox-log");
	if (child_settle(fds, 2, NULL) < 0)
		_exit(EXIT_FAILURE);
	/* Its end of file ends it, and nothing but SIGKILL before it has written all. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	copy_to_end(path);
	_exit(EXIT_SUCCESS);
}

int child_write_file(int pipe_fd, int file_fd, const char *path, struct child *child,
                     struct ironbox_error *error)
{
	const int fds[2] = { pipe_fd, file_fd };
	cleanup_close int pidfd = -1;

	child->pid = child_clone(&pidfd);
	if (child->pid == 0)
		write_file_main(fds, path);
	if (child->pid < 0)
		return error_begin(error, errno, "clone3 a process that writes %s", path);
	child->birth = process_start_time(child->pid, NULL);
	return 0;
}
