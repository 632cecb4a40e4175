/* Where the shim stands among the processes of the node: all of it before the fork, so that the
 * daemon begins with it. */
#ifndef IRONBOX_SHIM_PLACEMENT_H
#define IRONBOX_SHIM_PLACEMENT_H

#include <sys/types.h>

#include "support/error.h"

/* We, and who is forked of us, share a core with nobody else (core scheduling). */
int placement_sched_core(struct ironbox_error *error);

/* Our oom_score_adj becomes one more than that of another: the shim goes before containerd does. */
int placement_oom_score(pid_t containerd, struct ironbox_error *error);

/* Moves us into a cgroup that is there, in each hierarchy that has it. */
int placement_cgroup(const char *path, struct ironbox_error *error);

#endif
