/*
 * Frames of ttrpc, both ways: a header of ten bytes (the length of what follows, the stream, a type
 * and flags; big-endian), then the data. Memory is held only while a frame is half here or half
 * gone.
 */
#ifndef IRONBOX_TTRPC_FRAME_H
#define IRONBOX_TTRPC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TTRPC_HEADER_SIZE 10
#define TTRPC_DATA_MAX    (4u << 20) /* the protocol's own limit */
#define TTRPC_OUTPUT_MAX  (2 * (size_t)TTRPC_DATA_MAX)
#define TTRPC_READ_SIZE   16384

enum ttrpc_frame_type { TTRPC_REQUEST = 1, TTRPC_RESPONSE, TTRPC_DATA };

struct ttrpc_header {
	uint32_t size, stream;
	uint8_t type, flags;
};

void ttrpc_header_write(uint8_t bytes[TTRPC_HEADER_SIZE], const struct ttrpc_header *header);

enum ttrpc_frame_event {
	TTRPC_FRAME_NONE,     /* all bytes are used up */
	TTRPC_FRAME_WHOLE,    /* of the type that is wanted */
	TTRPC_FRAME_OTHER,    /* of another type: its data is thrown away */
	TTRPC_FRAME_TOO_LONG, /* as is the data of one above TTRPC_DATA_MAX, */
	TTRPC_FRAME_NO_MEMORY /* or of one that there was no memory for */
};

struct ttrpc_reader {
	uint8_t wanted;     /* enum ttrpc_frame_type: whose data is of interest */
	uint8_t head_have;  /* bytes of the header that came */
	bool skipping;      /* the data of this frame */
	uint32_t data_have; /* bytes of the data that came, or were skipped */
	uint8_t head[TTRPC_HEADER_SIZE];
	uint8_t *data;    /* malloc'ed; NULL: none, or not yet needed */
	int64_t begun_ms; /* when the first byte of the half frame came; 0: there is none */
};

/* Takes from *bytes what belongs to the next frame. data, of header->size bytes, is valid until the
 * next call. */
enum ttrpc_frame_event ttrpc_reader_next(struct ttrpc_reader *reader, const uint8_t **bytes,
                                         size_t *size, struct ttrpc_header *header,
                                         const uint8_t **data);
/* After all bytes were used up: notes when a half frame began. */
void ttrpc_reader_note_time(struct ttrpc_reader *reader);
void ttrpc_reader_free(struct ttrpc_reader *reader);

struct ttrpc_output {
	struct ttrpc_rest *first, *last; /* what the socket did not take yet */
	size_t size;                     /* of all of it, with what keeps it */
};

/* Sends bytes behind what waits; what the socket does not take now is copied. -1 with errno: the
 * connection is of no use any more; ENOBUFS: its peer does not read. */
int ttrpc_output_send(struct ttrpc_output *output, int fd, const uint8_t *bytes, size_t size);
/* Sends what waits, as far as the socket takes it. 0, or -1 with errno. */
int ttrpc_output_flush(struct ttrpc_output *output, int fd);
void ttrpc_output_free(struct ttrpc_output *output);

/* A stretch of a stream of bytes, at most size: their number, 0: none now, -1: end or errno. */
long ttrpc_receive(int fd, uint8_t *bytes, size_t size);

/* unix(7), SO_PEERCRED: whether who called connect(2), or listen(2), at the other end was of our
 * user and group. */
bool ttrpc_peer_is_us(int fd);

/* CLOCK_MONOTONIC in ms, never 0. */
int64_t ttrpc_now_ms(void);

#endif
