/* Start: of init, which was created and waits, or comes from a checkpoint; and of an exec. */
#include "task/start.h"

#include <signal.h>

#include "support/process_id.h"
#include "task/answer.h"
#include "task/create.h"
#include "task/events.h"
#include "task/exec.h"
#include "task/exit.h"
#include "task/methods.h"

void start_answer(struct process *process, struct ttrpc_call *call)
{
	Containerd__Task__V2__StartResponse response = CONTAINERD__TASK__V2__START_RESPONSE__INIT;

	process->starting = false;
	process->status = PROCESS_RUNNING;
	event_start(process);
	response.pid = (uint32_t)process->pid;
	ttrpc_reply(call, &response.base);
	process_tell_end(process); /* it may have died before we heard that it ran */
}

static int start_in_worker(const struct job *job, struct worker_reply *reply,
                           struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0)
		return -1;
	return container_start(&runtime.runtime, job->task->id, error);
}

static void started(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct process *init = &job->task->init;

	(void)reply;
	if (!error) {
		start_answer(init, job->call);
		return;
	}
	init->starting = false;
	answer_error(job->call, error);
	if (job->cut_off && is_alive(init)) /* or it would go on whenever what held it up lets go */
		process_signal(init->pidfd, SIGKILL);
	process_tell_end(init);
}

static void restored(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct task *task = job->task;
	ERROR_NONE(failure);

	if (!error && create_take(task, reply, &failure) == 0) {
		start_answer(&task->init, job->call);
		return;
	}
	task->init.starting = false;
	answer_checkpoint_error(job->call, error ? error : &failure);
	if (!error || job->cut_off)
		create_undo(task);
}

static void start_init(struct task *task, struct ttrpc_call *call)
{
	struct job job = { .task = task, .call = call };

	if (task->init.dead || task->init.status != PROCESS_CREATED || task->init.starting) {
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot start a %s process",
		           task->init.dead ? "stopped" : "running");
		return;
	}
	task->init.starting = true;
	if (task->create) {
		job.request = task->create;
		job.run = create_in_worker;
		job.done = restored;
		job_start(&job, "restore");
	} else {
		job.run = start_in_worker;
		job.done = started;
		job_start(&job, "start");
	}
}

void method_start(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__StartRequest *request = given;
	struct process *process = answer_process(context, call, request->id, request->exec_id);

	if (!process)
		return;
	if (is_init(process))
		start_init(process->task, call);
	else
		exec_start(process, call);
}
