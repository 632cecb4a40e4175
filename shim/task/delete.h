/* What Delete waits for (see process_drained and tell_init), and who waits for what it removes. */
#ifndef IRONBOX_SHIM_DELETE_H
#define IRONBOX_SHIM_DELETE_H

#include "task/job.h"

/* Each does nothing where no Delete waits. */
void delete_go_on(struct task *task);
void delete_exec_go_on(struct process *process);
/* The container goes, or never came to be: who waits for a process of it hears so. */
void task_fail_calls(struct task *task);
/* In the worker: removes the container, or what there is of it. */
int delete_in_worker(const struct job *job, struct worker_reply *reply,
                     struct ironbox_error *error);

#endif
