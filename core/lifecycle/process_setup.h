/* What core does for the container's process itself, in init and in the joiner, between the
 * stages' phases. In the order of their calls. */
#ifndef IRONBOX_LIFECYCLE_PROCESS_SETUP_H
#define IRONBOX_LIFECYCLE_PROCESS_SETUP_H

#include "lifecycle/container.h"

/* Finds the program and HOME, sets rlimits, session keyring, working directory, scheduling, I/O
 * priority, affinity, personality, memory policy: all that needs privilege, or is no harm with it.
 */
int process_setup(struct container *container, bool no_new_keyring, struct ironbox_error *error);
/* Takes the stdio that it was given, and closes all that is the runtime's but that, preserve_fds
 * more, the line on which an error is told, the start FIFO, the terminal and what stages asked to
 * keep; signals are as a process has them at birth.
 */
int process_leave_runtime(struct container *container, uint32_t preserve_fds,
                          struct ironbox_error *error);
/* A session of its own; the terminal if a stage gave one, as stdin, stdout and stderr. */
int process_stdio(struct container *container, struct ironbox_error *error);
/* Puts these fds in the places of 0, 1 and 2. Copies that it needs for it are above `spare_fd`. */
int process_take_stdio(const int given[3], int spare_fd, struct ironbox_error *error);
/* Groups, gid, uid, umask, no_new_privs. Capabilities are kept for the stage that sets them. */
int process_become_user(struct container *container, struct ironbox_error *error);
/* execve(2); returns only when that failed, with its errno in error->code. See explain_execve. */
int process_execute(struct container *container, struct ironbox_error *error);

#endif
