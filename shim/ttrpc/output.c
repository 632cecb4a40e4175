/* What a socket did not take at once, in order. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "ttrpc/frame.h"

struct ttrpc_rest {
	struct ttrpc_rest *next;
	size_t size, sent;
	uint8_t bytes[];
};

/* As much as the socket takes now, *sent of it; -1 with errno. No SIGPIPE, whoever links us. */
static int send_some(int fd, const uint8_t *bytes, size_t size, size_t *sent)
{
	while (*sent < size) {
		ssize_t count = send(fd, bytes + *sent, size - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count >= 0)
			*sent += (size_t)count;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

static int keep(struct ttrpc_output *output, const uint8_t *bytes, size_t size)
{
	struct ttrpc_rest *rest;

	if (output->size + sizeof(*rest) + size > TTRPC_OUTPUT_MAX) {
		errno = ENOBUFS;
		return -1;
	}
	rest = malloc(sizeof(*rest) + size);
	if (!rest)
		return -1;
	*rest = (struct ttrpc_rest){ .size = size };
	memcpy(rest->bytes, bytes, size);
	if (output->last)
		output->last->next = rest;
	else
		output->first = rest;
	output->last = rest;
	output->size += sizeof(*rest) + size;
	return 0;
}

int ttrpc_output_send(struct ttrpc_output *output, int fd, const uint8_t *bytes, size_t size)
{
	size_t sent = 0;

	if (!output->first && send_some(fd, bytes, size, &sent) < 0)
		return -1;
	return sent < size ? keep(output, bytes + sent, size - sent) : 0;
}

static void drop_first(struct ttrpc_output *output)
{
	struct ttrpc_rest *rest = output->first;

	output->size -= sizeof(*rest) + rest->size;
	output->first = rest->next;
	if (!output->first)
		output->last = NULL;
	free(rest);
}

int ttrpc_output_flush(struct ttrpc_output *output, int fd)
{
	while (output->first) {
		struct ttrpc_rest *rest = output->first;

		if (send_some(fd, rest->bytes, rest->size, &rest->sent) < 0)
			return -1;
		if (rest->sent < rest->size)
			return 0;
		drop_first(output);
	}
	return 0;
}

void ttrpc_output_free(struct ttrpc_output *output)
{
	while (output->first)
		drop_first(output);
}
