/* command.h: runs the runtime, with a deadline. */
#ifndef DYING_COMMAND_H
#define DYING_COMMAND_H

#include <stdbool.h>

/* prefix's words and those of `words`, which blanks part; NULL at the end. One block: free it. */
char **command_build(char *const *prefix, const char *words);

/* Never returns: becomes the command, its stdin /dev/null, its output at that fd. */
_Noreturn void command_execute(char *const *command, int output_fd);

/* What waitpid(2) has, or -1 with ETIMEDOUT: killed at the deadline. */
int command_run(char *const *command, int output_fd);

/* Far more than a verb takes, less than the 30 s for which one waits for another's lock. */
#define COMMAND_SECONDS 20

/* In so many seconds SIGALRM interrupts a system call that takes too long; 0: never. */
void command_deadline(unsigned seconds);

/* All children have ended, and are reaped: true; or some are still there at the deadline. */
bool command_reap(void);

#endif
