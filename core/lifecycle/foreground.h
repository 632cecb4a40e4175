/* The runtime as its user's stand-in: the caller's terminal, signals and exit code, while a
 * container or an exec runs in the foreground. */
#ifndef IRONBOX_LIFECYCLE_FOREGROUND_H
#define IRONBOX_LIFECYCLE_FOREGROUND_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "support/error.h"

struct foreground {
	int signal_fd; /* -1: not begun */
	int master_fd; /* of the process's terminal; -1: it has none of ours; owned */
	bool is_raw;   /* the caller's terminal is, and `before` is how it was */
	struct termios before;
	pid_t pid;
	int status; /* of waitpid(2), once the process is dead */
	bool dead;
};

#define FOREGROUND_NONE ((struct foreground){ .signal_fd = -1, .master_fd = -1 })

/* Blocks all signals that can be forwarded and collects them instead. Before the clone: none is
 * lost. The process gets them unblocked before its execve(2). */
int foreground_begin(struct foreground *foreground, struct ironbox_error *error);
/* Gives the process's terminal the size of the caller's, and makes the caller's raw. */
int foreground_take_terminal(struct foreground *foreground, int master_fd,
                             struct ironbox_error *error);
/* Until the process is dead: forwards signals, carries the terminal's bytes, reaps orphans.
 * *exit_code: its own, or 128+n for signal n. */
int foreground_wait(struct foreground *foreground, pid_t pid, int pidfd, int *exit_code,
                    struct ironbox_error *error);
/* Puts the caller's terminal back as it was. */
void foreground_end(struct foreground *foreground);

#define cleanup_foreground __attribute__((cleanup(foreground_end)))

#endif
