/* run: create and start in one, and, in the foreground, wait and delete. */
#include <errno.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/foreground.h"
#include "lifecycle/hooks.h"
#include "lifecycle/outside.h"
#include "support/log.h"
#include "support/process_id.h"

static int check_request(const struct run_request *request, struct ironbox_error *error)
{
	if (!request->detach && request->create.console_socket)
		return error_begin(error, 0, "--console-socket is for --detach alone");
	return 0;
}

/* Once it runs, it is anyone's to pause, update or delete: who ends it from here on has to lock it
 * and look whether it is there still, as run_delete_own does. */
void run_unlock(struct container *container)
{
	container->kept = true;
	flock(container->directory_fd, LOCK_UN); /* can't fail on an fd of ours */
}

static int check_terminal(const struct container *container, const struct run_request *request,
                          struct ironbox_error *error)
{
	if (container->process.terminal && request->detach && !request->create.console_socket)
		return error_begin(error, 0,
		                   "process.terminal is set: a detached container needs "
		                   "--console-socket");
	return 0;
}

static int take_terminal(struct container *container, struct foreground *foreground,
                         struct ironbox_error *error)
{
	int master_fd;

	if (!container->process.terminal)
		return 0;
	master_fd = outside_take_terminal(container, "init", error);
	return master_fd < 0 ? -1 : foreground_take_terminal(foreground, master_fd, error);
}

static int start(struct container *container, const struct run_request *request,
                 struct foreground *foreground, struct ironbox_error *error)
{
	if (check_terminal(container, request, error) < 0 ||
	    (!request->detach && take_terminal(container, foreground, error) < 0) ||
	    container_go(container, error) < 0)
		return -1;
	run_unlock(container);
	return hooks_run(container, HOOK_POSTSTART, STATUS_RUNNING, error);
}

/* With all that this verb still holds of it; someone else may have deleted it meanwhile. */
int run_delete_own(struct container *container, struct ironbox_error *error)
{
	struct stat status;

	replace_fd(&container->pidfd, -1); /* dead and waited for */
	if (flock(container->directory_fd, LOCK_EX) < 0 ||
	    fstat(container->directory_fd, &status) < 0)
		return error_begin(error, errno, "lock the container's state");
	return status.st_nlink == 0 ? 0 : container_destroy(container, error);
}

static int run(struct container *container, const struct runtime *runtime,
               const struct run_request *request, struct foreground *foreground, int *exit_code,
               struct ironbox_error *error)
{
	if (check_request(request, error) < 0)
		return -1;
	if (!request->detach) {
		if (foreground_begin(foreground, error) < 0)
			return -1;
		if (!request->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
			return error_begin(error, errno, "become the reaper of orphans");
	}
	if (container_launch(container, runtime, &request->create, false, error) < 0 ||
	    start(container, request, foreground, error) < 0)
		return -1;
	*exit_code = 0;
	if (request->detach)
		return 0;
	return foreground_wait(foreground, container->pid, container->pidfd, exit_code, error);
}

/* Nobody waits for it any more: what would run on, run would have left behind. */
void run_end_unwatched(struct container *container, bool keep)
{
	ERROR_NONE(error);

	process_signal(container->pidfd, SIGKILL); /* ESRCH: it has ended by itself */
	process_wait_dead(container->pidfd, -1);
	waitid(P_PIDFD, (id_t)container->pidfd, &(siginfo_t){ 0 }, WEXITED);
	if (!keep && run_delete_own(container, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(&error));
}

int container_run(const struct runtime *runtime, const struct run_request *request, int *exit_code,
                  struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	cleanup_foreground struct foreground foreground = FOREGROUND_NONE;

	if (run(&container, runtime, request, &foreground, exit_code, error) < 0) {
		if (container.kept)
			run_end_unwatched(&container, request->keep);
		return error_context(error, "run %s", request->create.id);
	}
	if (request->detach || request->keep)
		return 0;
	if (run_delete_own(&container, error) < 0)
		return error_context(error, "run %s", request->create.id);
	return 0;
}
