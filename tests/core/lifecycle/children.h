/* The children of a reaper that have verbs done, and what they tell. */
#ifndef CHILDREN_H
#define CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lifecycle/lifecycle.h"
#include "support/channel.h"

struct job {
	const struct runtime *runtime;
	const char *id, *bundle, *process;
	const int *stdio;
	struct shared *shared;
};

/* Seen by us and by our children. */
struct shared {
	char progress[PROGRESS_SIZE];
	pid_t pid;
};

struct outcome {
	bool done;
	uint64_t oom_kills;
	struct ironbox_error error;
};

/* What a child does: its fd, or -1. */
typedef int worker(const struct job *job, struct outcome *outcome);

worker do_create, do_exec, do_start, do_delete, do_pause, do_resume, do_watch;

_Noreturn void fail(const char *what);

pid_t begin_child(worker *work, const struct job *job, struct channel *line);
/* false: it died without a word. */
bool end_child(pid_t pid, struct channel *line, struct outcome *outcome, int *fd);
/* Has a child do it; true: done. Else its error is told. */
bool have_done(worker *work, const struct job *job, struct outcome *outcome, int *fd);
/* Waits for a child, and tells how it ended. */
void reap(pid_t pid);
/* Whatever else is our child, and not dead or not reaped by who made it. */
void tell_strays(void);

/* holder.c: a container that is held open, and what is done to it meanwhile, by words. */
int play_hold(struct job *job, char *const *words);

#endif
