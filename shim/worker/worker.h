/*
 * A worker: one fork of the shim that runs one call of the lifecycle library, hands back what came
 * of it, and ends. Plugins are loaded there alone, and whatever hangs, hangs there: the loop goes
 * on. A worker past its deadline is killed, and the error says which process stood where.
 */
#ifndef IRONBOX_SHIM_WORKER_H
#define IRONBOX_SHIM_WORKER_H

#include <sys/types.h>

#include "loop/loop.h"
#include "worker/files.h"

#define WORKER_FDS_MAX 12

/* What a worker hands back beside its error. */
struct worker_reply {
	int64_t numbers[4]; /* a pid, a status, …: as the two sides agree */
	void *bytes;        /* malloc'ed by the worker's function; the reply's in the loop */
	size_t size;
	int fds[WORKER_FDS_MAX]; /* who receives it takes them by steal_fd; others are closed */
	unsigned fd_count;
	bool never_ran; /* in the loop, with an error: no worker was forked, for its keeper is gone
	                 */
	/* In the worker, in memory that the loop sees too: PROGRESS_SIZE bytes for
	 * runtime->progress, and a process that it makes, for process_ties.pid: that one does not
	 * outlive a worker that dies without an answer. */
	char *progress;
	pid_t *made;
};

/* Runs in the worker. 0, or -1 with the error told. */
typedef int worker_function(const void *request, struct worker_reply *reply,
                            struct ironbox_error *error);

/* The same in a worker that a keeper forks. place: what the keeper opened; NULL: it failed with
 * place_error. */
typedef int kept_function(void *place, const struct ironbox_error *place_error, const void *bytes,
                          size_t size, struct worker_reply *reply, struct ironbox_error *error);

#define KEPT_BYTES_MAX 32768

struct worker_request {
	const char *what; /* "create web1"; copied: for errors, and for who looks inside */
	int deadline_ms;
	worker_function *run;
	const void *request; /* of the shim's memory: the worker sees it as it is at the fork */
	const int *fds;      /* what of the shim's fds it needs; all others are closed in it */
	unsigned fd_count;
	/* NULL, or who forks it: then kept_run runs, with these bytes, in the place of run. */
	struct keeper *keeper;
	kept_function *kept_run;
	const void *bytes;
	size_t size; /* KEPT_BYTES_MAX at most */
	/* In the loop, once. error: NULL, or why it failed; code ETIMEDOUT: it was killed. */
	void (*done)(void *context, struct worker_reply *reply, const struct ironbox_error *error);
	void *context;
};

struct worker; /* one that runs */

struct workers {
	struct loop *loop;
	struct worker *first; /* that run */
	unsigned count;
	struct keeper *keepers;
	struct rlimit files; /* what files_raise found; all 0: it was not called */
};

/* -1 with the error told; EAGAIN, EPIPE and ECONNRESET: its keeper has too much to do, or is gone.
 */
int worker_start(struct workers *workers, const struct worker_request *request,
                 struct ironbox_error *error);
/* To be called for each child that was reaped, first. true: it was a worker, and is of no interest
 * to anyone else. What a worker made is the loop's process's child from then on (if that is a
 * PR_SET_CHILD_SUBREAPER): never before the worker has answered. */
bool workers_reaped(struct workers *workers, pid_t pid, int status);
/* Calls visit for each that runs: what, where it is (maybe ""), its pid, and for how long. */
void workers_visit(const struct workers *workers,
                   void (*visit)(void *context, const char *what, const char *progress, pid_t pid,
                                 int64_t age_ms),
                   void *context);

/*
 * A keeper: a fork of the shim that opens something once, and is then forked from for each worker
 * that needs it. Its workers are the shim's children like all others.
 */
struct keeper_request {
	const char *what; /* "keep web1 open"; copied */
	/* Runs in the keeper, where the shim's memory is as it was at the fork. NULL with the error
	 * told, which its workers get then. */
	void *(*open)(const void *request, struct ironbox_error *error);
	const void *request;
};
/* NULL with the error told. */
struct keeper *keeper_start(struct workers *workers, const struct keeper_request *request,
                            struct ironbox_error *error);
bool keeper_lives(const struct keeper *keeper);
/* It ends when it has forked what it was asked for; workers that run go on. NULL: none. */
void keeper_end(struct keeper *keeper);

#endif
