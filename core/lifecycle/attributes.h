/* The attributes below /proc/PID/attr that stages have the container's process write of itself:
 * ironbox_host.write_attribute. Where no stage wants any, these do nothing. */
#ifndef IRONBOX_LIFECYCLE_ATTRIBUTES_H
#define IRONBOX_LIFECYCLE_ATTRIBUTES_H

#include "lifecycle/container.h"

/* Init, before it changes its root: writes them all. */
int attributes_write(struct pipeline *pipeline, struct ironbox_error *error);

/* A joiner that the container can see must hold nothing that leads to the host's procfs, and the
 * container's own can't be trusted. So the runtime, which may open a file of it but not write,
 * hands that over: one file that is good for nothing but its own label. */
int attributes_hand_over(struct container *container, struct ironbox_error *error);
/* The joiner's side. */
int attributes_write_received(struct container *container, struct ironbox_error *error);

#endif
