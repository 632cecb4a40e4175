#include "task/exit.h"

#include <signal.h>
#include <sys/wait.h>

#include <ironbox/cleanup.h>

#include "support/log.h"
#include "support/time.h"
#include "task/answer.h"
#include "task/delete.h"
#include "task/events.h"
#include "task/exec_worker.h"
#include "task/kill.h"
#include "task/wait.h"

#define DRAIN_MS    10000 /* for output that others than the process may still write */
#define NEVER_RAN   255
#define HELD_UP_MS  15000 /* for what init's end waits for */
#define SIGNAL_BASE 128   /* as shells tell a signal's number in an exit code */
#define KILLED      (SIGNAL_BASE + SIGKILL)

static uint32_t exit_status_of(int status)
{
	if (WIFEXITED(status))
		return (uint32_t)WEXITSTATUS(status);
	return SIGNAL_BASE + (uint32_t)WTERMSIG(status);
}

static void memory_looked_at(void *context)
{
	struct process *process = context;

	process->looked = true;
	process_tell_end(process);
}

/* ---- execs ---- */

static void tell_exec(struct process *exec)
{
	exec->status = PROCESS_STOPPED;
	event_exit(exec);
	process_wake_waiters(exec);
	task_tell_end(exec->task);
}

void process_never_ran(struct process *process)
{
	process->status = PROCESS_STOPPED;
	process->exit_status = NEVER_RAN;
	clock_gettime(CLOCK_REALTIME, &process->exited_at);
	process->drained = true;
	process_wake_waiters(process);
}

static void end_of_exec(struct process *exec)
{
	exec->look = (struct memory_look){ .looked = memory_looked_at, .context = exec };
	if (exec->task->memory && exec->exit_status == KILLED)
		memory_watch_look(exec->task->memory, &exec->look);
	else
		memory_looked_at(exec);
}

/* ---- init ---- */

static void rest_killed(struct job *job, struct worker_reply *reply,
                        const struct ironbox_error *error)
{
	(void)reply;
	if (error)
		log_write(IRONBOX_LOG_WARNING, "%s: after its init: %s", job->task->id,
		          error_text(error));
}

static bool exec_holds_up(const struct task *task)
{
	for (const struct process *exec = task->execs; exec; exec = exec->next)
		if (exec->starting || (exec->pid > 0 && exec->status != PROCESS_STOPPED))
			return true;
	return false;
}

static void tell_init(struct task *task)
{
	struct process *init = &task->init;

	loop_disarm(&task->shim->loop, &task->end_timer);
	init->status = PROCESS_STOPPED;
	task->paused = false;
	event_exit(init);
	process_wake_waiters(init);
	delete_go_on(task);
}

static void be_patient(struct task *task)
{
	loop_arm(&task->shim->loop, &task->end_timer, time_now_ms() + HELD_UP_MS);
}

/* Something that does not die, or does not answer, must not keep the end from being known. But a
 * Start has a deadline of its own, and is told before the end. */
static void held_up_too_long(struct timer *timer)
{
	struct task *task = timer->context;

	if (task->init.starting) {
		be_patient(task);
		return;
	}
	log_write(IRONBOX_LOG_ERROR,
	          "%s: init ended %d s ago, and %s: its end is told without waiting for that",
	          task->id, HELD_UP_MS / 1000,
	          exec_holds_up(task) ? "an exec of it did not" : "its memory was not looked at");
	tell_init(task);
}

void task_tell_end(struct task *task)
{
	const struct process *init = &task->init;

	if (task->phase != TASK_MADE || !init->dead || init->status == PROCESS_STOPPED)
		return;
	if (init->starting || !init->looked || !init->taken || exec_holds_up(task))
		return;
	tell_init(task);
}

static void keep_end(struct task *task)
{
	ERROR_NONE(error);

	task->record.exited = true;
	task->record.exit_status = task->init.exit_status;
	task->record.exited_at = task->init.exited_at;
	if (bundle_record_write(task->bundle_fd, &task->record, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", task->id, error_text(&error));
}

static void end_of_init(struct task *task)
{
	struct process *init = &task->init;

	keep_end(task);
	exec_keeper_end(task);
	if (!task->own_pid_namespace)
		job_start(&(struct job){ .task = task,
		                         .signal = SIGKILL,
		                         .run = kill_all_in_worker,
		                         .done = rest_killed },
		          "kill");
	task->end_timer = (struct timer){ .due = held_up_too_long, .context = task };
	be_patient(task);
	init->look = (struct memory_look){ .looked = memory_looked_at, .context = init };
	if (task->memory)
		memory_watch_last_look(task->memory, init->exit_status == 0, &init->look);
	else
		memory_looked_at(init);
}

/* ---- both ---- */

void process_tell_end(struct process *process)
{
	if (!process->dead || process->starting || process->status == PROCESS_STOPPED)
		return;
	if (is_init(process))
		task_tell_end(process->task);
	else if (process->looked && process->taken)
		tell_exec(process);
}

void process_ended(struct process *process, int status)
{
	struct task *task = process->task;

	process->dead = true;
	process->exit_status = exit_status_of(status);
	clock_gettime(CLOCK_REALTIME, &process->exited_at);
	replace_fd(&process->pidfd, -1); /* its Delete may never come */
	if (process->stdio)
		stdio_process_ended(process->stdio, DRAIN_MS);
	else
		process->taken = true;
	if (!is_init(process))
		end_of_exec(process);
	else if (task->phase == TASK_MADE)
		end_of_init(task);
}

void process_output_taken(void *context)
{
	struct process *process = context;

	process->taken = true;
	process_tell_end(process);
}

void process_drained(void *context)
{
	struct process *process = context;

	process->drained = true;
	if (is_init(process))
		delete_go_on(process->task);
	else
		delete_exec_go_on(process);
}
