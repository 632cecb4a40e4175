/* Where a worker, and what it made, stand in the kernel: for the error of one that hangs. */
#ifndef IRONBOX_SHIM_STUCK_H
#define IRONBOX_SHIM_STUCK_H

#include <stddef.h>
#include <sys/types.h>

/* "process 123 (ironbox-worker) is in state D at fuse_get_req". The worker and its
 * children: the init, or joiner, that it was making, a hook that it waits for. */
void stuck_describe(pid_t worker, char *text, size_t size);

#endif
