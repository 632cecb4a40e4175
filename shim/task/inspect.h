#ifndef IRONBOX_SHIM_INSPECT_H
#define IRONBOX_SHIM_INSPECT_H

#include "task/state.h"

/* SIGUSR1: all that we know goes to the log. */
void inspect(const struct shim *shim);

#endif
