/*
 * Where the shim's one thread waits: fds by epoll(7), and points in time. Nothing else wakes it.
 * Watches and timers are members of what they serve; the loop keeps pointers to them, and never
 * allocates, so that the way from an exit to its event can't fail for want of memory.
 */
#ifndef IRONBOX_SHIM_LOOP_H
#define IRONBOX_SHIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "support/error.h"

struct watch {
	int fd;                                              /* borrowed; -1: not watched */
	void (*ready)(struct watch *watch, uint32_t events); /* may unwatch any, and free its own */
	void *context;
};

struct timer {
	int64_t at_ms;                    /* time_now_ms() of support/time.h */
	void (*due)(struct timer *timer); /* disarmed by then; may arm it again */
	void *context;
	struct timer *next; /* the loop's */
	bool armed;         /* the loop's */
};

#define LOOP_EVENTS_MAX 32

struct loop {
	int epoll_fd;
	bool stopped;
	struct timer *timers;                       /* the earliest first */
	struct epoll_event events[LOOP_EVENTS_MAX]; /* being served */
	int event_count, event_at;
};
#define LOOP_NONE ((struct loop){ .epoll_fd = -1 })

int loop_open(struct loop *loop, struct ironbox_error *error);
void loop_close(struct loop *loop);

/* Watches watch->fd for these EPOLL* events, or changes for which. */
int loop_watch(struct loop *loop, struct watch *watch, uint32_t events,
               struct ironbox_error *error);
/* Also events of it that were fetched and not served yet are forgotten. Harmless when not watched.
 * Before its fd is closed. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Arms it, or moves it. */
void loop_arm(struct loop *loop, struct timer *timer, int64_t at_ms);
void loop_disarm(struct loop *loop, struct timer *timer);

/* Serves until loop_stop. */
int loop_run(struct loop *loop, struct ironbox_error *error);
void loop_stop(struct loop *loop);

#endif
