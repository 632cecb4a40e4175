/* Signal dispositions survive execve(2) when they are "ignore", and so does the mask. */
#ifndef IRONBOX_LIFECYCLE_SIGNALS_RESET_H
#define IRONBOX_LIFECYCLE_SIGNALS_RESET_H

/* All signals as a process has them at birth: default, and not blocked (conmon ignores SIGPIPE). */
void signals_reset(void);
/* The second half of it. */
void signals_unblock(void);

#endif
