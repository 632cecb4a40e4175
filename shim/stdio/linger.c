/*
 * A FIFO keeps what was written to it only as long as someone has it open. While containerd is
 * down nobody has but us, so who wrote its last words then would have them lost. So ours stays
 * open until a client has come for them, which inotify(7) tells, or until Delete. With a client
 * there it is closed at once, since that is the client's end of file.
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

/* Ours is a reading end too. Opened anew for writing alone, it sees whether there are others. */
static int keep_writing_end(struct stream *output)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", output->target.fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
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

void linger_begin(struct stream *output)
{
	if (flow_waiting(output->target.fd) == 0 || keep_writing_end(output) < 0 ||
	    has_reader(output->target.fd)) {
		stream_close_target(output);
		return;
	}
	output->source.fd = watch_for_clients(output->target.fd);
	output->lingers = output->source.fd >= 0;
	stream_watch_source(output, EPOLLIN);
	linger_look(output); /* it may have come in between */
}

void linger_look(struct stream *output)
{
	char events[1024];

	while (output->lingers && read(output->source.fd, events, sizeof(events)) > 0)
		continue; /* what they say is known; they only must not stay */
	if (output->lingers && !has_reader(output->target.fd))
		return;
	output->lingers = false;
	stream_close_source(output);
	stream_close_target(output);
}
