/* Whether we have the rights of the host's root, which uid 0 does not say. */
#ifndef IRONBOX_SUPPORT_HOST_ROOT_H
#define IRONBOX_SUPPORT_HOST_ROOT_H

#include <stdbool.h>

/* Root of the host, and not of a user namespace: uid 0 there is anyone. */
bool host_root_is_us(void);

#endif
