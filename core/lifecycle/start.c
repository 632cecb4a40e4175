/* start: the byte that a parked init waits for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/explain.h"
#include "lifecycle/hooks.h"
#include "support/process_id.h"
#include "support/progress.h"
#include "support/time.h"

#define LOOK_IF_PAUSED_MS 500

static int check_created(struct container *container, struct ironbox_error *error)
{
	switch (state_status(container)) {
	case STATUS_CREATED:
		return 0;
	case STATUS_STOPPED:
		return error_begin(error, 0, "cannot start a container that has stopped");
	case STATUS_CREATING:
	case STATUS_RUNNING:
	case STATUS_PAUSED:
		break;
	}
	return error_begin(error, 0, "cannot start an already running container");
}

/* One error of init's: 1; 0: its end of the line is closed; -1: failed, or the time is over. */
static int hear_error(int started_fd, int64_t deadline, struct ironbox_error *error)
{
	struct pollfd poller = { .fd = started_fd, .events = POLLIN };
	size_t size = 0;

	while (size < sizeof(*error)) {
		ssize_t got = read(started_fd, (char *)error + size, sizeof(*error) - size);
		int64_t left_ms = deadline ? deadline - time_now_ms() : -1;

		if (got > 0)
			size += (size_t)got;
		else if (got == 0)
			return 0;
		else if (errno == EAGAIN && deadline && left_ms <= 0)
			return -1;
		else if (errno == EAGAIN)
			poll(&poller, 1, (int)left_ms);
		else if (errno != EINTR)
			return -1;
	}
	return 1;
}

static bool is_paused(struct container *container)
{
	ERROR_NONE(error);

	return container_status(container, &error) == STATUS_PAUSED;
}

/* Init's end of the line closes with its execve(2): what it wrote before that is an error. A second
 * one tells more of it. While it is frozen it does neither, and who resumes it needs our lock. */
static int await_started(struct container *container, int started_fd, struct ironbox_error *error)
{
	struct ironbox_error more;
	int heard;

	progress_write(container->pipeline.progress, PROGRESS_WAIT "its program", NULL);
	do
		heard = hear_error(started_fd, time_now_ms() + LOOK_IF_PAUSED_MS, error);
	while (heard < 0 && errno == EAGAIN && !is_paused(container));
	if (heard < 0 && errno == EAGAIN)
		return error_begin(error, 0, "it is paused: its program starts when it is resumed");
	if (heard < 0)
		return error_begin(error, errno, "hear from init");
	if (heard == 0) {
		error_reset(error);
		return 0;
	}
	if (hear_error(started_fd, time_now_ms() + EXPLAIN_MS, &more) == 1)
		*error = more;
	error_accept(error);
	return -1;
}

static int start(struct container *container, struct ironbox_error *error)
{
	cleanup_close int start_fd = -1, started_fd = -1;

	if (check_created(container, error) < 0)
		return -1;
	/* not blocking: init holds both ends of both, unless it is dead, and then it is ENXIO */
	start_fd = openat(container->directory_fd, START_FIFO,
	                  O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	started_fd = openat(container->directory_fd, STARTED_FIFO,
	                    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (start_fd < 0 || started_fd < 0)
		return error_begin(error, errno, "open the start FIFOs");
	if (write(start_fd, "", 1) != 1)
		return error_begin(error, errno, "tell init to start");
	/* that it is there means "created" */
	if (unlinkat(container->directory_fd, START_FIFO, 0) < 0 ||
	    unlinkat(container->directory_fd, STARTED_FIFO, 0) < 0)
		return error_begin(error, errno, "remove the start FIFOs");
	if (await_started(container, started_fd, error) == 0)
		return 0;
	process_wait_dead(container->pidfd, EXPLAIN_MS); /* so that `delete` may come next */
	return -1;
}

/* runtime.md, lifecycle: one that fails is an error, and stops the container. */
static int run_poststart_hooks(struct container *container, struct ironbox_error *error)
{
	/* it runs, and is anyone's to exec into: a hook's too */
	flock(container->directory_fd, LOCK_UN);
	container->bundle = strdup(container->state.bundle);
	if (!container->bundle)
		return error_begin(error, errno, "run the poststart hooks");
	if (state_read_spec(container, error) == 0 &&
	    hooks_run(container, HOOK_POSTSTART, STATUS_RUNNING, error) == 0)
		return 0;
	process_signal(container->pidfd, SIGKILL); /* ESRCH: it has ended by itself */
	return -1;
}

int container_start(const struct runtime *runtime, const char *id, struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;

	if (container_open(&container, runtime, id, true, error) < 0 ||
	    start(&container, error) < 0)
		return error_context(error, "start %s", id);
	if (!container.state.has_poststart_hooks)
		return 0;
	if (run_poststart_hooks(&container, error) < 0)
		return error_context(error, "start %s", id);
	return 0;
}
