#include "support/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/time.h"

struct queued_message {
	struct queued_message *next;
	struct message message;
};

/* More than any init sends ahead: a process that is not ours any more must not fill up the runtime.
 * The other way there is no end: a mount source each, in a user namespace. */
#define QUEUE_MAX 256

struct header {
	uint32_t type, stage;
};

int channel_pair(struct channel *ours, struct channel *theirs, struct ironbox_error *error)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return error_begin(error, errno, "make a socket pair to talk to init");
	*ours = (struct channel){ .fd = fds[0] };
	*theirs = (struct channel){ .fd = fds[1], .peer_is_runtime = true };
	return 0;
}

void channel_close(struct channel *channel)
{
	while (channel->queue) {
		struct queued_message *first = channel->queue;

		channel->queue = first->next;
		ironbox_close_at_end(&first->message.fd);
		free(first);
	}
	replace_fd(&channel->fd, -1);
}

int channel_send(struct channel *channel, enum message_type type, struct ironbox_error *error)
{
	return channel_send_bytes(channel, type, 0, NULL, 0, -1, error);
}

/* The other end is gone: what it said at last is why. */
static int tell_last_words(struct channel *channel, struct ironbox_error *error)
{
	channel_await(channel, MESSAGE_NONE, NULL, error);
	if (error_is_told(error))
		return -1;
	return error_begin(error, 0, "the process at the other end of the channel is gone");
}

int channel_send_bytes(struct channel *channel, enum message_type type, uint32_t stage,
                       const void *bytes, size_t size, int fd, struct ironbox_error *error)
{
	struct header header = { .type = type, .stage = stage };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec parts[2] = {
		{ &header, sizeof(header) },
		{ (void *)(uintptr_t)bytes, size }, /* sendmsg(2) only reads it */
	};
	struct msghdr packet = { .msg_iov = parts, .msg_iovlen = size ? 2 : 1 };
	ssize_t sent;

	if (size > CHANNEL_BYTES_MAX)
		return error_begin(error, EMSGSIZE, "send %zu bytes between runtime and init",
		                   size);
	if (fd >= 0) {
		struct cmsghdr *rights;

		packet.msg_control = control.space;
		packet.msg_controllen = sizeof(control.space);
		rights = CMSG_FIRSTHDR(&packet);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	}
	do
		sent = sendmsg(channel->fd, &packet, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EPIPE)
		return tell_last_words(channel, error);
	if (sent < 0)
		return error_begin(error, errno, "send a message between runtime and init");
	return 0;
}

/* 1: a message; 0: end of file, or nothing there with MSG_DONTWAIT; -1: failed. */
static int receive(struct channel *channel, struct message *message, int flags,
                   struct ironbox_error *error)
{
	struct header header = { 0 };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec parts[2] = {
		{ &header, sizeof(header) },
		{ message->bytes, sizeof(message->bytes) },
	};
	struct msghdr packet = { .msg_iov = parts,
		                 .msg_iovlen = 2,
		                 .msg_control = control.space,
		                 /* not CMSG_SPACE: in its padding a second fd would come */
		                 .msg_controllen = CMSG_LEN(sizeof(int)) };
	struct cmsghdr *rights;
	ssize_t got;

	/* A peer that ends with a message of ours unread leaves ECONNRESET, which is told once and
	 * before what the peer had to say: its own error is still to be read behind it. */
	do
		got = recvmsg(channel->fd, &packet, flags | MSG_CMSG_CLOEXEC);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	message->fd = -1;
	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got < 0)
		return error_begin(error, errno, "receive a message between runtime and init");
	rights = CMSG_FIRSTHDR(&packet);
	if (rights && rights->cmsg_type == SCM_RIGHTS)
		memcpy(&message->fd, CMSG_DATA(rights), sizeof(int));
	if (got == 0) { /* the end, or a packet of no bytes, which may have brought an fd */
		replace_fd(&message->fd, -1);
		return 0;
	}
	if ((size_t)got < sizeof(header) || packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		replace_fd(&message->fd, -1);
		return error_begin(error, EPROTO, "receive a message between runtime and init");
	}
	message->type = header.type;
	message->stage = header.stage;
	message->size = (uint32_t)((size_t)got - sizeof(header));
	return 1;
}

/* Takes the message, whatever comes of it. */
static int keep_for_later(struct channel *channel, const struct message *message,
                          struct ironbox_error *error)
{
	struct queued_message **end = &channel->queue, *queued;
	size_t count = 0;

	for (; *end; end = &(*end)->next)
		count++;
	if (count >= QUEUE_MAX && !channel->peer_is_runtime) {
		ironbox_close_at_end(&message->fd);
		return error_begin(error, 0, "init has sent more than %d messages ahead",
		                   QUEUE_MAX);
	}
	queued = malloc(sizeof(*queued));
	if (!queued) {
		ironbox_close_at_end(&message->fd);
		return error_begin(error, errno, "keep a message");
	}
	*queued = (struct queued_message){ .message = *message };
	*end = queued;
	return 0;
}

/* Takes the first message of that type (and stage) out of the queue. */
static bool take_queued(struct channel *channel, enum message_type type, uint32_t stage,
                        struct message *message)
{
	struct queued_message **at, *found;

	for (at = &channel->queue; *at; at = &(*at)->next)
		if ((*at)->message.type == type && (*at)->message.stage == stage)
			break;
	found = *at;
	if (!found)
		return false;
	*message = found->message;
	*at = found->next;
	free(found);
	return true;
}

static int accept_error(const struct message *message, struct ironbox_error *error)
{
	ironbox_close_at_end(&message->fd); /* an error of ours has none */
	if (message->size != sizeof(*error))
		return error_begin(error, EPROTO, "receive init's error");
	memcpy(error, message->bytes, sizeof(*error));
	error_accept(error);
	return -1;
}

int channel_await(struct channel *channel, enum message_type type, struct message *message,
                  struct ironbox_error *error)
{
	struct message arrived = { .fd = -1 };
	int got;

	error_reset(error);
	if (take_queued(channel, type, 0, &arrived))
		got = 1;
	else if (take_queued(channel, MESSAGE_ERROR, 0, &arrived)) /* channel_take came by it */
		return accept_error(&arrived, error);
	else
		do {
			got = receive(channel, &arrived, 0, error);
			if (got <= 0)
				return -1;
			if (arrived.type == MESSAGE_ERROR)
				return accept_error(&arrived, error);
			if (arrived.type != type && keep_for_later(channel, &arrived, error) < 0)
				return -1;
		} while (arrived.type != type);
	if (message)
		*message = arrived;
	else
		replace_fd(&arrived.fd, -1);
	return 0;
}

void channel_await_more(struct channel *channel, int timeout_ms, struct ironbox_error *error)
{
	struct pollfd poller = { .fd = channel->fd, .events = POLLIN };
	int64_t deadline = time_now_ms() + timeout_ms, left_ms;
	struct message arrived = { .fd = -1 };
	ERROR_NONE(more);

	while (!take_queued(channel, MESSAGE_ERROR, 0, &arrived)) {
		left_ms = deadline - time_now_ms();
		if (poll(&poller, 1, left_ms > 0 ? (int)left_ms : 0) < 0 && errno == EINTR)
			continue;
		if (receive(channel, &arrived, MSG_DONTWAIT, &more) <= 0 ||
		    keep_for_later(channel, &arrived, &more) < 0)
			return;
	}
	accept_error(&arrived, error);
}

int channel_take(struct channel *channel, uint32_t stage, struct message *message,
                 struct ironbox_error *error)
{
	struct message arrived = { .fd = -1 };
	int got;

	while (!take_queued(channel, MESSAGE_STAGE, stage, message)) {
		got = channel->fd < 0 ? 0 : receive(channel, &arrived, MSG_DONTWAIT, error);
		if (got <= 0)
			return got;
		if (keep_for_later(channel, &arrived, error) < 0)
			return -1;
	}
	return 1;
}
