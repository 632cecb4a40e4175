/* context.h: a security context, as this node's policy knows it. */
#ifndef SELINUX_CONTEXT_H
#define SELINUX_CONTEXT_H

#include <stddef.h>

enum { CONTEXT_SIZE = 4096 }; /* the kernel takes one page */

/* Writes the context as the kernel itself would: "s0:c2,c1" is "s0:c1,c2". -1 with errno, EINVAL
 * if the policy has no such. A question to the kernel, which changes nothing. */
int context_canonical(const char *context, char canonical[CONTEXT_SIZE]);

#endif
