#include "task/oom.h"

#include "support/log.h"
#include "task/events.h"
#include "task/job.h"

static void told(void *context, const char *words)
{
	const struct task *task = context;

	log_write(IRONBOX_LOG_WARNING, "%s: %s", task->id, words);
	event_oom(task);
}

/* In a worker of the watch's own. */
static int count(const void *container, uint64_t *kills, struct ironbox_error *error)
{
	const struct task *task = container;
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;
	struct worker_reply reply = { .progress = NULL };

	if (job_runtime_open(&runtime, task, &reply, error) < 0)
		return -1;
	return container_oom_kills(&runtime.runtime, task->id, kills, error);
}

int oom_watch(struct task *task, struct memory_ends *ends, struct ironbox_error *error)
{
	const struct memory_watching watching = {
		.id = task->id,
		.oom_kills = count,
		.container = task,
		.killed = told,
		.context = task,
	};
	struct memory_ends taken = *ends;

	*ends = MEMORY_ENDS_NONE;
	task->memory = memory_watch_begin(&task->shim->loop, &task->shim->workers, &watching,
	                                  &taken, error);
	return task->memory ? 0 : -1;
}
