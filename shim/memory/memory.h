/*
 * Death by want of memory, told: that it happened, who was killed, how much it held and which limit
 * it was, from the kernel's own record (/dev/kmsg), or the word unknown.
 */
#ifndef IRONBOX_SHIM_MEMORY_H
#define IRONBOX_SHIM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lifecycle/lifecycle.h"
#include "loop/loop.h"
#include "worker/worker.h"

#define MEMORY_CGROUP_SIZE 512

/* What watching takes. Plain bytes, which cross a socket beside the fds. */
struct memory_ends {
	int watch_fd;       /* container_watch_memory's; -1: no stage can tell */
	int kmsg_fd;        /* the kernel's record, from now on; -1: it can't be read */
	uint64_t oom_kills; /* so far */
	char cgroup[MEMORY_CGROUP_SIZE]; /* the container's, as the kernel names it; "": unknown */
};
#define MEMORY_ENDS_NONE ((struct memory_ends){ .watch_fd = -1, .kmsg_fd = -1 })

/* In a worker, when the container is created and not started: opens what watching takes. Fails
 * only where container_watch_memory does; what the words are made of is had, or is not. */
int memory_open(const struct runtime *runtime, const char *id, pid_t init, struct memory_ends *ends,
                struct ironbox_error *error);

struct memory_watching {
	const char *id; /* copied; for errors, and for who looks inside */
	/* Runs in a worker: container_oom_kills of the container, with a runtime made there. */
	int (*oom_kills)(const void *container, uint64_t *kills, struct ironbox_error *error);
	const void *container; /* the worker sees it as it is at the fork */
	/* In the loop, each time that the count grew, with one line in words. */
	void (*killed)(void *context, const char *words);
	void *context;
};

struct memory_watch;

/* A look that somebody waits for: the caller's memory, until looked is called or the watch ends. */
struct memory_look {
	void (*looked)(void *context);
	void *context;
	struct memory_look *next; /* the watch's own, as begun */
	bool begun;
};

/* ends' fds become the watch's, also when it fails. With watch_fd -1 it only ever answers
 * memory_watch_look and memory_watch_last_look. */
struct memory_watch *memory_watch_begin(struct loop *loop, struct workers *workers,
                                        const struct memory_watching *watching,
                                        const struct memory_ends *ends,
                                        struct ironbox_error *error);
/* A process was killed, maybe for want of memory. looked is called once, when the count of kills is
 * known as it was by now: so the exit is told after its cause. */
void memory_watch_look(struct memory_watch *watch, struct memory_look *look);
/* The same when the container's init is dead, a last time, while its cgroup is there; at once where
 * nothing has happened since the last look and init ended well (exit code 0). */
void memory_watch_last_look(struct memory_watch *watch, bool ended_well, struct memory_look *look);
void memory_watch_end(struct memory_watch *watch); /* no call comes after it; NULL is none */

#endif
