/* What a worker that made a process hands back of it. */
#ifndef IRONBOX_SHIM_MADE_H
#define IRONBOX_SHIM_MADE_H

#include <limits.h>

#include "task/job.h"

/* Plain bytes. Its fds cross beside it: what stands in their places on the way is which one. */
struct made {
	pid_t pid;
	bool own_pid_namespace;
	int bundle_fd, master_fd;
	struct stdio_ends ends;
	struct memory_ends memory;
	enum stdio_on_stall on_stall;
	uint64_t spill_limit;
	char spill_folder[PATH_MAX];
};
#define MADE_NONE                                \
	((struct made){ .bundle_fd = -1,         \
	                .master_fd = -1,         \
	                .ends = STDIO_ENDS_NONE, \
	                .memory = MEMORY_ENDS_NONE })

/* In the worker: opens the streams of a process that is to be made. */
int made_open_streams(struct made *made, const struct process *process,
                      const struct job_runtime *runtime, struct ironbox_error *error);
/* What ties it to the worker: streams, terminal, and its pid where it outlives the worker. */
struct process_ties made_ties(struct made *made, const struct worker_reply *reply);
/* Undoes made_open_streams where the process was not made. */
void made_undo(struct made *made);
int made_hand_back(struct made *made, struct worker_reply *reply, struct ironbox_error *error);
/* The same of a process that nobody else knows of: when it fails, that one is ended, and all
 * undone.
 */
int made_hand_back_or_end(struct made *made, struct worker_reply *reply,
                          struct ironbox_error *error);

/* In the loop. The fds are the caller's then. */
int made_take(struct made *made, struct worker_reply *reply, struct ironbox_error *error);
void made_close(struct made *made);
/* The process is there: takes its streams over, and a pidfd. */
int made_begin(struct made *made, struct process *process, struct ironbox_error *error);

#endif
