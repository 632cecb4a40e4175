#ifndef IRONBOX_SHIM_START_H
#define IRONBOX_SHIM_START_H

#include "task/state.h"

/* The process runs: that is told, and Start is answered. */
void start_answer(struct process *process, struct ttrpc_call *call);

#endif
