/*
 * A process that joins a container: the runtime's side, up to its execve(2), and the joiner's own.
 * Read the two beside each other: they talk over the channel.
 */
#include "lifecycle/joiner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/attributes.h"
#include "lifecycle/explain.h"
#include "lifecycle/outside.h"
#include "lifecycle/process_setup.h"
#include "support/file.h"
#include "support/log.h"
#include "support/process_id.h"
#include "support/progress.h"

void joiner_begin(struct container *container, const struct exec_request *request)
{
	container->ties = request->ties;
	if (request->ties.console_fd)
		*request->ties.console_fd = -1;
	container->pipeline.exec_cgroup = request->cgroup;
}

int joiner_check_alive(bool alive, struct ironbox_error *error)
{
	return alive ? 0 : error_begin(error, 0, "cannot exec in a stopped container");
}

int joiner_check_paused(struct container *container, bool ignore_paused,
                        struct ironbox_error *error)
{
	if (ignore_paused || !container_is_paused(container, error))
		return 0;
	return error_begin(error, 0,
	                   "cannot exec in a paused container (use "
	                   "--ignore-paused to override)");
}

/* The process that is to join takes the place of the container's own in the spec, so that stages
 * read it as they read init's. */
static int read_process(struct container *container, const struct exec_request *request,
                        struct ironbox_error *error)
{
	cleanup_spec struct spec process = SPEC_NONE;

	if (request->process_path) {
		if (spec_load(&process, SPEC_PROCESS, AT_FDCWD, request->process_path, error) < 0)
			return -1;
		spec_replace_process(&container->spec, &process);
	} else if (request->process_text) {
		if (spec_parse(&process, SPEC_PROCESS, "process spec", request->process_text,
		               request->process_size, error) < 0 ||
		    (request->terminal &&
		     process_set_terminal(&process, *request->terminal, error) < 0))
			return -1;
		spec_replace_process(&container->spec, &process);
	} else if (process_apply_options(&container->spec, &request->options, error) < 0) {
		return -1;
	}
	return process_read(&container->process, &container->spec, error);
}

static int check_console(const struct container *container, const struct exec_request *request,
                         struct ironbox_error *error)
{
	bool terminal = container->process.terminal;

	if (terminal && request->detach && !request->console_socket && !request->ties.console_fd)
		return error_begin(error, 0,
		                   "a detached process with a terminal needs "
		                   "--console-socket");
	if (!terminal && request->console_socket)
		return error_begin(error, 0, "--console-socket is given, but there is no terminal");
	return 0;
}

static void tell(struct container *container, const struct ironbox_error *error)
{
	channel_send_bytes(&container->channel, MESSAGE_ERROR, 0, error, sizeof(*error), -1,
	                   &(struct ironbox_error){ 0 });
}

/* A pid namespace is what shows one process to another, and holds for children alone. */
static bool joins_pid_namespace(const struct container *container)
{
	return pipeline_namespace(&container->pipeline, "pid") != NULL;
}

/* The process itself: from here on those of the container see it. */
static void joined_main(struct container *container, const void *request)
{
	struct pipeline *pipeline = &container->pipeline;
	ERROR_NONE(error);

	(void)request;
	snprintf(pipeline->joiner_pid, sizeof(pipeline->joiner_pid), "%d",
	         (int)(joins_pid_namespace(container) ? container->pid : getpid()));
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it is not inherited */
	if (attributes_write_received(container, &error) == 0 &&
	    process_setup(container, &error) == 0 && process_stdio(container, &error) == 0 &&
	    process_set_groups(container, &error) == 0 && process_look_up(container, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_CONFINE, &error) == 0 &&
	    process_become_user(container, &error) == 0 &&
	    pipeline_run(pipeline, PHASE_DROP, &error) == 0 &&
	    channel_send(&container->channel, MESSAGE_READY, &error) == 0 &&
	    channel_await(&container->channel, MESSAGE_START, NULL, &error) == 0 &&
	    prctl(PR_SET_PDEATHSIG, 0) == 0 && pipeline_run(pipeline, PHASE_SEAL, &error) == 0) {
		progress_write(pipeline->progress, "execve", container->program);
		process_execute(container, &error); /* returns only if execve(2) failed */
		tell(container, &error);            /* now, for what follows may end us */
		explain_execve(container, &error);
	}
	tell(container, &error);
	_exit(EXIT_FAILURE);
}

/* Enters the container, and leaves the host behind, where the container can't see it yet: with
 * CAP_SYS_PTRACE a process inside could go by /proc/PID/root, cwd or fd of one that still has the
 * host's (CVE-2016-9962; that we are undumpable stops those without it alone). Only then it makes
 * the process that is in the pid namespace too. */
static void joiner_main(struct container *container, const void *given)
{
	const struct exec_request *request = given;
	struct pipeline *pipeline = &container->pipeline;
	ERROR_NONE(error);

	replace_fd(&container->directory_fd, -1);
	replace_fd(&container->root_directory_fd, -1);
	replace_fd(&container->record.fd, -1);
	pipeline_close_proc(pipeline);
	channel_close(&container->channel);
	container->channel = container->inner_channel;
	container->inner_channel = CHANNEL_NONE;
	pipeline->progress = progress_inner(pipeline->progress);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(0);

	if ((!container->has_attach ||
	     channel_await(&container->channel, MESSAGE_ATTACHED, NULL, &error) == 0) &&
	    pipeline_run(pipeline, PHASE_JOIN, &error) == 0 &&
	    process_leave_runtime(container, request->preserve_fds, &error) == 0) {
		if (!joins_pid_namespace(container))
			joined_main(container, request);
		clone_successor(container, &container->channel, 0, joined_main, request, &error);
	}
	tell(container, &error);
	_exit(EXIT_FAILURE);
}

/* The process inside takes the place of the one that went ahead. */
static int take_joined(struct container *container, struct ironbox_error *error)
{
	pid_t first = container->pid;

	if (!joins_pid_namespace(container))
		return 0;
	progress_write(container->pipeline.progress, PROGRESS_WAIT "the process", NULL);
	if (clone_take_successor(container, error) < 0)
		return outside_explain_death(container, "the process", error);
	waitpid(first, NULL, 0); /* it has nothing left to do */
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
	if (container->has_attach && channel_send(&container->channel, MESSAGE_ATTACHED, error) < 0)
		return -1;
	if (take_joined(container, error) < 0)
		return -1;
	outside_tell_pid(container);
	if (attributes_hand_over(container, error) < 0)
		return -1;
	return outside_set_oom_score(container, error);
}

static int take_terminal(struct container *container, const struct exec_request *request,
                         struct foreground *foreground, struct ironbox_error *error)
{
	int master_fd;

	if (!container->process.terminal || request->console_socket || request->ties.console_fd)
		return 0;
	master_fd = outside_take_terminal(container, "the process", error);
	return master_fd < 0 ? -1 : foreground_take_terminal(foreground, master_fd, error);
}

/* Ahead of READY where that may be; else once all is handed over, by container_go. */
static int go_early(struct container *container, const struct outside_receivers *receivers,
                    struct ironbox_error *error)
{
	if (!outside_may_go_early(container, receivers))
		return 0;
	return outside_go_early(container, receivers, error);
}

static int hand_over(struct container *container, const struct outside_receivers *receivers,
                     struct ironbox_error *error)
{
	return container->told_to_go ? 0 : outside_hand_over(container, receivers, error);
}

int joiner_make(struct container *container, const struct exec_request *request,
                struct foreground *foreground, struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;
	const struct outside_receivers receivers = { request->console_socket, request->pidfd_socket,
		                                     request->pid_file };

	if (read_process(container, request, error) < 0 ||
	    check_console(container, request, error) < 0 ||
	    pipeline_load_woken(pipeline, error) < 0 || /* by the process, not by the container */
	    channel_pair(&container->channel, &container->inner_channel, error) < 0)
		return -1;
	pipeline->channel = &container->channel;
	if ((!request->detach && foreground_begin(foreground, error) < 0) ||
	    pipeline_run(pipeline, PHASE_JOIN_PREPARE, error) < 0 ||
	    make_joiner(container, request, error) < 0 ||
	    go_early(container, &receivers, error) < 0 ||
	    outside_await_ready(container, "the process", error) < 0 ||
	    pipeline_run(pipeline, PHASE_SETTLE, error) < 0 ||
	    take_terminal(container, request, foreground, error) < 0 ||
	    hand_over(container, &receivers, error) < 0)
		return -1;
	return container_go(container, error);
}

void joiner_end(struct container *container)
{
	ERROR_NONE(error);

	/* what join_prepare did to this process for the clone: children go to the container's pid
	 * namespace, say. Whatever fails now comes behind the error that brought us here. */
	if (container->channel.fd >= 0 &&
	    pipeline_run(&container->pipeline, PHASE_SETTLE, &error) < 0)
		log_write(IRONBOX_LOG_DEBUG, "%s: %s", container->id, error_text(&error));
	if (container->joiner_made) {
		process_signal(container->pidfd, SIGKILL);
		waitid(P_PIDFD, (id_t)container->pidfd, &(siginfo_t){ 0 }, WEXITED);
	}
	outside_take_back(container);
}
