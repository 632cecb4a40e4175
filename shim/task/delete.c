/* Delete: of an exec its record alone, of init the whole container. */
#include "task/delete.h"

#include <signal.h>

#include "support/log.h"
#include "support/process_id.h"
#include "task/answer.h"
#include "task/events.h"
#include "task/methods.h"
#include "task/wait.h"

static void answer_deleted(struct ttrpc_call *call, const struct process *process)
{
	Containerd__Task__V2__DeleteResponse response = CONTAINERD__TASK__V2__DELETE_RESPONSE__INIT;
	Google__Protobuf__Timestamp exited_at;

	answer_time(&exited_at, &process->exited_at);
	response.pid = (uint32_t)process->pid;
	response.exit_status = process->exit_status;
	response.exited_at = &exited_at;
	ttrpc_reply(call, &response.base);
}

/* A Delete that waits already, or a worker that is at it. */
static bool refuse_second(struct process *process, struct ttrpc_call *call)
{
	if (!process->deleting)
		return false;
	ttrpc_fail(call, TTRPC_FAILED_PRECONDITION, "%s is being deleted already", process->id);
	return true;
}

static void refuse_running(struct ttrpc_call *call)
{
	ttrpc_fail(call, TTRPC_UNKNOWN, "cannot delete a running process");
}

/* ---- an exec ---- */

static void finish_exec(struct process *process)
{
	process_fail_waiters(process);
	answer_deleted(process->delete_call, process);
	exec_remove(process);
}

void delete_exec_go_on(struct process *process)
{
	if (process->delete_call && process->drained)
		finish_exec(process);
}

static void delete_exec(struct process *process, struct ttrpc_call *call)
{
	if (refuse_second(process, call))
		return;
	if (process->starting || process->status == PROCESS_RUNNING) {
		refuse_running(call);
		return;
	}
	process->deleting = true;
	process->delete_call = call;
	if (process->status == PROCESS_CREATED)
		finish_exec(process);
	else
		delete_exec_go_on(process);
}

/* ---- the container ---- */

/* Who still waits for an exec that goes with its container. */
static void end_calls(struct process *exec)
{
	process_fail_waiters(exec);
	if (exec->delete_call)
		answer_deleted(exec->delete_call, exec);
	exec->delete_call = NULL;
}

void task_fail_calls(struct task *task)
{
	for (struct process *exec = task->execs; exec; exec = exec->next)
		end_calls(exec);
	process_fail_waiters(&task->init);
}

static void finish(struct task *task)
{
	struct ttrpc_call *call = task->init.delete_call;

	event_delete(task);
	answer_deleted(call, &task->init);
	task_fail_calls(task);
	task_remove(task);
}

int delete_in_worker(const struct job *job, struct worker_reply *reply, struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0)
		return -1;
	/* by force: of what is gone already nothing is left to delete, which is the aim */
	return container_delete(&runtime.runtime, job->task->id, true, error);
}

static void deleted(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct process *init = &job->task->init;

	(void)reply;
	if (!error) {
		finish(job->task);
		return;
	}
	answer_error(init->delete_call, error); /* it can be tried again */
	init->delete_call = NULL;
	init->deleting = false;
}

void delete_go_on(struct task *task)
{
	const struct process *init = &task->init;

	if (!init->delete_call || init->status != PROCESS_STOPPED || !init->drained)
		return;
	job_start(&(struct job){ .task = task,
	                         .call = init->delete_call,
	                         .run = delete_in_worker,
	                         .done = deleted },
	          "delete");
}

static void delete_init(struct task *task, struct ttrpc_call *call)
{
	struct process *init = &task->init;

	if (refuse_second(init, call))
		return;
	if (init->starting || init->status == PROCESS_RUNNING) {
		refuse_running(call);
		return;
	}
	init->deleting = true;
	init->delete_call = call;
	if (init->status == PROCESS_CREATED && init->pid == 0) {
		finish(task); /* its checkpoint was never started from */
		return;
	}
	if (is_alive(init)) /* it goes on when it is dead, and that was told */
		process_signal(init->pidfd, SIGKILL);
	delete_go_on(task);
}

void method_delete(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__DeleteRequest *request = given;
	struct process *process = answer_process(context, call, request->id, request->exec_id);

	if (!process)
		return;
	if (is_init(process))
		delete_init(process->task, call);
	else
		delete_exec(process, call);
}
