/* The container's state as JSON, runtime.md "State": for hooks and seccomp agents. */
#ifndef IRONBOX_LIFECYCLE_STATE_JSON_H
#define IRONBOX_LIFECYCLE_STATE_JSON_H

#include "lifecycle/container.h"

/* malloc'ed; NULL: no memory. pid is left out when it is not known. */
char *state_json(const struct container *container, enum container_status status);

#endif
