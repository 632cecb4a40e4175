/* Wait: as many at a time as clients like, answered at once where the process has ended. */
#include "task/wait.h"

#include <stdlib.h>

#include "task/answer.h"
#include "task/methods.h"

static void answer(struct ttrpc_call *call, const struct process *process)
{
	Containerd__Task__V2__WaitResponse response = CONTAINERD__TASK__V2__WAIT_RESPONSE__INIT;
	Google__Protobuf__Timestamp exited_at;

	answer_time(&exited_at, &process->exited_at);
	response.exit_status = process->exit_status;
	response.exited_at = &exited_at;
	ttrpc_reply(call, &response.base);
}

/* The first of them, whose call is the caller's to answer; NULL: there is none. */
static struct ttrpc_call *take_waiter(struct process *process)
{
	struct waiter *waiter = process->waiters;
	struct ttrpc_call *call = waiter ? waiter->call : NULL;

	if (waiter)
		process->waiters = waiter->next;
	free(waiter);
	return call;
}

void process_wake_waiters(struct process *process)
{
	struct ttrpc_call *call;

	while ((call = take_waiter(process)))
		answer(call, process);
}

void process_fail_waiters(struct process *process)
{
	struct ttrpc_call *call;

	while ((call = take_waiter(process)))
		ttrpc_fail(call, TTRPC_NOT_FOUND, "process %s was deleted", process->id);
}

static bool forget(struct process *process, const struct ttrpc_call *call)
{
	for (struct waiter **at = &process->waiters; *at; at = &(*at)->next)
		if ((*at)->call == call) {
			struct waiter *waiter = *at;

			*at = waiter->next;
			free(waiter);
			return true;
		}
	return false;
}

static bool forget_in_task(struct task *task, const struct ttrpc_call *call)
{
	if (forget(&task->init, call))
		return true;
	for (struct process *exec = task->execs; exec; exec = exec->next)
		if (forget(exec, call))
			return true;
	return false;
}

void wait_gone(void *context, struct ttrpc_call *call, enum ttrpc_code code)
{
	struct shim *shim = context;

	for (struct task *task = shim->sandbox.tasks; task; task = task->next)
		if (forget_in_task(task, call)) {
			ttrpc_fail(call, code, "%s",
			           code == TTRPC_CANCELED ? "who waited is gone"
			                                  : "it has not ended in time");
			return;
		}
}

void method_wait(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__WaitRequest *request = given;
	struct process *process = answer_process(context, call, request->id, request->exec_id);
	struct waiter *waiter;

	if (!process)
		return;
	if (process->status == PROCESS_STOPPED) {
		answer(call, process);
		return;
	}
	waiter = malloc(sizeof(*waiter));
	if (!waiter) {
		answer_no_memory(call);
		return;
	}
	*waiter = (struct waiter){ .next = process->waiters, .call = call };
	process->waiters = waiter;
}
