#include "task/reap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/log.h"
#include "task/exit.h"

#define CHILDREN_MAX (1 << 20) /* bytes of their numbers */

static struct process *process_in(struct task *task, pid_t pid)
{
	if (task->init.pid == pid && !task->init.dead)
		return &task->init;
	for (struct process *exec = task->execs; exec; exec = exec->next)
		if (exec->pid == pid && !exec->dead)
			return exec;
	return NULL;
}

static struct process *process_of(const struct shim *shim, pid_t pid)
{
	struct process *process = NULL;

	for (struct task *task = shim->sandbox.tasks; task && !process; task = task->next)
		process = process_in(task, pid);
	return process;
}

static bool task_logger_reaped(struct task *task, pid_t pid)
{
	if (task->init.stdio && stdio_reaped(task->init.stdio, pid))
		return true;
	for (struct process *exec = task->execs; exec; exec = exec->next)
		if (exec->stdio && stdio_reaped(exec->stdio, pid))
			return true;
	return false;
}

static void logger_reaped(const struct shim *shim, pid_t pid)
{
	for (struct task *task = shim->sandbox.tasks; task; task = task->next)
		if (task_logger_reaped(task, pid))
			return;
}

static void reaped(struct shim *shim, pid_t pid, int status)
{
	struct process *process;

	/* Workers first: what one says of its process is in its last word, which is read there. The
	 * process itself is our child from that worker's end on, so it comes after it. */
	if (workers_reaped(&shim->workers, pid, status))
		return;
	process = process_of(shim, pid);
	if (process)
		process_ended(process, status);
	else
		logger_reaped(shim, pid);
}

void reap_children(struct shim *shim)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0)
			reaped(shim, pid, status);
		else if (pid == 0 || errno != EINTR)
			return;
	}
}
