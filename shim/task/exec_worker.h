/*
 * What starts an exec: a worker as any other verb has it, or, as nodes do that all day, one that a
 * keeper forks, which holds the container open: no ini, no config.json is read, no plugin loaded.
 */
#ifndef IRONBOX_SHIM_EXEC_WORKER_H
#define IRONBOX_SHIM_EXEC_WORKER_H

#include "task/job.h"

typedef void exec_done(struct job *job, struct worker_reply *reply,
                       const struct ironbox_error *error);

/* Hands back a struct made. */
void exec_start_by_worker(struct process *process, struct ttrpc_call *call, exec_done *done);
/* The same; false: it can't be done like that. */
bool exec_start_by_keeper(struct process *process, struct ttrpc_call *call, exec_done *done);
/* An exec by a keeper has failed: true if that was for the keeper's sake, which is gone then, or
 * has too much to do, and nothing was begun. */
bool exec_keeper_failed(const struct job *job, const struct ironbox_error *error,
                        const struct worker_reply *reply);
/* The container ended, or changed. */
void exec_keeper_end(struct task *task);

#endif
