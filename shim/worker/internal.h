/* Between worker.c, which is the loop's side, child.c, which is the worker's, and keeper.c. */
#ifndef IRONBOX_SHIM_WORKER_INTERNAL_H
#define IRONBOX_SHIM_WORKER_INTERNAL_H

#include "support/progress.h"
#include "worker/worker.h"

/* What the loop can still read when the worker is dead. */
struct shared {
	char progress[PROGRESS_SIZE];
	pid_t made;
	pid_t pid; /* the worker's own, where a keeper forked it */
};

/* What crosses the line, beside the fds. */
struct outcome {
	bool failed;
	bool has_bytes; /* the last fd is a file of them */
	bool lost;      /* it did its work, and could not hand it over */
	struct ironbox_error error;
	int64_t numbers[4];
};

/* Closes all from 3 up but these, and the log. -1 with errno. */
int child_close_others(const int *fds, unsigned fd_count, int line);
/* It ends with the shim, and has signals as a process has them at birth. */
int child_begin(const char *name, pid_t shim, struct ironbox_error *error);
/* -1 with errno: nobody is there to hear it. */
int child_send(int line, const struct outcome *outcome, const int *fds, unsigned fd_count);
/* Hands back what came of it. */
_Noreturn void child_end(int line, struct worker_reply *reply, struct outcome *outcome);

_Noreturn void worker_main(const struct worker_request *request, int line, struct shared *shared,
                           pid_t shim);

/* Has a worker forked, on its end of the line, with its memory. -1 with errno. */
int keeper_ask(const struct keeper *keeper, const struct worker_request *request, int line,
               int shared_fd);
/* Its process hangs: nothing comes of it any more. Harmless where it is gone already. */
void keeper_kill(const struct workers *workers, const struct keeper *keeper);
bool keepers_reaped(struct workers *workers, pid_t pid);

#endif
