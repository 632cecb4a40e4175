#include "task/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

/* ---- processes ---- */

static void process_begin(struct process *process, struct task *task)
{
	process->task = task;
	process->pidfd = -1;
}

/* Calls that still wait are the server's: at the shim's own end nobody is told anything. */
static void free_waiters(struct process *process)
{
	while (process->waiters) {
		struct waiter *waiter = process->waiters;

		process->waiters = waiter->next;
		free(waiter);
	}
}

static void process_end(struct process *process)
{
	free_waiters(process);
	if (process->stdio)
		stdio_end(process->stdio);
	replace_fd(&process->pidfd, -1);
	free(process->id);
	free(process->in);
	free(process->out);
	free(process->err);
	free(process->spec);
}

bool is_init(const struct process *process)
{
	return process == &process->task->init;
}

bool is_alive(const struct process *process)
{
	return process->pid > 0 && !process->dead;
}

const char *process_name(const struct process *process, char *text, size_t size)
{
	if (is_init(process))
		snprintf(text, size, "%s", process->id);
	else
		snprintf(text, size, "%s of %s", process->id, process->task->id);
	return text;
}

int process_set_streams(struct process *process, const char *in, const char *out, const char *err,
                        bool terminal)
{
	process->in = strdup(in);
	process->out = strdup(out);
	process->err = strdup(err);
	process->terminal = terminal;
	return process->in && process->out && process->err ? 0 : -1;
}

struct process *exec_new(struct task *task, const char *id)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process_begin(process, task);
	process->id = strdup(id);
	if (!process->id) {
		free(process);
		return NULL;
	}
	process->next = task->execs;
	task->execs = process;
	return process;
}

void exec_remove(struct process *process)
{
	struct process **at = &process->task->execs;

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	process_end(process);
	free(process);
}

struct process *exec_find(const struct task *task, const char *id)
{
	struct process *process = task->execs;

	while (process && strcmp(process->id, id) != 0)
		process = process->next;
	return process;
}

/* ---- tasks ---- */

static void task_free(struct task *task)
{
	while (task->execs)
		exec_remove(task->execs);
	process_end(&task->init);
	memory_watch_end(task->memory);
	replace_fd(&task->bundle_fd, -1);
	bundle_record_free(&task->record);
	task_options_free(&task->options);
	if (task->create)
		containerd__task__v2__create_task_request__free_unpacked(task->create, NULL);
	free(task->checkpoint);
	free(task->bundle);
	free(task->id);
	free(task);
}

struct task *task_new(struct shim *shim, const char *id, const char *bundle)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->shim = shim;
	task->bundle_fd = -1;
	process_begin(&task->init, task);
	task->id = strdup(id);
	task->bundle = strdup(bundle);
	task->init.id = strdup(id);
	if (!task->id || !task->bundle || !task->init.id) {
		task_free(task);
		return NULL;
	}
	task->next = shim->sandbox.tasks;
	shim->sandbox.tasks = task;
	return task;
}

void task_free_if_gone(struct task *task)
{
	if (task->phase == TASK_GONE && task->jobs == 0)
		task_free(task);
}

void task_remove(struct task *task)
{
	struct task **at = &task->shim->sandbox.tasks;

	while (*at != task)
		at = &(*at)->next;
	*at = task->next;
	task->phase = TASK_GONE;
	loop_disarm(&task->shim->loop, &task->end_timer);
	loop_disarm(&task->shim->loop, &task->keeper_timer);
	keeper_end(task->keeper);
	task->keeper = NULL;
	task_free_if_gone(task);
}

struct task *task_find(const struct shim *shim, const char *id)
{
	struct task *task = shim->sandbox.tasks;

	while (task && strcmp(task->id, id) != 0)
		task = task->next;
	return task;
}

/* ---- the shim's end ---- */

static void leave_loggers(struct process *process)
{
	if (!process->stdio)
		return;
	if (is_alive(process)) {
		stdio_keep_loggers(process->stdio);
		return;
	}
	stdio_end(process->stdio);
	process->stdio = NULL;
}

void state_leave_loggers(struct shim *shim)
{
	for (struct task *task = shim->sandbox.tasks; task; task = task->next) {
		leave_loggers(&task->init);
		for (struct process *exec = task->execs; exec; exec = exec->next)
			leave_loggers(exec);
	}
}

/* ---- fds ---- */

static void visit_process(const struct process *process,
                          void (*visit)(void *context, const char *name, int fd), void *context)
{
	char name[256], of[200];

	if (process->pidfd < 0)
		return;
	snprintf(name, sizeof(name), "pidfd of %s", process_name(process, of, sizeof(of)));
	visit(context, name, process->pidfd);
}

void state_visit_fds(const struct shim *shim,
                     void (*visit)(void *context, const char *name, int fd), void *context)
{
	char name[256];

	visit(context, "the socket", shim->server_watch.fd);
	for (const struct task *task = shim->sandbox.tasks; task; task = task->next) {
		snprintf(name, sizeof(name), "bundle of %s", task->id);
		if (task->bundle_fd >= 0)
			visit(context, name, task->bundle_fd);
		visit_process(&task->init, visit, context);
		for (const struct process *exec = task->execs; exec; exec = exec->next)
			visit_process(exec, visit, context);
	}
}
