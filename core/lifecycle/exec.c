/* exec: one more process in a container that runs. Read joiner.c for how it comes there. */
#include "lifecycle/container.h"
#include "lifecycle/foreground.h"
#include "lifecycle/joiner.h"

static int exec(struct container *container, const struct runtime *runtime,
                const struct exec_request *request, struct foreground *foreground,
                struct ironbox_error *error)
{
	enum container_status status;

	joiner_begin(container, request);
	if (container_open(container, runtime, request->id, false, error) < 0 ||
	    state_await_unlocked(container, error) < 0) /* not into what is being launched */
		return -1;
	status = state_status(container); /* opens init's pidfd, by which stages join */
	if (joiner_check_alive(status == STATUS_RUNNING || status == STATUS_CREATED, error) < 0 ||
	    container_load_pipeline(container, NULL, false, error) < 0 ||
	    joiner_check_paused(container, request->ignore_paused, error) < 0)
		return -1;
	return joiner_make(container, request, foreground, error);
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
	joiner_end(&container);
	return error_context(error, "exec in %s", request->id);
}
