/* PID 1 of the container, from the clone to execve(2): one thread, on a copy of the runtime. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/attributes.h"
#include "lifecycle/container.h"
#include "lifecycle/explain.h"
#include "lifecycle/hooks.h"
#include "lifecycle/process_setup.h"
#include "support/file.h"
#include "support/log.h"
#include "support/progress.h"

/* What is the runtime's alone: its flock(2) above all, which a parked init would hold for ever. */
static void leave_runtime_behind(struct container *container)
{
	replace_fd(&container->directory_fd, -1);
	replace_fd(&container->root_directory_fd, -1);
	replace_fd(&container->record.fd, -1);
	channel_close(&container->channel);
	container->channel = container->inner_channel;
	container->inner_channel = CHANNEL_NONE;
	container->pipeline.progress = progress_inner(container->pipeline.progress);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* till the state is committed we end with our maker */
	/* … also if that was before: who cleans up after it must not find us at work */
	if (poll(&(struct pollfd){ .fd = container->channel.fd }, 1, 0) > 0)
		_exit(EXIT_FAILURE);
	umask(0); /* modes are as asked, until the process's own umask */
}

static int await_attached(struct container *container, struct ironbox_error *error)
{
	struct message message = { .fd = -1 };

	if (!container->has_attach)
		return 0;
	if (channel_await(&container->channel, MESSAGE_ATTACHED, &message, error) < 0)
		return -1;
	if (message.size == sizeof(container->pid))
		memcpy(&container->pid, message.bytes, sizeof(container->pid));
	if (container->hides_late && prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_begin(error, errno, "become undumpable");
	return 0;
}

static int await_runtime_hooks(struct container *container, struct ironbox_error *error)
{
	if (!container->has_runtime_hooks)
		return 0;
	if (channel_send(&container->channel, MESSAGE_MOUNTED, error) < 0)
		return -1;
	return channel_await(&container->channel, MESSAGE_HOOKS_DONE, NULL, error);
}

/* The host's tree is gone from under us: so is all that leads to it. */
static int pivot(struct container *container, struct ironbox_error *error)
{
	int result = pipeline_run(&container->pipeline, PHASE_PIVOT, error);

	pipeline_close_proc(&container->pipeline);
	return result;
}

static int ready_and_await_start(struct container *container, struct ironbox_error *error)
{
	ssize_t got;
	char byte;

	/* Committed, or end of file: then the runtime died, and we with it. Its death by itself is
	 * no sign any more, for it may end the moment it has told us. */
	prctl(PR_SET_PDEATHSIG, 0);
	if (channel_send(&container->channel, MESSAGE_READY, error) < 0)
		return -1;
	if (container->start_fd < 0) /* run: the word may be there already */
		return channel_await(&container->channel, MESSAGE_START, NULL, error);
	if (channel_await(&container->channel, MESSAGE_COMMITTED, NULL, error) < 0)
		return -1;
	channel_close(&container->channel);
	do
		got = read(container->start_fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? 0 : error_begin(error, got < 0 ? errno : EPIPE, "wait for start");
}

static void tell(struct container *container, const struct ironbox_error *error)
{
	struct ironbox_error unheard;

	if (container->channel.fd >= 0)
		channel_send_bytes(&container->channel, MESSAGE_ERROR, 0, error, sizeof(*error), -1,
		                   &unheard);
	else if (file_write_all(container->started_fd, error, sizeof(*error)) < 0)
		_exit(EXIT_FAILURE); /* who started us is gone: nobody is left to tell */
}

_Noreturn void init_main(struct container *container, const struct create_request *request)
{
	struct pipeline *pipeline = &container->pipeline;
	ERROR_NONE(error);

	leave_runtime_behind(container);
	if (await_attached(container, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_SETUP, &error) == 0 &&
	    await_runtime_hooks(container, &error) == 0 &&
	    hooks_run(container, HOOK_CREATE_CONTAINER, STATUS_CREATING, &error) == 0 &&
	    attributes_write(pipeline, &error) == 0 && /* behind the host's last hook */
	    pivot(container, &error) == 0 && pipeline_run(pipeline, PHASE_ENTER, &error) == 0 &&
	    process_setup(container, &error) == 0 &&
	    process_leave_runtime(container, request->preserve_fds, &error) == 0 &&
	    process_stdio(container, &error) == 0 && process_set_groups(container, &error) == 0 &&
	    process_look_up(container, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_CONFINE, &error) == 0 &&
	    process_become_user(container, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_DROP, &error) == 0 &&
	    ready_and_await_start(container, &error) == 0 && /* the creator may be gone by now */
	    hooks_run(container, HOOK_START_CONTAINER, STATUS_CREATED, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_SEAL, &error) == 0) {
		progress_write(pipeline->progress, "execve", container->program);
		process_execute(container, &error); /* returns only if execve(2) failed */
		tell(container, &error);            /* now, for what follows may end us */
		explain_execve(container, &error);
	}
	tell(container, &error);
	_exit(EXIT_FAILURE);
}
