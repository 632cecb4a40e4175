#include "task/shutdown.h"

#include <stdlib.h>
#include <unistd.h>

#include "task/answer.h"
#include "task/methods.h"

#define FLUSH_EVENTS_MS 2000 /* containerd's own patience with Shutdown is 3 s */

static void end(void *context)
{
	struct shim *shim = context;

	loop_stop(&shim->loop);
}

/* Nobody but us ends them; and whoever waits for our answer has it. */
static void await_loggers(void *context)
{
	struct shim *shim = context;

	state_leave_loggers(shim);
	stdio_await_left(&shim->left_loggers, end, shim);
}

/* Once: the path may be another shim's from then on. */
void shutdown_leave_socket(struct shim *shim)
{
	if (shim->socket_path)
		unlink(shim->socket_path); /* ENOENT: somebody was tidy */
	free(shim->socket_path);
	shim->socket_path = NULL;
}

void shutdown_begin(struct shim *shim)
{
	if (shim->ending)
		return;
	shim->ending = true;
	shutdown_leave_socket(shim);
	publisher_flush(shim->publisher, FLUSH_EVENTS_MS, await_loggers, shim);
}

void shutdown_go_on(struct shim *shim)
{
	if (shim->asked_to_end && !shim->sandbox.tasks)
		shutdown_begin(shim);
}

/* With containers it is no wish to end: each is shut down after, as if the shim were its own. What
 * is still being undone is no container, and is waited for. */
static bool has_containers(const struct shim *shim)
{
	for (const struct task *task = shim->sandbox.tasks; task; task = task->next)
		if (task->phase != TASK_UNDOING)
			return true;
	return false;
}

void method_shutdown(void *context, struct ttrpc_call *call, const void *request)
{
	struct shim *shim = context;

	(void)request;
	shim->asked_to_end = !has_containers(shim);
	shutdown_go_on(shim);
	/* Then: whoever has the answer may make a container of the same id, and its `start` must
	 * not find this shim, which ends. */
	answer_empty(call);
}
