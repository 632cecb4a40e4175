/*
 * ttrpc: containerd's small RPC over a stream socket, as a library of its own. It knows protobuf-c
 * and sockets, and neither threads nor an event loop: each server and each client is one fd to
 * poll for input (an epoll(7) fd that holds its connections) and one deadline.
 *
 * A request may be answered at any time and in any order. Nothing that a peer sends ends the
 * process, and what it may make us keep is bounded.
 */
#ifndef IRONBOX_TTRPC_H
#define IRONBOX_TTRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* gRPC's codes, as google.rpc.Status has them. */
enum ttrpc_code {
	TTRPC_OK,
	TTRPC_CANCELED,
	TTRPC_UNKNOWN,
	TTRPC_INVALID_ARGUMENT,
	TTRPC_DEADLINE_EXCEEDED,
	TTRPC_NOT_FOUND,
	TTRPC_ALREADY_EXISTS,
	TTRPC_PERMISSION_DENIED,
	TTRPC_RESOURCE_EXHAUSTED,
	TTRPC_FAILED_PRECONDITION,
	TTRPC_ABORTED,
	TTRPC_OUT_OF_RANGE,
	TTRPC_UNIMPLEMENTED,
	TTRPC_INTERNAL,
	TTRPC_UNAVAILABLE,
	TTRPC_DATA_LOSS,
	TTRPC_UNAUTHENTICATED,
};

/* ---- server ---- */

struct ttrpc_server;
/* A request that wants its answer: it lives until ttrpc_reply or ttrpc_fail, which each call must
 * get once, also when its peer has gone meanwhile (the answer then goes nowhere). */
struct ttrpc_call;

struct ttrpc_method {
	const char *service, *method; /* "containerd.task.v2.Task", "Create" */
	/* What the payload is read as. One that is not is answered by the server itself. */
	const ProtobufCMessageDescriptor *request;
	/* request: of that descriptor; the call's, gone with it. */
	void (*handle)(void *context, struct ttrpc_call *call, const void *request);
	/* NULL, or the method is one that waits long, and is told, once, that nobody waits for the
	 * call any more: to forget it by ttrpc_fail(call, code, …) there. code: TTRPC_CANCELED, its
	 * peer has gone; TTRPC_DEADLINE_EXCEEDED, its time is over. */
	void (*gone)(void *context, struct ttrpc_call *call, enum ttrpc_code code);
};

/* Serves a listening socket of stream type, whose fd becomes the server's. methods: ends with a
 * NULL service, and outlives the server. Peers of another user or group than ours are closed
 * (SO_PEERCRED). NULL with errno, and the fd is still the caller's. */
struct ttrpc_server *ttrpc_server_new(int listen_fd, const struct ttrpc_method *methods,
                                      void *context);
/* Readable: call ttrpc_server_serve, which never blocks. */
int ttrpc_server_fd(const struct ttrpc_server *server);
/* When to call it at the latest, in ms of CLOCK_MONOTONIC; -1: no need. */
int64_t ttrpc_server_deadline(const struct ttrpc_server *server);
void ttrpc_server_serve(struct ttrpc_server *server); /* not from inside a handler */
/* Writes what is still to be sent, for at most timeout_ms; before the process ends. */
void ttrpc_server_flush(struct ttrpc_server *server, int timeout_ms);
/* Calls without an answer are gone then; nobody is told. Not from inside a handler. */
void ttrpc_server_free(struct ttrpc_server *server);

void ttrpc_reply(struct ttrpc_call *call, const ProtobufCMessage *message);
/* The text is cut at 4 KiB; control characters, and what is no UTF-8, are escaped. */
void ttrpc_fail(struct ttrpc_call *call, enum ttrpc_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

const char *ttrpc_call_service(const struct ttrpc_call *call);
const char *ttrpc_call_method(const struct ttrpc_call *call);
/* The caller's patience: ms of CLOCK_MONOTONIC; -1: without end. */
int64_t ttrpc_call_deadline(const struct ttrpc_call *call);
/* When it came, ms of CLOCK_MONOTONIC. */
int64_t ttrpc_call_begun(const struct ttrpc_call *call);
/* The first value of a key of the metadata, or NULL. */
const char *ttrpc_call_metadata(const struct ttrpc_call *call, const char *key);
/* Calls visit for each call that has no answer yet. */
void ttrpc_server_pending(const struct ttrpc_server *server,
                          void (*visit)(void *context, const struct ttrpc_call *call),
                          void *context);

/* ---- client ---- */

struct ttrpc_client;

/* Connects to a path when the first call is made, and again at the next call when the connection
 * was lost. Who listens there must be of our own user and group. NULL with errno. */
struct ttrpc_client *ttrpc_client_new(const char *path);
/* As with the server: readable, or past the deadline, call ttrpc_client_serve. */
int ttrpc_client_fd(const struct ttrpc_client *client);
int64_t ttrpc_client_deadline(const struct ttrpc_client *client);
void ttrpc_client_serve(struct ttrpc_client *client);
/* Not from inside answered. Calls without an answer are forgotten. */
void ttrpc_client_free(struct ttrpc_client *client);

/* code TTRPC_OK: payload are the bytes of the response; else text says what was wrong, in the
 * peer's own words: UTF-8, and no more is sure of it. TTRPC_UNAVAILABLE: the connection was lost;
 * TTRPC_DEADLINE_EXCEEDED: no answer in time, and whether it was done is not known. */
typedef void ttrpc_answered(void *context, enum ttrpc_code code, const char *text,
                            const uint8_t *payload, size_t size);

/* Sends a request, whose payload is these bytes. answered is called once, from ttrpc_client_serve,
 * and may make the next call. timeout_ms: -1, without end. -1 with errno: not sent (nobody listens;
 * EPERM, someone else does; ENOBUFS, too much waits to be sent; EMSGSIZE), and it won't be called.
 */
int ttrpc_client_call(struct ttrpc_client *client, const char *service, const char *method,
                      const uint8_t *payload, size_t size, int timeout_ms, ttrpc_answered *answered,
                      void *context);

#endif
