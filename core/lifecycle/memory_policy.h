/* linux.memoryPolicy, runtime-spec 1.3: set_mempolicy(2) before the process begins. */
#ifndef IRONBOX_LIFECYCLE_MEMORY_POLICY_H
#define IRONBOX_LIFECYCLE_MEMORY_POLICY_H

#include "oci/spec.h"

/* Checks it and sets it; nothing asked: nothing done. */
int memory_policy_set(const struct spec *spec, struct ironbox_error *error);

#endif
