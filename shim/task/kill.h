/* Kill, as others than its callers need it. */
#ifndef IRONBOX_SHIM_KILL_H
#define IRONBOX_SHIM_KILL_H

#include "task/job.h"

/* In the worker: job->signal for all processes of the container. */
int kill_all_in_worker(const struct job *job, struct worker_reply *reply,
                       struct ironbox_error *error);

#endif
