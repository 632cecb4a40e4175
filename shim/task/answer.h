/* Answers to calls: which code an error gets, and what several methods answer alike. */
#ifndef IRONBOX_SHIM_ANSWER_H
#define IRONBOX_SHIM_ANSWER_H

#include "task/state.h"

/* With the code that clients tell apart by. */
void answer_error(struct ttrpc_call *call, const struct ironbox_error *error);
/* The same of a checkpoint's: Unimplemented where this node has nothing that makes or reads one. Of
 * any other call that code would have containerd take us for a shim of another version. */
void answer_checkpoint_error(struct ttrpc_call *call, const struct ironbox_error *error);
void answer_empty(struct ttrpc_call *call);
void answer_no_memory(struct ttrpc_call *call);

/* The task of a call, or its process (exec_id "": init): NULL, and the call has been answered. */
struct task *answer_task(struct shim *shim, struct ttrpc_call *call, const char *id);
struct process *answer_process(struct shim *shim, struct ttrpc_call *call, const char *id,
                               const char *exec_id);

/* Of a process that has not ended it is Go's zero time, by which clients know that. */
void answer_time(Google__Protobuf__Timestamp *time, const struct timespec *at);

#endif
