/* Finding the program before it is run, so that create can say what start would fail of. */
#ifndef IRONBOX_LIFECYCLE_FIND_PROGRAM_H
#define IRONBOX_LIFECYCLE_FIND_PROGRAM_H

#include "lifecycle/container.h"

/* Sets process.args' program: *path is what execve(2) gets, malloc'ed. Inside the new root, with
 * the working directory set. The words are those that callers match (docker: lower case). */
int find_program(const struct container *container, char **path, struct ironbox_error *error);

#endif
