/* Processes that write for the shim. They are made in a worker and are children of the shim. */
#ifndef IRONBOX_SHIM_STDIO_CHILD_H
#define IRONBOX_SHIM_STDIO_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "stdio/stdio.h"
#include "stdio/uri.h"

struct child {
	pid_t pid;
	uint64_t birth; /* its start time */
};

/* A process that appends to the file what comes from the pipe, until its end. */
int child_write_file(int pipe_fd, int file_fd, const char *path, struct child *child,
                     struct ironbox_error *error);

/* The program of a binary:// URI; comes back when it says that it is ready, or ends it. Its fds 3
 * and 4 are these two pipes. */
int child_run_logger(const struct stdio_request *request, const struct uri *uri,
                     const int pipe_fds[2], struct child *child, struct ironbox_error *error);

/* clone3(2) as a child of our parent's: 0 in it, or its pid, or -1 with errno. */
pid_t child_clone(int *pidfd);
/* In it: a group and a directory of its own, signals as at birth, /dev/null as 0 and 1, these
 * fds from 3 on, and no others but 2. -1 with errno. *spare is kept until execve(2), as the number
 * that it has then; NULL: there is none. */
int child_settle(const int *fds, int count, int *spare);

#endif
