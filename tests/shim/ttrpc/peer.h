/*
 * A server of the library, and peers of it that write and read the bytes themselves. All are in one
 * thread: who waits for an answer lets the server serve meanwhile.
 */
#ifndef TEST_TTRPC_PEER_H
#define TEST_TTRPC_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nested.pb-c.h"
#include "ttrpc/frame.h"
#include "ttrpc/ttrpc.h"
#include "ttrpc/ttrpc.pb-c.h"

#define KEPT_MAX 8192
#define HELD_MAX 8192

struct served {
	struct ttrpc_server *server;
	char folder[64], path[80];
	size_t memory; /* memory_held before it began */
	/* Of the method Hold. */
	struct ttrpc_call *held[HELD_MAX];
	unsigned held_count;
	/* Of the methods Keep and Forget, in the order in which they came. */
	struct ttrpc_call *kept[KEPT_MAX];
	unsigned kept_count, gone_count;
};

/* The service "test.Service":
 * Echo: answers with its own request;
 * Empty: with nothing;
 * Big: with as many bytes as numbers[0] says;
 * Fail: with the code numbers[0] and the text;
 * Hold: with nothing by itself; its calls are in held;
 * Keep: the same of a method that waits long; its calls are in kept, and stay there when their
 * peer has gone;
 * Forget: the same, but fails a call that nobody waits for any more.
 * As cmocka's setup and teardown, which finds the memory that is left. */
int serve_begin(void **state);
int serve_end(void **state);

/* Lets the server serve, until nothing is to be done for it at once. */
void serve(struct served *served);
/* Whether the server's fd is readable. */
bool wants_to_serve(const struct served *served);

/* An O_NONBLOCK connection to the server, which has accepted it. */
int peer_connect(struct served *served);
/* All of the bytes, with the server serving where the socket is full. */
void peer_send(struct served *served, int fd, const void *bytes, size_t size);
void peer_send_frame(struct served *served, int fd, const struct ttrpc_header *header,
                     const void *data);
/* A Request with this message as payload (NULL: none). */
void peer_call(struct served *served, int fd, uint32_t stream, const char *method,
               const Test__Nested *message);
/* The next frame, which must be a response of this stream, within 10 s. Freed by the caller, with
 * ttrpc__response__free_unpacked. */
Ttrpc__Response *peer_read(struct served *served, int fd, uint32_t stream);
/* The same, with its code alone. */
enum ttrpc_code peer_read_code(struct served *served, int fd, uint32_t stream);
/* Whether the server closes, or has closed, the connection, within 10 s; what comes before is
 * skipped. */
bool peer_is_closed(struct served *served, int fd);
/* Whether a call is answered. */
void assert_served(struct served *served, int fd, uint32_t stream);

/* A frame on the heap: a Request to test.Service with this payload. */
uint8_t *make_request(uint32_t stream, const char *service, const char *method,
                      const uint8_t *payload, size_t payload_size, size_t *size);

#endif
