/*
 * All that a shim knows, as one tree of plain structs: a sandbox (one pod, or one container by
 * itself), its tasks (what containerd calls a container that was made), their processes. Nothing of
 * it is in statics or closures, so that a later release can write it out, and take over.
 */
#ifndef IRONBOX_SHIM_STATE_H
#define IRONBOX_SHIM_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "events/publisher.h"
#include "loop/loop.h"
#include "memory/memory.h"
#include "messages/task.pb-c.h"
#include "options/options.h"
#include "stdio/stdio.h"
#include "task/bundle.h"
#include "task/serve.h"
#include "ttrpc/ttrpc.h"
#include "worker/worker.h"

#define STATE_VERSION 1 /* of these structs */

/* A call that waits for a process's end. */
struct waiter {
	struct waiter *next;
	struct ttrpc_call *call;
};

enum process_status {
	PROCESS_CREATED, /* init: parked; an exec: it has no process yet */
	PROCESS_RUNNING,
	PROCESS_STOPPED, /* and its end was told */
};

struct process {
	struct process *next; /* of the same task's execs */
	struct task *task;
	char *id; /* of the exec; of the container, for init */
	enum process_status status;
	bool starting; /* Start is under way: an end is told after the start */
	bool dead;     /* reaped; told when the order of events lets it */
	pid_t pid;     /* 0: none yet */
	int pidfd;
	uint32_t exit_status;
	struct timespec exited_at;
	struct memory_look look; /* at the memory, in between */
	bool looked;

	char *in, *out, *err; /* as the client named them */
	bool terminal;
	char *spec; /* an exec's process as JSON, until it is started */
	size_t spec_size;

	bool input_closed;      /* by CloseIO */
	uint16_t width, height; /* by ResizePty while its Start was at work; 0: none */
	struct stdio *stdio;
	bool taken;   /* its client has what it wrote, or does not take it */
	bool drained; /* nothing of its output is on the way any more */
	struct waiter *waiters;
	struct ttrpc_call *delete_call; /* waits till it is drained */
	bool deleting;
};

enum task_phase {
	TASK_CREATING,
	TASK_MADE,
	TASK_UNDOING, /* its creation failed: what is left of it is being removed */
	TASK_GONE,    /* freed when no worker is at work on it any more */
};

struct task {
	struct task *next; /* of the same sandbox */
	struct shim *shim;
	char *id, *bundle;
	enum task_phase phase;
	unsigned jobs; /* workers that are at work on it */
	int bundle_fd; /* O_PATH */
	struct bundle_record record;
	struct task_options options;
	struct process init;
	struct process *execs;

	/* Create's, till Start, where init comes from a checkpoint */
	char *checkpoint;
	Containerd__Task__V2__CreateTaskRequest *create;

	struct keeper *keeper;     /* of its execs; NULL: none lately */
	struct timer keeper_timer; /* the time without an exec after which it ends */

	bool paused, pausing;
	bool own_pid_namespace; /* init's end is the end of all of them */
	struct memory_watch *memory;
	struct timer end_timer; /* the patience with what holds up the word of init's end */
};

/* One pod, or a container by itself. It may have no init at all. */
struct sandbox {
	char *group; /* what the socket is named after */
	struct task *tasks;
};

struct shim {
	unsigned version;
	char *namespace;
	char *socket_path;
	struct sandbox sandbox;

	struct loop loop;
	struct workers workers;
	struct stdio_left left_loggers;
	struct publisher *publisher;
	struct ttrpc_server *server;
	struct watch server_watch, signal_watch;
	struct timer server_timer;
	int signal_fd;
	bool asked_to_end; /* by Shutdown, while something was still being undone */
	bool ending;
};

/* ---- state.c ---- */

/* NULL: no memory. */
struct task *task_new(struct shim *shim, const char *id, const char *bundle);
/* Takes it out of the tree; its memory goes when its last worker has ended. */
void task_remove(struct task *task);
void task_free_if_gone(struct task *task);
struct task *task_find(const struct shim *shim, const char *id);

/* An exec of the task, in the tree. NULL: no memory. */
struct process *exec_new(struct task *task, const char *id);
void exec_remove(struct process *process);
struct process *exec_find(const struct task *task, const char *id);

bool is_init(const struct process *process);
/* It has a process that was not reaped. */
bool is_alive(const struct process *process);
/* "web1", or "probe1 of web1" for an exec; cut to the size. */
const char *process_name(const struct process *process, char *text, size_t size);
/* The client's names of the streams, copied. */
int process_set_streams(struct process *process, const char *in, const char *out, const char *err,
                        bool terminal);

/* The shim is about to end: loggers of what has ended are left behind, those of what lives on stay.
 */
void state_leave_loggers(struct shim *shim);
/* Each fd that would have to outlive this shim, by a name. */
void state_visit_fds(const struct shim *shim,
                     void (*visit)(void *context, const char *name, int fd), void *context);

#endif
