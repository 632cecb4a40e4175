/* exec: one more process in a container that runs. Read it beside joiner_main below. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/foreground.h"
#include "lifecycle/pid_file.h"
#include "lifecycle/process_setup.h"
#include "lifecycle/send_fd.h"
#include "support/file.h"
#include "support/log.h"
#include "support/process_id.h"

static int check_status(struct container *container, bool ignore_paused,
                        struct ironbox_error *error)
{
	state_status(container); /* opens init's pidfd, by which stages join */
	if (container_load_pipeline(container, NULL, false, error) < 0)
		return -1;
	switch (container_status(container, error)) {
	case STATUS_RUNNING:
	case STATUS_CREATED:
		return 0;
	case STATUS_PAUSED:
		if (ignore_paused)
			return 0;
		return error_begin(error, 0,
		                   "cannot exec in a paused container (use "
		                   "--ignore-paused to override)");
	case STATUS_CREATING:
	case STATUS_STOPPED:
		break;
	}
	return error_begin(error, 0, "cannot exec in a stopped container");
}

/* The process that is to join takes the place of the container's own in the spec, so that stages
 * read it as they read init's. */
static int read_process(struct container *container, const struct exec_request *request,
                        struct ironbox_error *error)
{
	cleanup_spec struct spec process = SPEC_NONE;

	if (!request->process_path) {
		if (process_apply_options(&container->spec, &request->options, error) < 0)
			return -1;
	} else {
		if (spec_load(&process, SPEC_PROCESS, AT_FDCWD, request->process_path, error) < 0)
			return -1;
		spec_replace_process(&container->spec, &process);
	}
	return process_read(&container->process, &container->spec, error);
}

static int check_console(const struct container *container, const struct exec_request *request,
                         struct ironbox_error *error)
{
	bool terminal = container->process.terminal;

	if (terminal && request->detach && !request->console_socket)
		return error_begin(error, 0,
		                   "a detached process with a terminal needs "
		                   "--console-socket");
	if (!terminal && request->console_socket)
		return error_begin(error, 0, "--console-socket is given, but there is no terminal");
	return 0;
}

static _Noreturn void joiner_main(struct container *container, const void *given)
{
	const struct exec_request *request = given;
	struct pipeline *pipeline = &container->pipeline;
	ERROR_NONE(error);

	/* before anything else: processes of the container may see us already (CVE-2016-9962) */
	replace_fd(&container->directory_fd, -1);
	replace_fd(&container->root_directory_fd, -1);
	replace_fd(&container->record.fd, -1);
	pipeline_close_proc(pipeline);
	channel_close(&container->channel);
	container->channel = container->inner_channel;
	container->inner_channel = CHANNEL_NONE;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(0);

	if ((!container->has_attach ||
	     channel_await(&container->channel, MESSAGE_ATTACHED, NULL, &error) == 0) &&
	    pipeline_run(pipeline, PHASE_JOIN, &error) == 0 &&
	    process_setup(container, false, &error) == 0 && process_stdio(container, &error) == 0 &&
	    process_leave_runtime(container, request->preserve_fds, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_CONFINE, &error) == 0 &&
	    process_become_user(container, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_DROP, &error) == 0 &&
	    channel_send(&container->channel, MESSAGE_READY, &error) == 0 &&
	    channel_await(&container->channel, MESSAGE_START, NULL, &error) == 0 &&
	    prctl(PR_SET_PDEATHSIG, 0) == 0 && pipeline_run(pipeline, PHASE_SEAL, &error) == 0)
		process_execute(container, &error); /* returns only if execve(2) failed */

	channel_send_bytes(&container->channel, MESSAGE_ERROR, 0, &error, sizeof(error), -1,
	                   &(struct ironbox_error){ 0 });
	_exit(EXIT_FAILURE);
}

static int set_oom_score(const struct container *container, struct ironbox_error *error)
{
	char path[64], text[16];
	cleanup_close int fd = -1;

	if (!container->process.has_oom_score_adj)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)container->pid);
	snprintf(text, sizeof(text), "%d", container->process.oom_score_adj);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
		return error_begin(error, errno, "process.oomScoreAdj: write %s to %s", text, path);
	return 0;
}

static int make_joiner(struct container *container, const struct exec_request *request,
                       struct ironbox_error *error)
{
	/* what we join by is init's pidfd; what we make gets its own */
	container->init_pidfd = steal_fd(&container->pidfd);
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_begin(error, errno, "become undumpable");
	if (container->process.has_affinity_initial &&
	    sched_setaffinity(0, sizeof(container->process.affinity_initial),
	                      &container->process.affinity_initial) < 0)
		return error_begin(error, errno, "process.execCPUAffinity.initial");
	if (clone_process(container, joiner_main, request, error) < 0)
		return -1;
	container->joiner_made = true;
	channel_close(&container->inner_channel);
	if (set_oom_score(container, error) < 0)
		return -1;
	if (!container->has_attach)
		return 0;
	return channel_send(&container->channel, MESSAGE_ATTACHED, error);
}

static int hand_over(struct container *container, const struct exec_request *request,
                     struct foreground *foreground, struct ironbox_error *error)
{
	struct message message = { .fd = -1 };

	if (request->console_socket) {
		if (send_console(&container->channel, request->console_socket, error) < 0)
			return -1;
	} else if (container->process.terminal) {
		if (channel_await(&container->channel, MESSAGE_CONSOLE, &message, error) < 0)
			return container_explain_death(container, "the process", error);
		if (foreground_take_terminal(foreground, message.fd, error) < 0)
			return -1;
	}
	if (request->pidfd_socket &&
	    send_fd(request->pidfd_socket, container->pidfd, "pidfd", error) < 0)
		return error_context(error, "--pidfd-socket");
	if (request->pid_file && pid_file_write(request->pid_file, container->pid, error) < 0)
		return -1;
	return 0;
}

/* As for `run`, see launch.c: the joiner finds the word when it comes to wait for it. */
static int tell_to_go_early(struct container *container, const struct exec_request *request,
                            struct ironbox_error *error)
{
	if (container->process.terminal || request->pidfd_socket)
		return 0;
	container->told_to_go = true;
	return channel_send(&container->channel, MESSAGE_START, error);
}

static int await_ready(struct container *container, struct ironbox_error *error)
{
	if (channel_await(&container->channel, MESSAGE_READY, NULL, error) < 0)
		return container_explain_death(container, "the process", error);
	return 0;
}

static int exec(struct container *container, const struct runtime *runtime,
                const struct exec_request *request, struct foreground *foreground,
                struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;

	pipeline->exec_cgroup = request->cgroup;
	if (container_open(container, runtime, request->id, false, error) < 0 ||
	    check_status(container, request->ignore_paused, error) < 0 ||
	    read_process(container, request, error) < 0 ||
	    check_console(container, request, error) < 0 ||
	    pipeline_load_woken(pipeline, error) < 0 || /* by the process, not by the container */
	    channel_pair(&container->channel, &container->inner_channel, error) < 0)
		return -1;
	pipeline->channel = &container->channel;
	if ((!request->detach && foreground_begin(foreground, error) < 0) ||
	    pipeline_run(pipeline, PHASE_JOIN_PREPARE, error) < 0 ||
	    make_joiner(container, request, error) < 0 ||
	    tell_to_go_early(container, request, error) < 0 || await_ready(container, error) < 0 ||
	    pipeline_run(pipeline, PHASE_SETTLE, error) < 0 ||
	    hand_over(container, request, foreground, error) < 0)
		return -1;
	return container_go(container, error);
}

/* A joiner that we leave for an error must not stay. */
static void end_joiner(struct container *container)
{
	ERROR_NONE(error);

	/* what join_prepare did to this process for the clone: children go to the container's pid
	 * namespace, say. Whatever fails now comes behind the error that brought us here. */
	if (container->channel.fd >= 0 &&
	    pipeline_run(&container->pipeline, PHASE_SETTLE, &error) < 0)
		log_write(IRONBOX_LOG_DEBUG, "%s: %s", container->id, error_text(&error));
	if (!container->joiner_made)
		return;
	process_signal(container->pidfd, SIGKILL);
	waitid(P_PIDFD, (id_t)container->pidfd, &(siginfo_t){ 0 }, WEXITED);
}

int container_exec(const struct runtime *runtime, const struct exec_request *request,
                   int *exit_code, struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	cleanup_foreground struct foreground foreground = FOREGROUND_NONE;
	int result;

	*exit_code = 0;
	result = exec(&container, runtime, request, &foreground, error);
	if (result == 0 && !request->detach)
		result = foreground_wait(&foreground, container.pid, container.pidfd, exit_code,
		                         error);
	if (result == 0)
		return 0;
	end_joiner(&container);
	return error_context(error, "exec in %s", request->id);
}
