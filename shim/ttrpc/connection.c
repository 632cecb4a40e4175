/* One peer of the server: its frames, in and out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ttrpc/message.h"
#include "ttrpc/server.h"

#define READS_AT_ONCE 64 /* then the others have their turn */

static int watch(struct ttrpc_connection *connection, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = connection };

	return epoll_ctl(connection->server->epoll_fd, operation, connection->fd, &event);
}

int ttrpc_connection_begin(struct ttrpc_server *server, int fd)
{
	struct ttrpc_connection *connection = calloc(1, sizeof(*connection));

	if (connection) {
		connection->server = server;
		connection->fd = fd;
		connection->reader.wanted = TTRPC_REQUEST;
	}
	if (!connection || watch(connection, EPOLL_CTL_ADD, EPOLLIN) < 0) {
		int saved = errno;

		free(connection);
		close(fd);
		errno = saved;
		return -1;
	}
	connection->next = server->connections;
	connection->at = &server->connections;
	if (connection->next)
		connection->next->at = &connection->next;
	server->connections = connection;
	server->connection_count++;
	return 0;
}

/* epoll(7), questions 6: a fork that has the socket too would keep it in the set after close(2),
 * and its peer waiting for the end. */
void ttrpc_connection_end(struct ttrpc_connection *connection)
{
	struct ttrpc_server *server = connection->server;

	(void)watch(connection, EPOLL_CTL_DEL, 0);
	shutdown(connection->fd, SHUT_RDWR);
	close(connection->fd);
	*connection->at = connection->next;
	if (connection->next)
		connection->next->at = connection->at;
	server->connection_count--;
	while (connection->calls)
		ttrpc_call_orphan(connection->calls);
	ttrpc_reader_free(&connection->reader);
	ttrpc_output_free(&connection->output);
	free(connection);
}

/* To be ended when it is served, which the shutdown makes happen: who sends an answer may stand in
 * the middle of a frame of the same connection. */
static void give_up(struct ttrpc_connection *connection)
{
	connection->broken = true;
	shutdown(connection->fd, SHUT_RDWR);
}

static void update_watch(struct ttrpc_connection *connection)
{
	bool wants = connection->output.first;

	if (wants == connection->watching_output)
		return;
	if (watch(connection, EPOLL_CTL_MOD, wants ? EPOLLIN | EPOLLOUT : EPOLLIN) < 0)
		give_up(connection);
	connection->watching_output = wants;
}

void ttrpc_connection_send(struct ttrpc_connection *connection, const uint8_t *bytes, size_t size)
{
	if (connection->broken)
		return;
	if (ttrpc_output_send(&connection->output, connection->fd, bytes, size) < 0)
		give_up(connection);
	else
		update_watch(connection);
}

void ttrpc_connection_flush(struct ttrpc_connection *connection)
{
	if (connection->broken)
		return;
	if (ttrpc_output_flush(&connection->output, connection->fd) < 0)
		give_up(connection);
	else
		update_watch(connection);
}

/* For a terminal and a log: no control characters, and UTF-8, without which a peer would not read
 * the message at all. */
static void escape(char *out, size_t size, const char *text)
{
	size_t left = strlen(text), at = 0;

	while (left) {
		const uint8_t *bytes = (const uint8_t *)text;
		size_t length = ttrpc_utf8_size(bytes, left);
		bool is_control = bytes[0] < ' ' || bytes[0] == 0x7f ||
		                  (bytes[0] == 0xc2 && length == 2 && bytes[1] < 0xa0);

		if (at + 5 > size) /* \x1b or four bytes, and the end */
			break;
		if (length && !is_control) {
			memcpy(out + at, text, length);
			at += length;
		} else {
			length = length ? length : 1;
			for (size_t i = 0; i < length && at + 5 <= size; i++)
				at += (size_t)snprintf(out + at, size - at, "\\x%02x", bytes[i]);
		}
		text += length;
		left -= length;
	}
	out[at] = '\0';
}

void ttrpc_connection_fail(struct ttrpc_connection *connection, uint32_t stream,
                           enum ttrpc_code code, const char *text)
{
	char escaped[TTRPC_ERROR_TEXT_MAX];
	uint8_t frame[TTRPC_HEADER_SIZE + sizeof(escaped) + 64];
	Ttrpc__Status status = TTRPC__STATUS__INIT;
	Ttrpc__Response response = TTRPC__RESPONSE__INIT;
	struct ttrpc_header header = { .stream = stream, .type = TTRPC_RESPONSE };

	escape(escaped, sizeof(escaped), text);
	status.code = (int32_t)code;
	status.message = escaped;
	response.status = &status;
	header.size = (uint32_t)ttrpc__response__pack(&response, frame + TTRPC_HEADER_SIZE);
	ttrpc_header_write(frame, &header);
	ttrpc_connection_send(connection, frame, TTRPC_HEADER_SIZE + header.size);
}

/* Clients begin streams, with odd numbers that grow. */
static bool stream_is_new(struct ttrpc_connection *connection, uint32_t stream)
{
	const char *wrong = NULL;

	if (stream % 2 == 0)
		wrong = "a client's stream has an odd number";
	else if (stream <= connection->last_stream)
		wrong = "numbers of streams can't be used again and must grow";
	if (wrong)
		ttrpc_connection_fail(connection, stream, TTRPC_INVALID_ARGUMENT, wrong);
	else
		connection->last_stream = stream;
	return !wrong;
}

static void take_frame(struct ttrpc_connection *connection, enum ttrpc_frame_event event,
                       const struct ttrpc_header *header, const uint8_t *data)
{
	char text[100];

	switch (event) {
	case TTRPC_FRAME_NONE:
		break;
	case TTRPC_FRAME_WHOLE:
		if (stream_is_new(connection, header->stream))
			ttrpc_call_begin(connection, header, data);
		break;
	case TTRPC_FRAME_OTHER: /* unknown types are for later versions of the protocol */
		if (header->type == TTRPC_DATA)
			ttrpc_connection_fail(connection, header->stream, TTRPC_INVALID_ARGUMENT,
			                      "data of a stream that is not open");
		break;
	case TTRPC_FRAME_TOO_LONG:
		if (!stream_is_new(connection, header->stream))
			break;
		snprintf(text, sizeof(text), "a request of %u bytes; at most %u are read",
		         header->size, TTRPC_DATA_MAX);
		ttrpc_connection_fail(connection, header->stream, TTRPC_RESOURCE_EXHAUSTED, text);
		break;
	case TTRPC_FRAME_NO_MEMORY:
		if (stream_is_new(connection, header->stream))
			ttrpc_connection_fail(connection, header->stream, TTRPC_RESOURCE_EXHAUSTED,
			                      "no memory to read the request");
		break;
	}
}

static void take_bytes(struct ttrpc_connection *connection, const uint8_t *bytes, size_t size)
{
	struct ttrpc_header header;
	enum ttrpc_frame_event event;
	const uint8_t *data;

	do {
		event = ttrpc_reader_next(&connection->reader, &bytes, &size, &header, &data);
		take_frame(connection, event, &header, data);
	} while (event != TTRPC_FRAME_NONE && !connection->broken);
	ttrpc_reader_note_time(&connection->reader);
}

static void read_frames(struct ttrpc_connection *connection)
{
	uint8_t bytes[TTRPC_READ_SIZE];
	long count = sizeof(bytes);

	/* A read that is not full was the last: what comes later wakes us again. */
	for (unsigned i = 0; i < READS_AT_ONCE && count == sizeof(bytes); i++) {
		count = ttrpc_receive(connection->fd, bytes, sizeof(bytes));
		if (count > 0)
			take_bytes(connection, bytes, (size_t)count);
		if (count < 0 || connection->broken) {
			connection->broken = true;
			return;
		}
	}
}

void ttrpc_connection_serve(struct ttrpc_connection *connection, uint32_t events)
{
	if (events & EPOLLOUT)
		ttrpc_connection_flush(connection);
	if (events & ~(uint32_t)EPOLLOUT && !connection->broken)
		read_frames(connection);
	if (connection->broken)
		ttrpc_connection_end(connection);
}
