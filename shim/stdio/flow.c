#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "stdio/internal.h"

#define TERMINAL_SIZE \
	4096 /* of a terminal's buffer: splice(2) allocates for what it is asked for */
#define DISCARD_SIZE 16384 /* on the stack, whose pages stay ours */

uint64_t flow_waiting(int fd)
{
	int waiting = 0;

	return fd >= 0 && ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0 ? (uint64_t)waiting : 0;
}

bool flow_has_room(int target_fd)
{
	struct pollfd target = { .fd = target_fd, .events = POLLOUT };

	return poll(&target, 1, 0) == 1 && (target.revents & POLLOUT);
}

bool flow_is_over(int source_fd)
{
	struct pollfd source = { .fd = source_fd };

	return poll(&source, 1, 0) == 1 && (source.revents & POLLHUP);
}

/* EAGAIN does not say which end it is of; nor does it come to an end of file when the target is
 * full. */
static enum flow why_not(const struct ends *ends)
{
	struct pollfd fds[] = { { .fd = ends->source_fd, .events = POLLIN },
		                { .fd = ends->target_fd, .events = POLLOUT } };

	if (poll(fds, 2, 0) < 0)
		return FLOW_EMPTY; /* it is level-triggered: we come again */
	if (!ends->target_is_terminal && (fds[1].revents & POLLERR))
		return FLOW_GONE;
	if (ends->source_is_terminal) /* whose end only read(2) tells */
		return fds[1].revents & POLLOUT ? FLOW_EMPTY : FLOW_FULL;
	/* A terminal's word on its room is not trusted: FLOW_FULL waits for an edge, so it can't
	 * spin. */
	if (fds[0].revents & POLLIN)
		return !ends->target_is_terminal && (fds[1].revents & POLLOUT) ? FLOW_MOVED
		                                                               : FLOW_FULL;
	/* Both flags are not read in one moment: what was written last may be there by now. */
	if ((fds[0].revents & POLLHUP) && flow_waiting(ends->source_fd) == 0)
		return FLOW_END;
	return fds[0].revents & POLLHUP ? FLOW_MOVED : FLOW_EMPTY;
}

enum flow flow_move(const struct ends *ends, size_t most, uint64_t *moved)
{
	ssize_t size;

	if (ends->source_is_terminal && most > TERMINAL_SIZE)
		most = TERMINAL_SIZE;
	do {
		size = splice(ends->source_fd, NULL, ends->target_fd, NULL, most,
		              SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
	} while (size < 0 && errno == EINTR);
	if (size > 0) {
		*moved += (uint64_t)size;
		return FLOW_MOVED;
	}
	if (size == 0)
		return FLOW_END;
	if (errno == EAGAIN)
		return why_not(ends);
	/* EIO of a terminal: its other end is closed */
	return errno == EPIPE || ends->target_is_terminal ? FLOW_GONE : FLOW_END;
}

enum flow flow_discard(int source_fd, size_t most, uint64_t *gone)
{
	char bytes[DISCARD_SIZE];
	ssize_t size;

	do {
		size = read(source_fd, bytes, most < sizeof(bytes) ? most : sizeof(bytes));
	} while (size < 0 && errno == EINTR);
	if (size < 0 && errno == EAGAIN)
		return FLOW_EMPTY;
	if (size <= 0)
		return FLOW_END;
	*gone += (uint64_t)size;
	return FLOW_MOVED;
}
