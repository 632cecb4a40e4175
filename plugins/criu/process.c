/* process.c: criu as a child of the runtime, that ends with it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "internal.h"

#define END_MS 10000 /* for criu to leave by itself, when all is said */

/* It runs with the host's rights: root's alone, with all that leads to it. */
static int check_trusted(const struct ironbox_stage *stage, const char *path,
                         struct ironbox_error *error)
{
	char part[PATH_MAX];
	struct stat status;
	char *slash;

	if (strlen(path) >= sizeof(part))
		return stage->host->fail(error, ENAMETOOLONG, "[criu] path");
	memcpy(part, path, strlen(path) + 1);
	if (stat(part, &status) < 0 && errno == ENOENT) /* the code as without this stage */
		return stage->host->fail(error, ENOSYS,
		                         "[criu] path in ironbox.ini: there is no %s", path);
	if (stat(part, &status) < 0)
		return stage->host->fail(error, errno, "[criu] path in ironbox.ini: look at %s",
		                         path);
	if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
		return stage->host->fail(error, 0, "[criu] path: %s is no program", path);
	for (;;) {
		bool shared_folder = S_ISDIR(status.st_mode) && status.st_mode & S_ISVTX;

		if ((status.st_uid != 0 && status.st_uid != geteuid()) ||
		    (status.st_mode & 022 && !shared_folder))
			return stage->host->fail(
				error, 0, "[criu] path: %s can be written by others than root",
				part);
		slash = strrchr(part, '/');
		if (!part[1] || !slash)
			return 0;
		slash[slash == part] = '\0';
		if (stat(part, &status) < 0)
			return stage->host->fail(error, errno, "[criu] path: look at %s", part);
	}
}

/* Both kinds of cgroup have this file, and 0 is who writes it. */
static int enter_cgroup(int directory_fd)
{
	cleanup_close int fd = openat(directory_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, "0", 1) != 1 ? -1 : 0;
}

/* In the container's cgroups, so that what it makes is there from the first instruction on, and
 * is found there whatever becomes of us; and where the root is a mount. */
static const char *enter_places(const struct ironbox_stage *stage)
{
	const struct ironbox_external *external;
	size_t i;

	for (i = 0; (external = stage->host->external_at(stage, i)); i++)
		if (external->kind == IRONBOX_EXTERNAL_CGROUP && enter_cgroup(external->fd) < 0)
			return "enter the container's cgroup";
	/* What it makes inherits this one too. It begins where we are now. */
	if (stage->host->namespace_is_new(stage, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return "make a cgroup namespace";
	for (i = 0; (external = stage->host->external_at(stage, i)); i++)
		if (external->kind == IRONBOX_EXTERNAL_NAMESPACE &&
		    strcmp(external->name, "cgroup") == 0 &&
		    setns(external->fd, CLONE_NEWCGROUP) < 0)
			return "join the cgroup namespace";
	for (i = 0; (external = stage->host->external_at(stage, i)); i++)
		if (external->kind == IRONBOX_EXTERNAL_ROOT && external->fd >= 0 &&
		    setns(external->fd, CLONE_NEWNS) < 0)
			return "enter the mount namespace of the root";
	return NULL;
}

static void reset_signals(void)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;
	int number;

	for (number = 1; number < _NSIG; number++)
		sigaction(number, &standard, NULL); /* EINVAL for those that have no other */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool keep_fd(int fd)
{
	return fcntl(fd, F_SETFD, 0) == 0;
}

static const char *take_fds(const struct request *request, int socket_fd, int output_fd)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	size_t i;

	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(output_fd, 1) < 0 || dup2(output_fd, 2) < 0)
		return "set its stdio";
	/* nothing else of ours is for it, or for what it makes */
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 || !keep_fd(socket_fd))
		return "keep its fds";
	for (i = 0; i < request->options.n_inherit_fd; i++)
		if (!keep_fd(request->inherits[i].fd))
			return "keep its fds";
	return NULL;
}

static bool wants_no_new_privileges(const struct ironbox_stage *stage)
{
	struct {
		bool no_new_privileges;
	} process = { false };
	static const struct ironbox_field fields[] = {
		{ "noNewPrivileges", IRONBOX_BOOL, 0, IRONBOX_NO_HAS, false },
		IRONBOX_FIELD_END,
	};

	/* the type was checked with the whole document: it cannot fail */
	stage->host->read(stage, stage->host->spec(stage, "process"), fields, &process, NULL);
	return process.no_new_privileges;
}

static _Noreturn void child(const struct ironbox_stage *stage, const struct request *request,
                            int socket_fd, int output_fd, bool restore)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char language[] = "LANG=C";
	char *environment[] = { path, language, NULL };
	const struct criu *criu = stage->data;
	char name[] = "criu", verb[] = "swrk", number[16];
	char *arguments[] = { name, verb, number, NULL };
	const char *failed = NULL;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
	/* a shell job is to have our session and process group */
	if (!request->options.has_shell_job)
		setpgid(0, 0);
	if (restore)
		failed = enter_places(stage);
	/* Images of CRIU 3.17 do not hold it: what it makes inherits it. root itself lacks nothing
	 * by it (prctl(2)). */
	if (restore && !failed && wants_no_new_privileges(stage) &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		failed = "set no_new_privs";
	if (!failed)
		failed = take_fds(request, socket_fd, output_fd);
	if (!failed) {
		snprintf(number, sizeof(number), "%d", socket_fd);
		execve(criu->path, arguments, environment);
		failed = "execute it";
	}
	dprintf(output_fd, "%s: %s", failed, strerrordesc_np(errno));
	_exit(127);
}

int criu_start(const struct ironbox_stage *stage, struct criu_process *process,
               const struct request *request, bool restore, struct ironbox_error *error)
{
	const struct criu *criu = stage->data;
	cleanup_close int socket_fd = -1;
	int pair[2];

	if (check_trusted(stage, criu->path, error) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return stage->host->fail(error, errno, "make a socket pair");
	process->socket_fd = pair[0];
	socket_fd = pair[1];
	process->output_fd = memfd_create("criu", MFD_CLOEXEC);
	if (process->output_fd < 0)
		return stage->host->fail(error, errno, "make a file in memory");
	process->pid = fork();
	if (process->pid < 0) {
		process->pid = 0;
		return stage->host->fail(error, errno, "fork");
	}
	if (process->pid == 0)
		child(stage, request, socket_fd, process->output_fd, restore);
	process->pidfd = pidfd_open(process->pid, 0);
	return process->pidfd < 0 ? stage->host->fail(error, errno, "open criu's pidfd") : 0;
}

void criu_end(struct criu_process *process)
{
	struct pollfd polled = { .fd = process->pidfd, .events = POLLIN };

	ironbox_close_at_end(&process->socket_fd);
	if (process->pid > 0) {
		if (!process->done || process->pidfd < 0 || poll(&polled, 1, END_MS) <= 0) {
			kill(process->pid, SIGKILL);
			kill(-process->pid, SIGKILL); /* its group, if any: iptables, tar … */
		}
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	ironbox_close_at_end(&process->pidfd);
	ironbox_close_at_end(&process->output_fd);
	*process = CRIU_PROCESS_NONE;
}
