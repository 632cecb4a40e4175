#include "loop/loop.h"

#include <errno.h>
#include <unistd.h>

#include "support/time.h"

int loop_open(struct loop *loop, struct ironbox_error *error)
{
	*loop = LOOP_NONE;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll_fd < 0 ? error_begin(error, errno, "make an epoll instance") : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	*loop = LOOP_NONE;
}

int loop_watch(struct loop *loop, struct watch *watch, uint32_t events, struct ironbox_error *error)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) == 0)
		return 0;
	if (errno == ENOENT && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) == 0)
		return 0;
	return error_begin(error, errno, "watch fd %d", watch->fd);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	if (watch->fd >= 0)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL); /* ENOENT: harmless */
	for (int i = loop->event_at; i < loop->event_count; i++)
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
}

void loop_disarm(struct loop *loop, struct timer *timer)
{
	struct timer **at = &loop->timers;

	if (!timer->armed)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->armed = false;
}

void loop_arm(struct loop *loop, struct timer *timer, int64_t at_ms)
{
	struct timer **at = &loop->timers;

	loop_disarm(loop, timer);
	while (*at && (*at)->at_ms <= at_ms)
		at = &(*at)->next;
	timer->at_ms = at_ms;
	timer->next = *at;
	timer->armed = true;
	*at = timer;
}

/* How long epoll_wait(2) may wait: till the first timer; -1 without one. */
static int patience(const struct loop *loop)
{
	int64_t left_ms;

	if (!loop->timers)
		return -1;
	left_ms = loop->timers->at_ms - time_now_ms();
	if (left_ms < 0)
		return 0;
	return left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
}

/* What was due at one moment, and not what these arm for a later one: else a timer that takes its
 * time could keep the loop from its fds. */
static void run_timers(struct loop *loop)
{
	int64_t now_ms = loop->timers ? time_now_ms() : 0;

	while (!loop->stopped && loop->timers && loop->timers->at_ms <= now_ms) {
		struct timer *timer = loop->timers;

		loop_disarm(loop, timer);
		timer->due(timer);
	}
}

static void run_watches(struct loop *loop)
{
	while (!loop->stopped && loop->event_at < loop->event_count) {
		struct epoll_event *event = &loop->events[loop->event_at++];
		struct watch *watch = event->data.ptr;

		if (watch)
			watch->ready(watch, event->events);
	}
}

int loop_run(struct loop *loop, struct ironbox_error *error)
{
	loop->stopped = false;
	while (!loop->stopped) {
		int count =
			epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS_MAX, patience(loop));

		if (count < 0 && errno != EINTR)
			return error_begin(error, errno, "wait for events");
		loop->event_at = 0;
		loop->event_count = count > 0 ? count : 0;
		run_watches(loop);
		loop->event_count = 0;
		run_timers(loop);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
