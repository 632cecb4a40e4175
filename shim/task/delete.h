/* What Delete waits for: see process_drained and tell_init. */
#ifndef IRONBOX_SHIM_DELETE_H
#define IRONBOX_SHIM_DELETE_H

#include "task/state.h"

/* Each does nothing where no Delete waits. */
void delete_go_on(struct task *task);
void delete_exec_go_on(struct process *process);

#endif
