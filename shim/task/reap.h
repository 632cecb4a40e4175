/* Our children: workers, loggers, and the processes of containers, which become ours when the
 * workers that made them end (PR_SET_CHILD_SUBREAPER). */
#ifndef IRONBOX_SHIM_REAP_H
#define IRONBOX_SHIM_REAP_H

#include "task/state.h"

/* SIGCHLD has come: each that is dead, once. */
void reap_children(struct shim *shim);

#endif
