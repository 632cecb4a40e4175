#include "task/shutdown.h"

#include "task/answer.h"
#include "task/methods.h"

#define FLUSH_EVENTS_MS 2000 /* containerd's own patience with Shutdown is 3 s */

static void end(void *context)
{
	struct shim *shim = context;

	loop_stop(&shim->loop);
}

void shutdown_begin(struct shim *shim)
{
	if (shim->ending)
		return;
	shim->ending = true;
	publisher_flush(shim->publisher, FLUSH_EVENTS_MS, end, shim);
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
	answer_empty(call);
	shim->asked_to_end = !has_containers(shim);
	shutdown_go_on(shim);
}
