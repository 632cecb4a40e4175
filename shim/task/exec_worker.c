#include "task/exec_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "support/log.h"
#include "support/time.h"
#include "task/made.h"

#define KEPT_MS  60000 /* without an exec */
#define NOT_OPEN 1     /* in numbers[1]: the keeper has no place */

/* ---- in a worker ---- */

static struct exec_request request_of(const struct process *process, struct made *made,
                                      const struct worker_reply *reply)
{
	return (struct exec_request){
		.id = process->task->id,
		.process_text = process->spec,
		.process_size = process->spec_size,
		.terminal = &process->terminal, /* the client's word is the last one */
		.detach = true,
		.ties = made_ties(made, reply),
	};
}

static int exec_in_worker(const struct job *job, struct worker_reply *reply,
                          struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;
	struct made made = MADE_NONE;
	struct exec_request request;
	int exit_code;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0 ||
	    made_open_streams(&made, job->process, &runtime, error) < 0)
		return error_context(error, "exec in %s", job->task->id);
	request = request_of(job->process, &made, reply);
	if (container_exec(&runtime.runtime, &request, &exit_code, error) < 0) {
		made_undo(&made);
		return -1;
	}
	return made_hand_back_or_end(&made, reply, error);
}

void exec_start_by_worker(struct process *process, struct ttrpc_call *call, exec_done *done)
{
	job_start(&(struct job){ .task = process->task,
	                         .process = process,
	                         .call = call,
	                         .run = exec_in_worker,
	                         .done = done },
	          "exec");
}

/* ---- in a keeper, and the workers that it forks ---- */

struct kept_container {
	struct job_runtime runtime;
	struct exec_place *place;
	struct task *task; /* as it was when the keeper was forked */
};

static void *open_container(const void *given, struct ironbox_error *error)
{
	struct kept_container *kept = calloc(1, sizeof(*kept));
	struct worker_reply nobody = { .progress = NULL };

	if (!kept) {
		error_begin(error, errno, "hold the container open");
		return NULL;
	}
	kept->task = (struct task *)(uintptr_t)given; /* of our own memory */
	if (job_runtime_open(&kept->runtime, kept->task, &nobody, error) == 0)
		kept->place = container_exec_open(&kept->runtime.runtime, kept->task->id, error);
	return kept->place ? kept : NULL;
}

static int exec_in_place(struct kept_container *kept, const struct process *process,
                         struct worker_reply *reply, struct ironbox_error *error)
{
	struct made made = MADE_NONE;
	struct exec_request request;

	kept->runtime.runtime.progress = reply->progress;
	if (made_open_streams(&made, process, &kept->runtime, error) < 0)
		return error_context(error, "exec in %s", kept->task->id);
	request = request_of(process, &made, reply);
	if (container_exec_in(kept->place, &request, error) < 0) {
		made_undo(&made);
		return -1;
	}
	return made_hand_back_or_end(&made, reply, error);
}

static int kept_exec(void *place, const struct ironbox_error *place_error, const void *bytes,
                     size_t size, struct worker_reply *reply, struct ironbox_error *error)
{
	struct kept_container *kept = place;
	Containerd__Task__V2__ExecProcessRequest *given =
		containerd__task__v2__exec_process_request__unpack(NULL, size, bytes);
	struct process process = { .status = PROCESS_CREATED };

	reply->numbers[0] = JOB_SPOKE;
	if (!kept) {
		reply->numbers[1] = NOT_OPEN;
		*error = *place_error;
		return -1;
	}
	if (!given || !given->spec)
		return error_begin(error, ENOMEM, "exec in %s", kept->task->id);
	process.task = kept->task;
	process.id = given->exec_id;
	process.in = given->stdin;
	process.out = given->stdout;
	process.err = given->stderr;
	process.terminal = given->terminal;
	process.spec = (char *)given->spec->value.data;
	process.spec_size = given->spec->value.len;
	return exec_in_place(kept, &process, reply, error);
}

/* ---- in the loop ---- */

void exec_keeper_end(struct task *task)
{
	loop_disarm(&task->shim->loop, &task->keeper_timer);
	keeper_end(task->keeper);
	task->keeper = NULL;
}

static void kept_long_enough(struct timer *timer)
{
	exec_keeper_end(timer->context);
}

/* NULL: there is none, and none can be made. */
static struct keeper *keeper_of(struct task *task)
{
	const struct keeper_request request = {
		.what = task->id,
		.open = open_container,
		.request = task,
	};
	ERROR_NONE(error);

	if (task->keeper && !keeper_lives(task->keeper))
		exec_keeper_end(task);
	if (!task->keeper) {
		task->keeper = keeper_start(&task->shim->workers, &request, &error);
		if (!task->keeper) {
			log_write(IRONBOX_LOG_WARNING, "keep %s open for execs: %s", task->id,
			          error_text(&error));
			return NULL;
		}
		task->keeper_timer = (struct timer){ .due = kept_long_enough, .context = task };
	}
	loop_arm(&task->shim->loop, &task->keeper_timer, time_now_ms() + KEPT_MS);
	return task->keeper;
}

/* What the keeper's fork needs to know of it; malloc'ed. */
static uint8_t *pack(const struct process *process, size_t *size)
{
	Containerd__Task__V2__ExecProcessRequest request =
		CONTAINERD__TASK__V2__EXEC_PROCESS_REQUEST__INIT;
	Google__Protobuf__Any spec = GOOGLE__PROTOBUF__ANY__INIT;
	uint8_t *packed;

	spec.value = (ProtobufCBinaryData){ process->spec_size, (uint8_t *)process->spec };
	request.exec_id = process->id;
	request.stdin = process->in;
	request.stdout = process->out;
	request.stderr = process->err;
	request.terminal = process->terminal;
	request.spec = &spec;
	*size = containerd__task__v2__exec_process_request__get_packed_size(&request);
	packed = *size <= KEPT_BYTES_MAX ? malloc(*size) : NULL;
	if (packed)
		containerd__task__v2__exec_process_request__pack(&request, packed);
	return packed;
}

bool exec_start_by_keeper(struct process *process, struct ttrpc_call *call, exec_done *done)
{
	struct job job = {
		.task = process->task,
		.process = process,
		.call = call,
		.kept_run = kept_exec,
		.done = done,
	};
	cleanup_free uint8_t *packed = pack(process, &job.size);

	job.bytes = packed;
	job.keeper = packed ? keeper_of(process->task) : NULL;
	if (!job.keeper)
		return false;
	job_start(&job, "exec");
	return true;
}

bool exec_keeper_failed(const struct job *job, const struct ironbox_error *error,
                        const struct worker_reply *reply)
{
	struct task *task = job->task;

	if (!reply->never_ran && reply->numbers[1] != NOT_OPEN && error->code != ESTALE)
		return false;
	if (error->code != EAGAIN && task->keeper == job->keeper) /* not one that is only busy */
		exec_keeper_end(task);
	return task->phase == TASK_MADE;
}
