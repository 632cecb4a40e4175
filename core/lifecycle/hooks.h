/* Running the hooks of the spec, config.md "POSIX-platform Hooks". */
#ifndef IRONBOX_LIFECYCLE_HOOKS_H
#define IRONBOX_LIFECYCLE_HOOKS_H

#include "lifecycle/container.h"
#include "oci/hooks.h"

/* Looks at all hooks before anything is made: each is a file that root owns and no one else may
 * write, or a magic link (docker's /proc/PID/exe). startContainer hooks are the container's own
 * and are not looked at. */
int hooks_check(const struct spec *spec, struct ironbox_error *error);

/* Runs the hooks of one kind, in order, with the container's state on stdin, their own environment
 * and nothing else of ours. Stops at the first that fails, and tells what it wrote to stderr. */
int hooks_run(struct container *container, enum hook_kind kind, enum container_status status,
              struct ironbox_error *error);

#endif
