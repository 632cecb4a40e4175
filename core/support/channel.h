/*
 * The line between the runtime and init (or the joiner): a SOCK_SEQPACKET pair. A message is a
 * fixed header, at most 4096 bytes, and at most one fd. The other end is not trusted with more
 * than a message: what is too long, out of order or cut ends the conversation.
 */
#ifndef IRONBOX_SUPPORT_CHANNEL_H
#define IRONBOX_SUPPORT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/error.h"

#define CHANNEL_BYTES_MAX 4096

enum message_type {
	MESSAGE_NONE,
	MESSAGE_CLONED,     /* init or the joiner, which was made from inside: its pidfd */
	MESSAGE_ATTACHED,   /* runtime: the outside has done its part */
	MESSAGE_MOUNTED,    /* init: the mounts stand, runtime hooks may run */
	MESSAGE_HOOKS_DONE, /* runtime */
	MESSAGE_READY,      /* init: all but start is done */
	MESSAGE_COMMITTED,  /* runtime: the state is on disk, live on without me */
	MESSAGE_START,      /* runtime: go, where no start FIFO is used */
	MESSAGE_CONSOLE,    /* init: the terminal's master, as an fd */
	MESSAGE_ATTRIBUTE,  /* runtime: an fd below the joiner's /proc/PID/attr */
	MESSAGE_STAGE,      /* either: bytes and an fd of one stage, number `stage` */
	MESSAGE_ERROR,      /* init: a struct ironbox_error; its last message */
};

struct message {
	uint32_t type, stage, size;
	int fd; /* -1: none; owned by who holds the message */
	unsigned char bytes[CHANNEL_BYTES_MAX];
};

struct channel {
	int fd;
	struct queued_message *queue; /* arrived before someone asked for them, oldest first */
	bool peer_is_runtime;         /* init's end: the other may send ahead as much as it likes */
};

#define CHANNEL_NONE ((struct channel){ .fd = -1 })

int channel_pair(struct channel *ours, struct channel *theirs, struct ironbox_error *error);
void channel_close(struct channel *channel);

int channel_send(struct channel *channel, enum message_type type, struct ironbox_error *error);
int channel_send_bytes(struct channel *channel, enum message_type type, uint32_t stage,
                       const void *bytes, size_t size, int fd, struct ironbox_error *error);

/* Waits for a message of this type; what comes before it is kept for later, but an error of the
 * other end is made ours. 0: it came; -1: failed, and error_is_told(error) is false when the other
 * end is gone without a word. message may be NULL. */
int channel_await(struct channel *channel, enum message_type type, struct message *message,
                  struct ironbox_error *error);

/* After an error of the other end: one more takes its place, if it comes within the time and before
 * the other end is gone. */
void channel_await_more(struct channel *channel, int timeout_ms, struct ironbox_error *error);

/* The next MESSAGE_STAGE of a stage that has arrived: 1, or 0 when there is none. */
int channel_take(struct channel *channel, uint32_t stage, struct message *message,
                 struct ironbox_error *error);

#endif
