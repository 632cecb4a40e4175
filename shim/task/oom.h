/* A task's want of memory, told as an event and in words. */
#ifndef IRONBOX_SHIM_OOM_H
#define IRONBOX_SHIM_OOM_H

#include "task/state.h"

/* ends' fds are taken, also when it fails. */
int oom_watch(struct task *task, struct memory_ends *ends, struct ironbox_error *error);

#endif
