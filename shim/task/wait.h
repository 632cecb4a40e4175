/* Calls that wait for a process's end. */
#ifndef IRONBOX_SHIM_WAIT_H
#define IRONBOX_SHIM_WAIT_H

#include "task/state.h"

/* Its end is known: all who wait for it hear of it. */
void process_wake_waiters(struct process *process);
/* It will never run: they hear that. */
void process_fail_waiters(struct process *process);

#endif
