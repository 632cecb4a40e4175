/* The methods of the task service, one file each or few: see service.c. */
#ifndef IRONBOX_SHIM_METHODS_H
#define IRONBOX_SHIM_METHODS_H

#include "task/state.h"

typedef void task_method(void *shim, struct ttrpc_call *call, const void *request);

task_method method_create, method_start, method_delete, method_exec, method_kill, method_wait,
	method_pause, method_resume, method_update, method_checkpoint, method_state, method_pids,
	method_stats, method_connect, method_resize_pty, method_close_io, method_shutdown;

/* The peer of a Wait is gone. */
void wait_gone(void *shim, struct ttrpc_call *call, enum ttrpc_code code);

/* Of both names of the service; ends with a NULL service. */
extern const struct ttrpc_method task_service[];

#endif
