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
#include "lifecycle/hooks.h"
#include "support/process_id.h"

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

/* Init's end of the line closes with its execve(2): what it wrote before that is an error. */
static int await_started(int started_fd, struct ironbox_error *error)
{
	struct pollfd poller = { .fd = started_fd, .events = POLLIN };
	size_t size = 0;

	for (;;) {
		ssize_t got = read(started_fd, (char *)error + size, sizeof(*error) - size);

		if (got > 0)
			size += (size_t)got;
		if (size == sizeof(*error)) {
			error_accept(error);
			return -1;
		}
		if (got == 0)
			break;
		if (got < 0 && errno == EAGAIN)
			poll(&poller, 1, -1);
		else if (got < 0 && errno != EINTR)
			return error_begin(error, errno, "hear from init");
	}
	error_reset(error);
	return 0;
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
	return await_started(started_fd, error);
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
