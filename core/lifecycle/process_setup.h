/* What core does for the container's process itself, in init and in the joiner, between the
 * stages' phases. In the order of their calls. */
#ifndef IRONBOX_LIFECYCLE_PROCESS_SETUP_H
#define IRONBOX_LIFECYCLE_PROCESS_SETUP_H

#include "lifecycle/container.h"

/* Finds HOME, sets rlimits, session keyring, working directory, scheduling, I/O priority, affinity,
 * personality, memory policy: all that needs privilege, or is no harm with it. */
int process_setup(struct container *container, struct ironbox_error *error);
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
/* Exactly the groups that the process is to have. */
int process_set_groups(const struct container *container, struct ironbox_error *error);
/* Finds the program, and enters a working directory that root was denied: both with the file rights
 * of the user that the process is to be, for setfsuid(2) takes with them the capabilities that get
 * around file modes. In the groups of the process. */
int process_look_up(struct container *container, struct ironbox_error *error);
/* gid, uid, umask, no_new_privs. Capabilities are kept for the stage that sets them. */
int process_become_user(struct container *container, struct ironbox_error *error);
/* execve(2); returns only when that failed, with its errno in error->code. See explain_execve. */
int process_execute(struct container *container, struct ironbox_error *error);

#endif
