/* What the runtime does, from outside, to a process that it has just cloned: init's and the
 * joiner's common part. */
#ifndef IRONBOX_LIFECYCLE_OUTSIDE_H
#define IRONBOX_LIFECYCLE_OUTSIDE_H

#include "lifecycle/container.h"

/* Who is to get what of the process; NULL: nobody. Beside them, container->ties. */
struct outside_receivers {
	const char *console_socket, *pidfd_socket, *pid_file;
};

/* process.oomScoreAdj: a process that is not dumpable, or in a user namespace, can't open its own.
 */
int outside_set_oom_score(const struct container *container, struct ironbox_error *error);

/* Saying "start" ahead of READY: the process finds the word when it comes to wait for it, which
 * saves two context switches. Not where somebody must get something of the process first; the pid
 * file is written before the word is given. */
bool outside_may_go_early(const struct container *container,
                          const struct outside_receivers *receivers);
int outside_go_early(struct container *container, const struct outside_receivers *receivers,
                     struct ironbox_error *error);

/* Waits for READY, or tells why it did not come. `who`: "init", "the process". */
int outside_await_ready(struct container *container, const char *who, struct ironbox_error *error);

int outside_hand_over(struct container *container, const struct outside_receivers *receivers,
                      struct ironbox_error *error);

/* Gives a terminal's master, which it owns from the call on, to who asked for it. 0: done, or
 * nobody did. */
int outside_give_terminal(const struct container *container, const char *console_socket,
                          int master_fd, struct ironbox_error *error);
/* Tells the caller the pid, as soon as it is known. */
void outside_tell_pid(const struct container *container);
/* A verb that failed made no process, and the caller gets no terminal. */
void outside_take_back(const struct container *container);

/* The terminal's master that the process has sent, the caller's to close; or -1. */
int outside_take_terminal(struct container *container, const char *who,
                          struct ironbox_error *error);

/* Adds to the error how the process ended, when it ended without a word. Returns -1. */
int outside_explain_death(struct container *container, const char *who,
                          struct ironbox_error *error);

#endif
