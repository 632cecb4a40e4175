/* The end of the shim: when it is asked for and nothing is left, or by a signal at once. */
#ifndef IRONBOX_SHIM_SHUTDOWN_H
#define IRONBOX_SHIM_SHUTDOWN_H

#include "task/state.h"

/* Ends it, once the events that wait have been told. Its containers live on. */
void shutdown_begin(struct shim *shim);
/* No `start` finds this shim from here on: the next one makes a new one. */
void shutdown_leave_socket(struct shim *shim);
/* A task is gone: what was asked for while it was there can come now. */
void shutdown_go_on(struct shim *shim);

#endif
