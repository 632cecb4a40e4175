/*
 * A FIFO keeps what was written to it only as long as someone has it open. While containerd is
 * down nobody has but us, so who wrote its last words then would have them lost. So ours stays
 * open until a client has come for them, which inotify(7) tells, or until Delete; and as a writing
 * end, for a client's open(2) waits for one. With a client there that is closed at once, since it
 * is the client's end of file.
 *
 * Who else has the FIFO open may be no client, but a fork of the shim that has not closed it yet
 * (the worker that opened it, on its way out). So after that end of file ours stays open for
 * reading, and it is looked at again, till it is empty, or nobody has it. So it is where we are
 * short of something: then the client waits for its end of file till the next look.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "stdio/internal.h"
#include "support/time.h"

#define LOOK_FIRST_MS 1000
#define LOOK_LAST_MS  60000

static void on_next_look(struct timer *timer);

/* Ours, opened anew for one way alone. */
static int turn(struct stream *output, int way)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", output->target.fd);
	fd = open(path, way | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	stream_close_target(output);
	output->target.fd = fd;
	return 0;
}

static bool has_reader(int writing_fd)
{
	struct pollfd end = { .fd = writing_fd };

	return poll(&end, 1, 0) < 0 || !(end.revents & POLLERR);
}

/* An inotify instance that tells when the FIFO is opened; -1: this host has no more of them. */
static int watch_for_clients(int fifo_fd)
{
	cleanup_close int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fifo_fd);
	if (fd < 0 || inotify_add_watch(fd, path, IN_OPEN) < 0)
		return -1;
	return steal_fd(&fd);
}

static void let_go(struct stream *output)
{
	output->lingers = false;
	stream_close_source(output);
	stream_close_target(output);
}

static void look_later(struct stream *output)
{
	output->lingers = true;
	stream_watch_target(output, 0);
	output->patience.due = on_next_look;
	loop_arm(output->stdio->loop, &output->patience, time_now_ms() + output->look_ms);
	if (output->look_ms < LOOK_LAST_MS)
		output->look_ms *= 2;
}

/* Ours is a writing end, and the only one. */
static void await_client(struct stream *output)
{
	output->source.fd = watch_for_clients(output->target.fd);
	if (output->source.fd < 0) {
		look_later(output);
		return;
	}
	output->lingers = true;
	stream_watch_source(output, EPOLLIN);
	linger_look(output); /* it may have come in between */
}

/* Nobody else has it: then ours waits for a client. Or someone, who is looked at again later. */
static void look(struct stream *output)
{
	if (flow_waiting(output->target.fd) == 0) {
		let_go(output);
	} else if (turn(output, O_WRONLY) < 0) {
		look_later(output);
	} else if (!has_reader(output->target.fd)) {
		await_client(output);
	} else {
		(void)turn(output, O_RDONLY); /* which is the client's end of file */
		look_later(output);
	}
}

static void on_next_look(struct timer *timer)
{
	look(timer->context);
}

void linger_begin(struct stream *output)
{
	output->look_ms = LOOK_FIRST_MS;
	look(output);
}

void linger_look_again(struct stream *output)
{
	if (!output->lingers || output->source.fd >= 0)
		return;
	if (flow_waiting(output->target.fd) == 0 ||
	    (turn(output, O_WRONLY) == 0 && has_reader(output->target.fd)))
		let_go(output); /* else it is gone with our end */
}

void linger_look(struct stream *output)
{
	char events[1024];

	if (output->source.fd < 0 && output->lingers) /* the next look is still to come */
		return;
	while (output->lingers && read(output->source.fd, events, sizeof(events)) > 0)
		continue; /* what they say is known; they only must not stay */
	if (!output->lingers || has_reader(output->target.fd))
		let_go(output);
}
