/* The action `delete`: all that is left of a container, with or without its shim, is removed. */
#ifndef IRONBOX_SHIM_DELETE_H
#define IRONBOX_SHIM_DELETE_H

#include "command/arguments.h"
#include "support/error.h"

/* Prints a DeleteResponse. */
int delete_run(const struct arguments *arguments, struct ironbox_error *error);

#endif
