/* What the shim tells of itself: `-info` and `-v`. */
#ifndef IRONBOX_SHIM_INFO_H
#define IRONBOX_SHIM_INFO_H

#include "command/arguments.h"
#include "support/error.h"

/* Prints a containerd.types.RuntimeInfo. */
int info_run(const struct arguments *arguments, struct ironbox_error *error);
int version_run(struct ironbox_error *error);

#endif
