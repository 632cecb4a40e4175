#include "task/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/host_root.h"
#include "support/time.h"

#define SHORTEST_MS 200
#define MARGIN_MS   500

static int run(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	const struct job *job = request;
	int result = job->run(job, reply, error);

	reply->numbers[0] = JOB_SPOKE;
	return result;
}

static void finish(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct task *task = job->task;

	job->cut_off = error && reply->numbers[0] != JOB_SPOKE;
	job->done(job, reply, error);
	task->jobs--; /* now, for it may have been removed meanwhile */
	task_free_if_gone(task);
}

static void on_done(void *context, struct worker_reply *reply, const struct ironbox_error *error)
{
	finish(context, reply, error);
	free(context);
}

/* Before the caller loses its patience, so that it hears what is stuck, and not just that
 * something is. */
static int deadline_of(const struct ttrpc_call *call)
{
	int64_t deadline = call ? ttrpc_call_deadline(call) : -1, left_ms;

	if (deadline < 0)
		return JOB_DEADLINE_MS;
	left_ms = deadline - time_now_ms();
	left_ms -= left_ms / 10 < MARGIN_MS ? left_ms / 10 : MARGIN_MS;
	if (left_ms < SHORTEST_MS)
		return SHORTEST_MS;
	return left_ms < JOB_DEADLINE_MS ? (int)left_ms : JOB_DEADLINE_MS;
}

static int start(struct job *job, const char *what, struct ironbox_error *error)
{
	struct job *kept = malloc(sizeof(*kept));
	struct worker_request request = {
		.what = what,
		.deadline_ms = deadline_of(job->call),
		.run = run,
		.request = kept,
		.keeper = job->keeper,
		.kept_run = job->kept_run,
		.bytes = job->bytes,
		.size = job->size,
		.done = on_done,
		.context = kept,
	};

	if (!kept)
		return error_begin(error, ENOMEM, "%s", what);
	*kept = *job;
	if (worker_start(&job->task->shim->workers, &request, error) == 0)
		return 0;
	free(kept);
	return -1;
}

/* A keeper whose socket is full, or that is gone. */
static bool keeper_takes_none(const struct ironbox_error *error)
{
	return error->code == EAGAIN || error->code == EPIPE || error->code == ECONNRESET;
}

void job_start(const struct job *given, const char *verb)
{
	struct job job = *given;
	char name[200], what[256];
	ERROR_NONE(error);

	snprintf(what, sizeof(what), "%s %s", verb,
	         process_name(job.process ? job.process : &job.task->init, name, sizeof(name)));
	job.task->jobs++;
	if (start(&job, what, &error) < 0) {
		struct worker_reply none = {
			.numbers = { JOB_SPOKE },
			.never_ran = job.keeper && keeper_takes_none(&error),
		};

		finish(&job, &none, &error);
	}
}

int job_runtime_open(struct job_runtime *runtime, const struct task *task,
                     struct worker_reply *reply, struct ironbox_error *error)
{
	if (config_load(&runtime->config, task->options.config_path, error) < 0)
		return -1;
	runtime->runtime = (struct runtime){
		.config = &runtime->config,
		.state_root = task->record.state_root,
		.rootless = !host_root_is_us(),
		.variant = task->options.systemd_cgroup ? "systemd" : NULL,
		.progress = reply->progress,
	};
	return 0;
}

void job_runtime_close(struct job_runtime *runtime)
{
	config_free(&runtime->config);
}
