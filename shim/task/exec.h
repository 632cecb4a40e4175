#ifndef IRONBOX_SHIM_EXEC_H
#define IRONBOX_SHIM_EXEC_H

#include "task/state.h"

/* Start of an exec. */
void exec_start(struct process *process, struct ttrpc_call *call);

#endif
