/* How many fds the shim may have: one serves a pod. What it makes has what the shim was given. */
#ifndef IRONBOX_SHIM_FILES_H
#define IRONBOX_SHIM_FILES_H

#include <sys/resource.h>

/* As many as the hard limit says. Where that fails it goes on with what it has. */
void files_raise(struct rlimit *before);
/* In a fork: as it was. */
void files_restore(const struct rlimit *before);

#endif
