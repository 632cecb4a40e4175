/* Exec, which only notes what is to run, and the start of it. */
#include "task/exec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/process_id.h"
#include "task/answer.h"
#include "task/events.h"
#include "task/exec_worker.h"
#include "task/exit.h"
#include "task/identifier.h"
#include "task/made.h"
#include "task/methods.h"
#include "task/start.h"

/* ---- started ---- */

static void free_spec(struct process *process)
{
	free(process->spec);
	process->spec = NULL;
	process->spec_size = 0;
}

static void fail_start(struct process *process, struct ttrpc_call *call,
                       const struct ironbox_error *error)
{
	answer_error(call, error);
	process->starting = false;
	process_never_ran(process);
	task_tell_end(process->task); /* which may have waited for us */
}

/* Its Start has failed, so it never ran, which is told: what it is reaped with is no second end of
 * it. Ours, or about to be, and not reaped: it is that one. */
static void disown(struct process *process, pid_t pid)
{
	kill(pid, SIGKILL);
	replace_fd(&process->pidfd, -1);
	process->pid = 0;
}

static int take(struct process *process, struct worker_reply *reply, struct ironbox_error *error)
{
	struct made made = MADE_NONE;
	int result = made_take(&made, reply, error);

	if (result == 0 && process->task->phase != TASK_MADE) {
		result = error_begin(error, 0, "the container was deleted meanwhile");
		stdio_undo(&made.ends);
	} else if (result == 0) {
		result = made_begin(&made, process, error);
	}
	if (result < 0 && made.pid > 0)
		disown(process, made.pid);
	made_close(&made);
	return result;
}

static void exec_started(struct job *job, struct worker_reply *reply,
                         const struct ironbox_error *error)
{
	struct process *process = job->process;
	ERROR_NONE(failure);

	if (job->keeper && error && exec_keeper_failed(job, error, reply)) {
		exec_start_by_worker(process, job->call, exec_started);
		return;
	}
	free_spec(process);
	if (!error && take(process, reply, &failure) == 0)
		start_answer(process, job->call);
	else
		fail_start(process, job->call, error ? error : &failure);
}

void exec_start(struct process *process, struct ttrpc_call *call)
{
	struct task *task = process->task;

	if (task->init.dead) {
		ttrpc_fail(call, TTRPC_FAILED_PRECONDITION, "cannot exec in a stopped container");
	} else if (process->status != PROCESS_CREATED || process->starting) {
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot start a %s process",
		           process->status == PROCESS_STOPPED ? "stopped" : "running");
	} else {
		process->starting = true;
		if (!exec_start_by_keeper(process, call, exec_started))
			exec_start_by_worker(process, call, exec_started);
	}
}

/* ---- noted ---- */

static bool may_exec(struct task *task, struct ttrpc_call *call, const char *exec_id)
{
	if (!identifier_is_valid(exec_id))
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT,
		           "invalid exec id \"%s\": letters, digits, and ._- between them",
		           exec_id);
	else if (exec_find(task, exec_id) || strcmp(exec_id, task->id) == 0)
		ttrpc_fail(call, TTRPC_ALREADY_EXISTS, "process %s already exists", exec_id);
	else if (task->init.dead || task->init.deleting)
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot exec in a stopped container");
	else if (task->paused || task->pausing)
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot exec in a paused container");
	else
		return true;
	return false;
}

static int note(struct process *process, const Containerd__Task__V2__ExecProcessRequest *request)
{
	if (process_set_streams(process, request->stdin, request->stdout, request->stderr,
	                        request->terminal) < 0)
		return -1;
	process->spec_size = request->spec->value.len;
	process->spec = malloc(process->spec_size + 1);
	if (!process->spec)
		return -1;
	memcpy(process->spec, request->spec->value.data, process->spec_size);
	process->spec[process->spec_size] = '\0';
	return 0;
}

void method_exec(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__ExecProcessRequest *request = given;
	struct task *task = answer_task(context, call, request->id);
	struct process *process;

	if (!task || !may_exec(task, call, request->exec_id))
		return;
	if (!request->spec || request->spec->value.len == 0) {
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "exec in %s: no process is given",
		           task->id);
		return;
	}
	process = exec_new(task, request->exec_id);
	if (process && note(process, request) == 0) {
		event_exec_added(process);
		answer_empty(call);
		return;
	}
	if (process)
		exec_remove(process);
	answer_no_memory(call);
}
