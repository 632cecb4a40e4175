/* What is done to a container that runs, and also by who has to undo, or to end, something. */
#ifndef IRONBOX_SHIM_CONTROL_H
#define IRONBOX_SHIM_CONTROL_H

#include "task/job.h"

/* In the worker: what is frozen goes on. */
int resume_in_worker(const struct job *job, struct worker_reply *reply,
                     struct ironbox_error *error);

#endif
