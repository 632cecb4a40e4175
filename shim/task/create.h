/* How a container comes to be, for Create, and for Start of one that comes from a checkpoint. */
#ifndef IRONBOX_SHIM_CREATE_H
#define IRONBOX_SHIM_CREATE_H

#include "task/made.h"

/* In the worker: the container, by Create's request, as created or (by its checkpoint) running. */
int create_in_worker(const struct job *job, struct worker_reply *reply,
                     struct ironbox_error *error);
/* In the loop: takes over what the worker made. -1: it is to be undone. */
int create_take(struct task *task, struct worker_reply *reply, struct ironbox_error *error);
/* Removes what is left of a container that could not be made whole, and then the task. */
void create_undo(struct task *task);

#endif
