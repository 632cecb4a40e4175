/* One request, until it has its answer. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ttrpc/message.h"
#include "ttrpc/server.h"

#define REPLY_ON_STACK 1024

static const struct ttrpc_method *find_method(const struct ttrpc_server *server,
                                              const Ttrpc__Request *request)
{
	for (const struct ttrpc_method *row = server->methods; row->service; row++)
		if (strcmp(row->method, request->method) == 0 &&
		    strcmp(row->service, request->service) == 0)
			return row;
	return NULL;
}

static void link_call(struct ttrpc_call *call, struct ttrpc_call **list)
{
	call->next = *list;
	call->at = list;
	if (call->next)
		call->next->at = &call->next;
	*list = call;
}

static void unlink_call(struct ttrpc_call *call)
{
	*call->at = call->next;
	if (call->next)
		call->next->at = call->at;
	if (call->connection)
		call->connection->call_counts[call->kind]--;
}

static void link_timed(struct ttrpc_call *call)
{
	struct ttrpc_call **at = &call->server->timed;

	while (*at && (*at)->deadline_ms <= call->deadline_ms)
		at = &(*at)->next_timed;
	call->next_timed = *at;
	call->at_timed = at;
	if (call->next_timed)
		call->next_timed->at_timed = &call->next_timed;
	*at = call;
}

static void unlink_timed(struct ttrpc_call *call)
{
	if (!call->at_timed)
		return;
	*call->at_timed = call->next_timed;
	if (call->next_timed)
		call->next_timed->at_timed = call->at_timed;
	call->at_timed = NULL;
}

void ttrpc_call_free(struct ttrpc_call *call)
{
	unlink_call(call);
	unlink_timed(call);
	call->server->call_counts[call->kind]--;
	if (call->request)
		ttrpc_message_free(&call->request->base);
	ttrpc_message_free(call->message);
	free(call);
}

void ttrpc_call_orphan(struct ttrpc_call *call)
{
	unlink_call(call);
	unlink_timed(call); /* it is told this, and no more */
	call->connection = NULL;
	link_call(call, &call->server->orphans);
	if (call->method->gone)
		call->method->gone(call->server->context, call, TTRPC_CANCELED);
}

void ttrpc_calls_meet_deadlines(struct ttrpc_server *server, int64_t now_ms)
{
	while (server->timed && server->timed->deadline_ms <= now_ms) {
		struct ttrpc_call *call = server->timed;

		unlink_timed(call);
		call->method->gone(server->context, call, TTRPC_DEADLINE_EXCEEDED);
	}
}

static struct ttrpc_call *call_new(struct ttrpc_connection *connection, uint32_t stream)
{
	struct ttrpc_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->server = connection->server;
	call->connection = connection;
	call->stream = stream;
	call->begun_ms = ttrpc_now_ms();
	call->deadline_ms = -1;
	link_call(call, &connection->calls);
	connection->call_counts[call->kind]++;
	connection->server->call_counts[call->kind]++;
	return call;
}

/* 0, or -1 when the call has been refused. */
static int fail_unpacking(struct ttrpc_call *call, const char *what)
{
	if (errno == ENOMEM)
		ttrpc_fail(call, TTRPC_RESOURCE_EXHAUSTED, "no memory to read %s", what);
	else
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "%s can't be read", what);
	return -1;
}

static int read_envelope(struct ttrpc_call *call, const uint8_t *data, size_t size, size_t *memory)
{
	call->request = (Ttrpc__Request *)ttrpc_message_unpack(&ttrpc__request__descriptor, data,
	                                                       size, memory);
	if (!call->request)
		return fail_unpacking(call, "the request");
	call->method = find_method(call->server, call->request);
	if (!call->method) {
		ttrpc_fail(call, TTRPC_UNIMPLEMENTED, "%s/%s: no such method",
		           call->request->service, call->request->method);
		return -1;
	}
	if (call->request->timeout_nano < 0) {
		ttrpc_fail(call, TTRPC_DEADLINE_EXCEEDED, "%s/%s: its time was over before",
		           call->request->service, call->request->method);
		return -1;
	}
	if (call->request->timeout_nano > 0)
		call->deadline_ms = call->begun_ms + call->request->timeout_nano / 1000000 + 1;
	return 0;
}

static void count_as_long(struct ttrpc_call *call)
{
	call->connection->call_counts[call->kind]--;
	call->server->call_counts[call->kind]--;
	call->kind = TTRPC_LONG;
	call->connection->call_counts[call->kind]++;
	call->server->call_counts[call->kind]++;
}

/* It is counted itself by then. */
static int check_counts(struct ttrpc_call *call)
{
	static const struct {
		unsigned of_connection, of_all;
	} most[TTRPC_KINDS] = {
		[TTRPC_SHORT] = { TTRPC_STREAMS_MAX, TTRPC_CALLS_MAX },
		[TTRPC_LONG] = { TTRPC_LONG_MAX, TTRPC_ALL_LONG_MAX },
	};

	if (call->method->gone)
		count_as_long(call);
	if (call->connection->call_counts[call->kind] <= most[call->kind].of_connection &&
	    call->server->call_counts[call->kind] <= most[call->kind].of_all)
		return 0;
	ttrpc_fail(call, TTRPC_RESOURCE_EXHAUSTED, "%s/%s: too many calls wait for their answers",
	           call->request->service, call->request->method);
	return -1;
}

static int read_payload(struct ttrpc_call *call, size_t *memory)
{
	ProtobufCBinaryData *payload = &call->request->payload;

	call->message =
		ttrpc_message_unpack(call->method->request, payload->data, payload->len, memory);
	if (!call->message)
		return fail_unpacking(call, call->method->request->name);
	free(payload->data); /* a call may live for days */
	*payload = (ProtobufCBinaryData){ 0 };
	return 0;
}

void ttrpc_call_begin(struct ttrpc_connection *connection, const struct ttrpc_header *header,
                      const uint8_t *data)
{
	size_t memory = TTRPC_MESSAGE_MEMORY;
	struct ttrpc_call *call = call_new(connection, header->stream);

	if (!call) {
		ttrpc_connection_fail(connection, header->stream, TTRPC_RESOURCE_EXHAUSTED,
		                      "no memory for one more call");
		return;
	}
	if (header->flags) {
		ttrpc_fail(call, TTRPC_UNIMPLEMENTED, "no method here streams");
		return;
	}
	if (read_envelope(call, data, header->size, &memory) < 0 || check_counts(call) < 0 ||
	    read_payload(call, &memory) < 0)
		return;
	if (call->kind == TTRPC_LONG && call->deadline_ms >= 0)
		link_timed(call);
	call->method->handle(connection->server->context, call, call->message);
}

static size_t put_varint(uint8_t *bytes, uint32_t number)
{
	size_t size = 0;

	for (; number > 0x7f; number >>= 7)
		bytes[size++] = (uint8_t)(number | 0x80);
	bytes[size++] = (uint8_t)number;
	return size;
}

/* A Response whose status is absent, which is OK, packed in place: its payload needs no copy. */
static size_t write_reply(uint8_t *frame, uint32_t stream, const ProtobufCMessage *message,
                          size_t payload_size)
{
	struct ttrpc_header header = { .stream = stream, .type = TTRPC_RESPONSE };
	uint8_t *at = frame + TTRPC_HEADER_SIZE;

	if (payload_size) {
		*at++ = 2 << 3 | 2; /* field 2, by its length */
		at += put_varint(at, (uint32_t)payload_size);
		at += protobuf_c_message_pack(message, at);
	}
	header.size = (uint32_t)(at - frame - TTRPC_HEADER_SIZE);
	ttrpc_header_write(frame, &header);
	return TTRPC_HEADER_SIZE + header.size;
}

void ttrpc_reply(struct ttrpc_call *call, const ProtobufCMessage *message)
{
	size_t payload_size = message ? protobuf_c_message_get_packed_size(message) : 0;
	size_t most = TTRPC_HEADER_SIZE + 1 + 5 + payload_size;
	uint8_t on_stack[REPLY_ON_STACK], *frame = on_stack;

	if (!call->connection) {
		ttrpc_call_free(call);
		return;
	}
	if (most - TTRPC_HEADER_SIZE > TTRPC_DATA_MAX) {
		ttrpc_fail(call, TTRPC_RESOURCE_EXHAUSTED, "an answer of %zu bytes; at most %u fit",
		           payload_size, TTRPC_DATA_MAX);
		return;
	}
	if (most > sizeof(on_stack) && !(frame = malloc(most))) {
		ttrpc_fail(call, TTRPC_RESOURCE_EXHAUSTED, "no memory for the answer");
		return;
	}
	ttrpc_connection_send(call->connection, frame,
	                      write_reply(frame, call->stream, message, payload_size));
	if (frame != on_stack)
		free(frame);
	ttrpc_call_free(call);
}

void ttrpc_fail(struct ttrpc_call *call, enum ttrpc_code code, const char *format, ...)
{
	char text[TTRPC_ERROR_TEXT_MAX];
	va_list arguments;

	if (call->connection) {
		va_start(arguments, format);
		vsnprintf(text, sizeof(text), format, arguments);
		va_end(arguments);
		ttrpc_connection_fail(call->connection, call->stream, code, text);
	}
	ttrpc_call_free(call);
}

const char *ttrpc_call_service(const struct ttrpc_call *call)
{
	return call->method->service;
}

const char *ttrpc_call_method(const struct ttrpc_call *call)
{
	return call->method->method;
}

int64_t ttrpc_call_deadline(const struct ttrpc_call *call)
{
	return call->deadline_ms;
}

int64_t ttrpc_call_begun(const struct ttrpc_call *call)
{
	return call->begun_ms;
}

const char *ttrpc_call_metadata(const struct ttrpc_call *call, const char *key)
{
	for (size_t i = 0; i < call->request->n_metadata; i++)
		if (strcmp(call->request->metadata[i]->key, key) == 0)
			return call->request->metadata[i]->value;
	return NULL;
}
