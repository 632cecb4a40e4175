/*
 * restore: a container of a bundle, whose processes come from images. Read it beside launch.c.
 *
 * All that the container is comes from the bundle's config.json; the images hold the state of its
 * processes and nothing that is believed (CVE-2024-8676). So the stages make what they make for a
 * new container, the last one makes the processes, and before these run each stage looks at what
 * the kernel says of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/foreground.h"
#include "lifecycle/hooks.h"
#include "lifecycle/outside.h"
#include "lifecycle/pid_file.h"
#include "lifecycle/process_setup.h"
#include "support/file.h"
#include "support/log.h"
#include "support/process_id.h"

#define STATUS_SIZE_MAX 65536

struct restoring {
	struct container *container;
	const struct restore_request *request;
};

/* ---- what the stage that restores calls, by host->restoring and host->restored ---- */

/* Its namespaces stand. Here prestart and createRuntime hooks find what they find at create; those
 * that run inside were run when the container was new, and are part of the images. */
static int on_restoring(void *context, pid_t pid, struct ironbox_error *error)
{
	const struct restoring *restoring = context;
	struct container *container = restoring->container;

	if (container->pidfd >= 0)
		return error_begin(error, 0, "process %d: there is an init already", (int)pid);
	container->pidfd = process_open(pid);
	if (container->pidfd < 0)
		return error_begin(error, errno, "open the restored process %d", (int)pid);
	container->pid = pid;
	outside_tell_pid(container);
	pipeline_set_init(&container->pipeline, pid, container->pidfd);
	if (launch_prepare_state(container, error) < 0 ||
	    hooks_run(container, HOOK_PRESTART, STATUS_CREATING, error) < 0)
		return -1;
	return hooks_run(container, HOOK_CREATE_RUNTIME, STATUS_CREATING, error);
}

static bool find_line(const char *status, const char *key, const char **value)
{
	const char *line = strstr(status, key);

	*value = line ? line + strlen(key) : NULL;
	return line != NULL;
}

/* process.noNewPrivileges, and the user of a process that can't have become another one. */
static int verify_process(const struct container *container, struct ironbox_error *error)
{
	const struct oci_process *process = &container->process;
	unsigned long real, effective, saved;
	const char *value;
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	char path[32];
	size_t size;

	snprintf(path, sizeof(path), "%d/status", (int)container->pid);
	fd = openat(container->pipeline.proc_fd, path, O_RDONLY | O_CLOEXEC);
	text = fd < 0 ? NULL : file_read(fd, STATUS_SIZE_MAX, &size);
	if (!text)
		return error_begin(error, errno, "read /proc/%s", path);
	if (!process->no_new_privileges)
		return 0;
	if (!find_line(text, "\nNoNewPrivs:\t", &value) || value[0] != '1')
		return error_begin(error, 0,
		                   "the restored process has no no_new_privs, and config.json asks "
		                   "for it");
	/* from another user than root nothing leads to root then */
	if (process->uid == 0 || container->spec.root == NULL ||
	    pipeline_namespace(&container->pipeline, "user"))
		return 0;
	if (!find_line(text, "\nUid:\t", &value) ||
	    sscanf(value, "%lu %lu %lu", &real, &effective, &saved) != 3 || real == 0 ||
	    effective == 0 || saved == 0)
		return error_begin(
			error, 0,
			"the restored process is root's, and config.json asks for uid %u "
			"with no_new_privs",
			(unsigned)process->uid);
	return 0;
}

static int hand_over(struct container *container, const struct create_request *request,
                     struct ironbox_error *error)
{
	int *console_fd = &container->pipeline.console_fd;

	if (container->process.terminal && (request->console_socket || request->ties.console_fd)) {
		if (*console_fd < 0)
			return error_begin(error, 0, "the images have no terminal to hand over");
		if (outside_give_terminal(container, request->console_socket, steal_fd(console_fd),
		                          error) < 0)
			return -1;
	}
	if (request->pid_file)
		return pid_file_write(request->pid_file, container->pid, error);
	return 0;
}

/* All stands still. What must be on disk is put there before the processes run. */
static int on_restored(void *context, struct ironbox_error *error)
{
	const struct restoring *restoring = context;
	struct container *container = restoring->container;

	if (container->pidfd < 0)
		return error_begin(error, 0, "nobody said which process init is");
	if (verify_process(container, error) < 0 ||
	    pipeline_run(&container->pipeline, PHASE_VERIFY, error) < 0)
		return error_context(error, "refused");
	if (hand_over(container, &restoring->request->create, error) < 0)
		return -1;
	return state_commit(container, error);
}

/* ---- the verb ---- */

static int check_request(const struct container *container, const struct restore_request *request,
                         struct ironbox_error *error)
{
	const struct pipeline *pipeline = &container->pipeline;
	bool terminal = container->process.terminal;

	if (!request->detach && request->create.console_socket)
		return error_begin(error, 0, "--console-socket is for --detach alone");
	if (request->detach && terminal && !request->create.console_socket &&
	    !request->create.ties.console_fd)
		return error_begin(error, 0,
		                   "process.terminal is set: a detached container needs "
		                   "--console-socket");
	if (!terminal && request->create.console_socket)
		return error_begin(error, 0,
		                   "--console-socket is given, but process.terminal is not set");
	return checkpoint_check_stage(pipeline, error);
}

static int restore_stages(struct container *container, const struct restore_request *request,
                          struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;
	struct restoring restoring = { container, request };
	struct pipeline_option list[CHECKPOINT_OPTIONS_MAX];
	int result;

	checkpoint_options_list(&request->options, list);
	pipeline->options = list;
	pipeline->on_restoring = on_restoring;
	pipeline->on_restored = on_restored;
	pipeline->context = &restoring;
	result = launch_begin(container, container->runtime, &request->create, "restore",
	                      IRONBOX_RESTORE, error);
	if (result == 0 && (check_request(container, request, error) < 0 ||
	                    pipeline_open_proc(pipeline, error) < 0 ||
	                    pipeline_run(pipeline, PHASE_PREPARE, error) < 0 ||
	                    pipeline_run(pipeline, PHASE_RESTORE, error) < 0 ||
	                    pipeline_run(pipeline, PHASE_SETTLE, error) < 0))
		result = -1;
	pipeline->options = NULL;
	pipeline->on_restoring = NULL;
	pipeline->on_restored = NULL;
	pipeline->context = NULL;
	if (result == 0 && container->pidfd < 0)
		result = error_begin(error, 0, "the stage that restores made no process");
	return result;
}

/* What restores gives on its own stdio: for that time it is the one that was asked for. What is
 * said meanwhile is said where it was. */
struct lent_stdio {
	int own_fds[3], log_fd;
	bool lent;
};

static int lend_stdio(struct lent_stdio *lent, const int *given, struct ironbox_error *error)
{
	for (int i = 0; i < 3; i++) {
		lent->own_fds[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
		if (lent->own_fds[i] < 0 && errno != EBADF)
			return error_begin(error, errno, "keep fd %d", i);
	}
	lent->log_fd = process_log.fd;
	lent->lent = true;
	if (process_log.fd == -1)
		process_log.fd = lent->own_fds[STDERR_FILENO];
	return process_take_stdio(given, 3, error);
}

static void take_stdio_back(struct lent_stdio *lent)
{
	for (int i = 0; i < 3; i++) {
		if (lent->lent && lent->own_fds[i] >= 0)
			dup2(lent->own_fds[i], i); /* can't fail: both are open */
		ironbox_close_at_end(&lent->own_fds[i]);
	}
	if (lent->lent)
		process_log.fd = lent->log_fd;
}

#define cleanup_lent_stdio __attribute__((cleanup(take_stdio_back)))

static int restore_with_stdio(struct container *container, const struct restore_request *request,
                              struct ironbox_error *error)
{
	cleanup_lent_stdio struct lent_stdio lent = { .own_fds = { -1, -1, -1 } };

	if (request->create.ties.stdio && lend_stdio(&lent, request->create.ties.stdio, error) < 0)
		return -1;
	return restore_stages(container, request, error);
}

static int restore(struct container *container, const struct restore_request *request,
                   struct foreground *foreground, int *exit_code, struct ironbox_error *error)
{
	if (!request->detach) {
		if (foreground_begin(foreground, error) < 0)
			return -1;
		if (!request->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
			return error_begin(error, errno, "become the reaper of orphans");
	}
	if (restore_with_stdio(container, request, error) < 0)
		return -1;
	if (!request->detach && container->pipeline.console_fd >= 0 &&
	    foreground_take_terminal(foreground, steal_fd(&container->pipeline.console_fd), error) <
	            0)
		return -1;
	run_unlock(container);
	if (hooks_run(container, HOOK_POSTSTART, STATUS_RUNNING, error) < 0)
		return -1;
	*exit_code = 0;
	if (request->detach)
		return 0;
	return foreground_wait(foreground, container->pid, container->pidfd, exit_code, error);
}

int container_restore(const struct runtime *runtime, const struct restore_request *request,
                      int *exit_code, struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	cleanup_foreground struct foreground foreground = FOREGROUND_NONE;
	int result;

	container.runtime = runtime;
	result = restore(&container, request, &foreground, exit_code, error);
	if (result < 0)
		outside_take_back(&container);
	if (result < 0 && container.kept)
		run_end_unwatched(&container, false);
	if (result < 0 || (!request->detach && run_delete_own(&container, error) < 0))
		return error_context(error, "restore %s", request->create.id);
	return 0;
}
