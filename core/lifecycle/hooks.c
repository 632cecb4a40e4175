#include "lifecycle/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/signals_reset.h"
#include "lifecycle/state_json.h"
#include "support/process_id.h"
#include "support/progress.h"
#include "support/time.h"

#define OUTPUT_MAX 700 /* of a hook's stderr, for the error's line */

/* Who may rename in a folder can put another program in a hook's place; in a sticky one only its
 * owner can. Groups are left to the host: /usr/local/bin is often one's. */
static int check_folders(const struct oci_hook *hook, struct ironbox_error *error)
{
	char folder[PATH_MAX];
	struct stat status;
	const char *slash;

	for (slash = strchr(hook->path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int length = (int)(slash - hook->path);

		if (snprintf(folder, sizeof(folder), "%.*s", length, hook->path) >=
		            (int)sizeof(folder) ||
		    stat(folder, &status) < 0)
			return error_begin(error, errno, "look at %s", hook->path);
		if (status.st_mode & S_IWOTH && !(status.st_mode & S_ISVTX))
			return error_begin(error, 0, "%s can be written by everybody", folder);
	}
	return 0;
}

static int check_one(const struct oci_hook *hook, struct ironbox_error *error)
{
	struct stat status;

	if (stat(hook->path, &status) < 0)
		return error_begin(error, errno, "look at %s", hook->path);
	if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
		return error_begin(error, 0, "%s is not an executable file", hook->path);
	/* in a user namespace the host's root shows as the overflow uid: not ours to judge */
	if (geteuid() == 0 && (status.st_mode & 022) && !(status.st_mode & S_ISVTX))
		return error_begin(error, 0, "%s can be written by others than its owner",
		                   hook->path);
	return geteuid() == 0 ? check_folders(hook, error) : 0;
}

int hooks_check(const struct spec *spec, struct ironbox_error *error)
{
	enum hook_kind kind;
	size_t i;

	for (kind = 0; kind < HOOK_KINDS; kind++) {
		cleanup_hooks struct oci_hooks hooks = { 0 };

		if (!hooks_asked(spec, kind))
			continue;
		if (hooks_read(&hooks, spec, kind, error) < 0)
			return -1;
		for (i = 0; i < hooks.count && kind != HOOK_START_CONTAINER; i++)
			if (check_one(&hooks.items[i], error) < 0)
				return error_context(error, "hooks.%s[%zu]", hook_names[kind], i);
	}
	return 0;
}

/* One end for its stdin, the other for its stderr; both our ends are not blocking. */
struct hook_process {
	pid_t pid;
	int pidfd, input_fd, output_fd;
	char output[OUTPUT_MAX + 1];
	size_t output_size;
};

static _Noreturn void hook_child(const struct oci_hook *hook, const char *bundle, pid_t parent,
                                 int input_fd, int output_fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* the runtime's end is the hook's: it is in no cgroup */
	if (getppid() != parent)          /* it has died before that */
		_exit(126);
	setpgid(0, 0);
	signals_reset();
	if ((bundle && chdir(bundle) < 0) || dup2(input_fd, 0) < 0 || dup2(output_fd, 2) < 0 ||
	    dup2(output_fd, 1) < 0)
		_exit(126);
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	/* execve(2) only reads them */
	execve(hook->path, (char *const *)(uintptr_t)hook->args,
	       (char *const *)(uintptr_t)hook->env);
	dprintf(2, "%s", strerrordesc_np(errno));
	_exit(127);
}

static int start_hook(struct hook_process *process, const struct oci_hook *hook, const char *bundle,
                      struct ironbox_error *error)
{
	cleanup_close int input_fd = -1, output_fd = -1;
	pid_t self = getpid();
	int pair[2];

	*process = (struct hook_process){ .pidfd = -1, .input_fd = -1, .output_fd = -1 };
	if (pipe2(pair, O_CLOEXEC) < 0)
		return error_begin(error, errno, "make a pipe");
	input_fd = pair[0];
	process->input_fd = pair[1];
	if (pipe2(pair, O_CLOEXEC) < 0)
		return error_begin(error, errno, "make a pipe");
	output_fd = pair[1];
	process->output_fd = pair[0];
	fcntl(process->input_fd, F_SETFL, O_NONBLOCK); /* can't fail on a pipe of ours */
	fcntl(process->output_fd, F_SETFL, O_NONBLOCK);
	process->pid = fork();
	if (process->pid < 0)
		return error_begin(error, errno, "fork");
	if (process->pid == 0)
		hook_child(hook, bundle, self, input_fd, output_fd);
	process->pidfd = process_open(process->pid);
	return process->pidfd < 0 ? error_begin(error, errno, "open its pidfd") : 0;
}

/* Keeps the last of what it writes: the end says why. */
static void take_output(struct hook_process *process)
{
	char bytes[4096];
	ssize_t got = read(process->output_fd, bytes, sizeof(bytes));
	size_t size, keep;

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		replace_fd(&process->output_fd, -1);
	if (got <= 0)
		return;
	size = (size_t)got < OUTPUT_MAX ? (size_t)got : OUTPUT_MAX;
	keep = process->output_size + size > OUTPUT_MAX ? OUTPUT_MAX - size : process->output_size;
	memmove(process->output, process->output + process->output_size - keep, keep);
	memcpy(process->output + keep, bytes + got - size, size);
	process->output_size = keep + size;
}

static void give_input(struct hook_process *process, const char **at, size_t *left)
{
	ssize_t written =
		write(process->input_fd, *at, *left); /* EPIPE: it does not care to read */

	if (written > 0) {
		*at += written;
		*left -= (size_t)written;
	}
	if (*left == 0 || (written < 0 && errno != EAGAIN && errno != EINTR))
		replace_fd(&process->input_fd, -1);
}

/* Until the process is dead: true, or its time is up: false. */
static bool serve(struct hook_process *process, const char *input, uint32_t timeout)
{
	int64_t deadline = time_now_ms() + timeout * 1000LL, left_ms;
	size_t left = strlen(input);

	for (;;) {
		struct pollfd polled[] = {
			{ .fd = process->pidfd, .events = POLLIN },
			{ .fd = process->input_fd, .events = POLLOUT },
			{ .fd = process->output_fd, .events = POLLIN },
		};

		left_ms = deadline - time_now_ms();
		if (timeout && left_ms <= 0)
			return false;
		if (poll(polled, 3, timeout ? (int)(left_ms < 60000 ? left_ms : 60000) : -1) < 0)
			continue;
		if (polled[1].revents)
			give_input(process, &input, &left);
		if (polled[2].revents)
			take_output(process);
		if (polled[0].revents)
			return true;
	}
}

static int end_hook(struct hook_process *process, bool in_time, uint32_t timeout,
                    struct ironbox_error *error)
{
	int status = 0;

	if (!in_time)
		kill(-process->pid, SIGKILL); /* its group; not waited for yet, so still its own */
	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	while (process->output_fd >= 0) {
		size_t before = process->output_size;

		take_output(process);
		if (process->output_size == before)
			break;
	}
	process->output[process->output_size] = '\0';
	while (process->output_size && process->output[process->output_size - 1] == '\n')
		process->output[--process->output_size] = '\0';
	if (!in_time)
		return error_begin(error, 0, "not done after %u s", timeout);
	if (WIFSIGNALED(status))
		error_begin(error, 0, "ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		error_begin(error, 0, "exit status %d%s%s", WEXITSTATUS(status),
		            process->output_size ? ": " : "", process->output);
	else
		return 0;
	return -1;
}

static int run_one(const struct oci_hook *hook, const char *bundle, const char *state,
                   struct ironbox_error *error)
{
	struct hook_process process;
	int result = start_hook(&process, hook, bundle, error);

	if (result == 0)
		result = end_hook(&process, serve(&process, state, hook->timeout), hook->timeout,
		                  error);
	ironbox_close_at_end(&process.pidfd);
	ironbox_close_at_end(&process.input_fd);
	ironbox_close_at_end(&process.output_fd);
	return result;
}

int hooks_run(struct container *container, enum hook_kind kind, enum container_status status,
              struct ironbox_error *error)
{
	cleanup_hooks struct oci_hooks hooks = { 0 };
	cleanup_free char *state = NULL;
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	/* the bundle is of the host; a startContainer hook has left that behind */
	const char *bundle = kind == HOOK_START_CONTAINER ? NULL : container->bundle;
	char what[32];
	int result = 0;
	size_t i;

	if (!hooks_asked(&container->spec, kind))
		return 0;
	if (hooks_read(&hooks, &container->spec, kind, error) < 0)
		return -1;
	snprintf(what, sizeof(what), "%s hook", hook_names[kind]);
	state = state_json(container, status);
	if (!state)
		return error_begin(error, ENOMEM, "tell the hooks the container's state");
	sigaction(SIGPIPE, &ignore, &before); /* a hook that does not read its stdin */
	for (i = 0; i < hooks.count && result == 0; i++) {
		progress_write(container->pipeline.progress, what, hooks.items[i].path);
		result = run_one(&hooks.items[i], bundle, state, error);
		if (result < 0)
			error_context(error, "hooks.%s[%zu]: %s", hook_names[kind], i,
			              hooks.items[i].path);
	}
	sigaction(SIGPIPE, &before, NULL);
	return result;
}
