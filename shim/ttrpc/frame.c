/* Frames, put together from bytes as they come. */
#include "ttrpc/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

void ttrpc_header_write(uint8_t bytes[TTRPC_HEADER_SIZE], const struct ttrpc_header *header)
{
	uint32_t numbers[2] = { htonl(header->size), htonl(header->stream) };

	memcpy(bytes, numbers, sizeof(numbers));
	bytes[8] = header->type;
	bytes[9] = header->flags;
}

static struct ttrpc_header header_read(const uint8_t bytes[TTRPC_HEADER_SIZE])
{
	uint32_t numbers[2];

	memcpy(numbers, bytes, sizeof(numbers));
	return (struct ttrpc_header){ .size = ntohl(numbers[0]),
		                      .stream = ntohl(numbers[1]),
		                      .type = bytes[8],
		                      .flags = bytes[9] };
}

static size_t take(const uint8_t **bytes, size_t *size, size_t most)
{
	size_t taken = *size < most ? *size : most;

	*bytes += taken;
	*size -= taken;
	return taken;
}

/* The last frame is done with: the next begins. */
static void begin_anew(struct ttrpc_reader *reader)
{
	ttrpc_reader_free(reader);
	reader->head_have = 0;
	reader->data_have = 0;
	reader->skipping = false;
	reader->begun_ms = 0;
}

/* The header is here: what is to become of the data. */
static enum ttrpc_frame_event judge(struct ttrpc_reader *reader, const struct ttrpc_header *header,
                                    size_t size_here)
{
	enum ttrpc_frame_event event = TTRPC_FRAME_NONE;

	if (header->type != reader->wanted)
		event = TTRPC_FRAME_OTHER;
	else if (header->size > TTRPC_DATA_MAX)
		event = TTRPC_FRAME_TOO_LONG;
	else if (header->size > size_here) { /* else it is read where it lies */
		reader->data = malloc(header->size);
		if (!reader->data)
			event = TTRPC_FRAME_NO_MEMORY;
	}
	reader->skipping = event != TTRPC_FRAME_NONE;
	return event;
}

static bool head_is_whole(const struct ttrpc_reader *reader)
{
	return reader->head_have == TTRPC_HEADER_SIZE;
}

static bool frame_is_whole(const struct ttrpc_reader *reader)
{
	return head_is_whole(reader) && reader->data_have == header_read(reader->head).size;
}

static void read_head(struct ttrpc_reader *reader, const uint8_t **bytes, size_t *size)
{
	const uint8_t *from = *bytes;
	size_t taken = take(bytes, size, TTRPC_HEADER_SIZE - (size_t)reader->head_have);

	if (taken)
		memcpy(reader->head + reader->head_have, from, taken);
	reader->head_have = (uint8_t)(reader->head_have + taken);
}

static void read_data(struct ttrpc_reader *reader, uint32_t data_size, const uint8_t **bytes,
                      size_t *size)
{
	const uint8_t *from = *bytes;
	size_t taken = take(bytes, size, data_size - reader->data_have);

	if (reader->data && taken)
		memcpy(reader->data + reader->data_have, from, taken);
	reader->data_have += (uint32_t)taken;
}

enum ttrpc_frame_event ttrpc_reader_next(struct ttrpc_reader *reader, const uint8_t **bytes,
                                         size_t *size, struct ttrpc_header *header,
                                         const uint8_t **data)
{
	enum ttrpc_frame_event event;

	if (reader->skipping)
		read_data(reader, header_read(reader->head).size, bytes, size);
	if (frame_is_whole(reader))
		begin_anew(reader);
	if (reader->skipping)
		return TTRPC_FRAME_NONE;
	if (!head_is_whole(reader)) {
		read_head(reader, bytes, size);
		if (!head_is_whole(reader))
			return TTRPC_FRAME_NONE;
		*header = header_read(reader->head);
		event = judge(reader, header, *size);
		if (event != TTRPC_FRAME_NONE)
			return event;
	}
	*header = header_read(reader->head);
	*data = *bytes;
	read_data(reader, header->size, bytes, size);
	if (!frame_is_whole(reader))
		return TTRPC_FRAME_NONE;
	if (reader->data)
		*data = reader->data;
	return TTRPC_FRAME_WHOLE;
}

void ttrpc_reader_note_time(struct ttrpc_reader *reader)
{
	if (!reader->head_have || frame_is_whole(reader))
		reader->begun_ms = 0;
	else if (!reader->begun_ms)
		reader->begun_ms = ttrpc_now_ms();
}

void ttrpc_reader_free(struct ttrpc_reader *reader)
{
	free(reader->data);
	reader->data = NULL;
}

long ttrpc_receive(int fd, uint8_t *bytes, size_t size)
{
	ssize_t count = recv(fd, bytes, size, MSG_DONTWAIT);

	if (count > 0)
		return count;
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return -1;
}

bool ttrpc_peer_is_us(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.uid == geteuid() && peer.gid == getegid();
}

int64_t ttrpc_now_ms(void)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return ms ? ms : 1;
}
