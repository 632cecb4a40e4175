/* A process that joins a container which is open: what `exec` and a held place share. */
#ifndef IRONBOX_LIFECYCLE_JOINER_H
#define IRONBOX_LIFECYCLE_JOINER_H

#include "lifecycle/container.h"
#include "lifecycle/foreground.h"

/* Takes what the request ties to its caller. */
void joiner_begin(struct container *container, const struct exec_request *request);
int joiner_check_alive(bool alive, struct ironbox_error *error);
/* Of a container whose pipeline is loaded. */
int joiner_check_paused(struct container *container, bool ignore_paused,
                        struct ironbox_error *error);
/* Makes the process, up to its execve(2). It may stand half made when this fails. */
int joiner_make(struct container *container, const struct exec_request *request,
                struct foreground *foreground, struct ironbox_error *error);
/* What joiner_make has left half made does not stay. */
void joiner_end(struct container *container);

#endif
