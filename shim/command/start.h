/* The action `start`: a daemon for this container, or the one that its group has. */
#ifndef IRONBOX_SHIM_START_H
#define IRONBOX_SHIM_START_H

#include "command/arguments.h"
#include "support/error.h"

/* argv: main's own, which the daemon writes over. Prints the daemon's address. */
int start_run(const struct arguments *arguments, char **argv, struct ironbox_error *error);

#endif
