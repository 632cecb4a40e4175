/* What the parts of the server know of each other. */
#ifndef IRONBOX_TTRPC_SERVER_H
#define IRONBOX_TTRPC_SERVER_H

#include "ttrpc/frame.h"
#include "ttrpc/ttrpc.h"
#include "ttrpc/ttrpc.pb-c.h"

#define TTRPC_CONNECTIONS_MAX 256
#define TTRPC_STREAMS_MAX     256  /* calls without an answer, of one connection, */
#define TTRPC_CALLS_MAX       4096 /* and of all, also those whose peer has gone */
#define TTRPC_LONG_MAX        2048 /* the same of methods that wait long, of one connection, */
#define TTRPC_ALL_LONG_MAX    4096 /* and of all: some 1 KB of memory each */
#define TTRPC_HALF_FRAME_MS   30000
#define TTRPC_ACCEPT_PAUSE_MS 1000
#define TTRPC_ERROR_TEXT_MAX  4096

/* Calls that wait long are counted by themselves: a client whose caller was cancelled says nothing
 * of it, so they may pile up, and must not keep out those that end things. */
enum ttrpc_kind { TTRPC_SHORT, TTRPC_LONG, TTRPC_KINDS };

struct ttrpc_server {
	int listen_fd, epoll_fd;
	int reserve_fd; /* given up for a moment to turn away whom there is no fd for */
	const struct ttrpc_method *methods;
	void *context;
	struct ttrpc_connection *connections;
	unsigned connection_count, call_counts[TTRPC_KINDS];
	struct ttrpc_call *orphans; /* whose peer has gone */
	struct ttrpc_call *timed;   /* that wait long and have a deadline, the earliest first */
	int64_t accept_again_ms;    /* 0: it accepts */
};

struct ttrpc_connection {
	struct ttrpc_server *server;
	struct ttrpc_connection *next, **at; /* at: what points to it */
	struct ttrpc_call *calls;            /* without an answer */
	struct ttrpc_reader reader;
	struct ttrpc_output output;
	int fd;
	uint32_t last_stream;
	unsigned call_counts[TTRPC_KINDS];
	bool broken;          /* to be closed when it is served next */
	bool watching_output; /* EPOLLOUT */
};

struct ttrpc_call {
	struct ttrpc_server *server;
	struct ttrpc_connection *connection; /* NULL: gone */
	struct ttrpc_call *next, **at;
	struct ttrpc_call *next_timed, **at_timed; /* at_timed: NULL, not among the timed */
	enum ttrpc_kind kind;
	const struct ttrpc_method *method;
	Ttrpc__Request *request;
	ProtobufCMessage *message;
	int64_t begun_ms, deadline_ms;
	uint32_t stream;
};

/* The fd becomes the connection's. -1 with errno, and it is closed. */
int ttrpc_connection_begin(struct ttrpc_server *server, int fd);
/* It may be gone after it. */
void ttrpc_connection_serve(struct ttrpc_connection *connection, uint32_t events);
void ttrpc_connection_end(struct ttrpc_connection *connection);
void ttrpc_connection_flush(struct ttrpc_connection *connection);
void ttrpc_connection_send(struct ttrpc_connection *connection, const uint8_t *bytes, size_t size);
/* An answer to a stream that is not, or no longer, a call. text is escaped and cut. */
void ttrpc_connection_fail(struct ttrpc_connection *connection, uint32_t stream,
                           enum ttrpc_code code, const char *text);

/* A request, whose stream is in order: makes the call and hands it to its method, or refuses. */
void ttrpc_call_begin(struct ttrpc_connection *connection, const struct ttrpc_header *header,
                      const uint8_t *data);
void ttrpc_call_free(struct ttrpc_call *call);
/* Its peer has gone. */
void ttrpc_call_orphan(struct ttrpc_call *call);
/* Those that wait long and whose time is over are told so. */
void ttrpc_calls_meet_deadlines(struct ttrpc_server *server, int64_t now_ms);

#endif
