/* Kill: a signal for one process, sent from the loop itself, or for all of a container. */
#include "task/kill.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "support/log.h"
#include "support/process_id.h"
#include "task/answer.h"
#include "task/control.h"
#include "task/methods.h"

static void refuse_finished(struct ttrpc_call *call)
{
	/* by these words clients know that it is dead, as they wished */
	ttrpc_fail(call, TTRPC_NOT_FOUND, "process already finished");
}

/* ---- all ---- */

int kill_all_in_worker(const struct job *job, struct worker_reply *reply,
                       struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0)
		return -1;
	return container_kill(&runtime.runtime, job->task->id, job->signal, true, error);
}

static void killed(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	(void)reply;
	if (!error)
		answer_empty(job->call);
	else if (job->task->phase == TASK_GONE)
		refuse_finished(job->call);
	else
		answer_error(job->call, error);
}

/* ---- one ---- */

static void thawed(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	(void)job;
	(void)reply;
	if (error) /* cgroup v2 lets a frozen process die; then there is nothing to resume */
		log_write(IRONBOX_LOG_DEBUG, "%s", error_text(error));
}

static void kill_one(struct process *process, struct ttrpc_call *call, int number)
{
	if (process->status == PROCESS_CREATED && process->pid == 0) {
		ttrpc_fail(call, TTRPC_FAILED_PRECONDITION, "process %s has not been started",
		           process->id);
	} else if (!is_alive(process)) {
		refuse_finished(call);
	} else if (process_signal(process->pidfd, number) == 0) {
		answer_empty(call);
		/* cgroup v1 keeps it alive; an exec waits for Resume, with all others */
		if (number == SIGKILL && process->task->paused && is_init(process))
			job_start(&(struct job){ .task = process->task,
			                         .run = resume_in_worker,
			                         .done = thawed },
			          "thaw");
	} else if (errno == ESRCH) {
		refuse_finished(call);
	} else {
		ttrpc_fail(call, errno == EINVAL ? TTRPC_INVALID_ARGUMENT : TTRPC_UNKNOWN,
		           "send signal %d to %s: %s", number, process->id, strerror(errno));
	}
}

void method_kill(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__KillRequest *request = given;
	struct process *process = answer_process(context, call, request->id, request->exec_id);

	if (!process)
		return;
	if (request->signal > (uint32_t)SIGRTMAX)
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "there is no signal %u", request->signal);
	else if (!request->all || !is_init(process) || process->pid == 0)
		kill_one(process, call, (int)request->signal);
	else
		job_start(&(struct job){ .task = process->task,
		                         .call = call,
		                         .signal = (int)request->signal,
		                         .run = kill_all_in_worker,
		                         .done = killed },
		          "kill");
}
