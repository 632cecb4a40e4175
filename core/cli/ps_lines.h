/* The lines of ps(1) for some processes. */
#ifndef IRONBOX_CLI_PS_LINES_H
#define IRONBOX_CLI_PS_LINES_H

#include <stddef.h>
#include <sys/types.h>

#include "support/error.h"

/* Runs ps(1) with these options (-ef if there are none), prints its title line and the lines whose
 * PID column is one of these pids. */
int ps_lines_print(const pid_t *pids, size_t count, char *const *ps_options,
                   struct ironbox_error *error);

#endif
