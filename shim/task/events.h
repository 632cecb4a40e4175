/* What containerd is told, in the order in which these are called. */
#ifndef IRONBOX_SHIM_TASK_EVENTS_H
#define IRONBOX_SHIM_TASK_EVENTS_H

#include "task/state.h"

void event_create(const struct task *task, const Containerd__Task__V2__CreateTaskRequest *request);
void event_start(const struct process *process); /* an exec's, too */
void event_exit(const struct process *process);
void event_delete(const struct task *task);
void event_oom(const struct task *task);
void event_exec_added(const struct process *process);
void event_paused(const struct task *task);
void event_resumed(const struct task *task);
void event_checkpointed(const struct task *task, const char *path);

#endif
