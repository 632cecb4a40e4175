/* The client: one connection, made when it is needed, and the calls that wait on it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ttrpc/frame.h"
#include "ttrpc/message.h"
#include "ttrpc/ttrpc.h"
#include "ttrpc/ttrpc.pb-c.h"

#define READS_AT_ONCE  64
#define FRAME_ON_STACK 1024
#define NS_OF_MS       1000000

struct waiting {
	struct waiting *next;
	ttrpc_answered *answered;
	void *context;
	int64_t deadline_ms; /* -1: none */
	uint32_t stream;
};

struct ttrpc_client {
	struct sockaddr_un address;
	int epoll_fd, fd;     /* fd: -1, not connected */
	uint64_t next_stream; /* above 32 bits: no more on this connection */
	bool watching_output;
	struct waiting *calls;
	struct ttrpc_reader reader;
	struct ttrpc_output output;
};

struct ttrpc_client *ttrpc_client_new(const char *path)
{
	struct ttrpc_client *client;

	if (strlen(path) >= sizeof(client->address.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		return NULL;
	client->address.sun_family = AF_UNIX;
	memcpy(client->address.sun_path, path, strlen(path) + 1);
	client->fd = -1;
	client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (client->epoll_fd < 0) {
		free(client);
		return NULL;
	}
	return client;
}

static int watch(struct ttrpc_client *client, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(client->epoll_fd, operation, client->fd, &event);
}

/* Keeps errno. */
static void disconnect(struct ttrpc_client *client)
{
	int saved = errno;

	if (client->fd >= 0) {
		(void)watch(client, EPOLL_CTL_DEL, 0); /* a fork may have the socket too */
		shutdown(client->fd, SHUT_RDWR);
		close(client->fd);
	}
	client->fd = -1;
	ttrpc_reader_free(&client->reader);
	ttrpc_output_free(&client->output);
	errno = saved;
}

void ttrpc_client_free(struct ttrpc_client *client)
{
	if (!client)
		return;
	disconnect(client);
	while (client->calls) {
		struct waiting *call = client->calls;

		client->calls = call->next;
		free(call);
	}
	close(client->epoll_fd);
	free(client);
}

int ttrpc_client_fd(const struct ttrpc_client *client)
{
	return client->epoll_fd;
}

int64_t ttrpc_client_deadline(const struct ttrpc_client *client)
{
	int64_t deadline = -1;

	for (const struct waiting *call = client->calls; call; call = call->next)
		if (call->deadline_ms >= 0 && (deadline < 0 || call->deadline_ms < deadline))
			deadline = call->deadline_ms;
	return deadline;
}

/* connect(2) to a unix socket is done at once, or fails: EAGAIN, its queue is full. */
static int try_connect(struct ttrpc_client *client)
{
	if (connect(client->fd, (const struct sockaddr *)&client->address,
	            sizeof(client->address)) < 0)
		return -1;
	if (!ttrpc_peer_is_us(client->fd)) { /* someone else's socket, where ours should be */
		errno = EPERM;
		return -1;
	}
	return watch(client, EPOLL_CTL_ADD, EPOLLIN);
}

static int connect_now(struct ttrpc_client *client)
{
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	client->reader = (struct ttrpc_reader){ .wanted = TTRPC_RESPONSE };
	client->next_stream = 1;
	client->watching_output = false;
	if (client->fd < 0)
		return -1;
	if (try_connect(client) == 0)
		return 0;
	disconnect(client);
	return -1;
}

static int update_watch(struct ttrpc_client *client)
{
	bool wants = client->output.first;

	if (wants == client->watching_output)
		return 0;
	client->watching_output = wants;
	return watch(client, EPOLL_CTL_MOD, wants ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/* Takes a call out of the list, and tells who made it. */
static void answer(struct waiting **at, enum ttrpc_code code, const char *text,
                   const uint8_t *payload, size_t size)
{
	struct waiting *call = *at;

	*at = call->next;
	call->answered(call->context, code, text, payload, size);
	free(call);
}

/* The connection is of no use any more. Calls that are made meanwhile go to the next. */
static void lose_connection(struct ttrpc_client *client)
{
	struct waiting *calls = client->calls;

	client->calls = NULL;
	disconnect(client);
	while (calls)
		answer(&calls, TTRPC_UNAVAILABLE, "the connection was lost", NULL, 0);
}

static struct waiting **find_call(struct ttrpc_client *client, uint32_t stream)
{
	struct waiting **at = &client->calls;

	while (*at && (*at)->stream != stream)
		at = &(*at)->next;
	return *at ? at : NULL;
}

static void take_response(struct waiting **call, const uint8_t *data, size_t size)
{
	size_t memory = TTRPC_MESSAGE_MEMORY;
	Ttrpc__Response *response = (Ttrpc__Response *)ttrpc_message_unpack(
		&ttrpc__response__descriptor, data, size, &memory);

	if (!response)
		answer(call, errno == ENOMEM ? TTRPC_RESOURCE_EXHAUSTED : TTRPC_INTERNAL,
		       errno == ENOMEM ? "no memory to read the answer"
		                       : "the answer can't be read",
		       NULL, 0);
	else if (response->status && response->status->code)
		answer(call, (enum ttrpc_code)response->status->code, response->status->message,
		       NULL, 0);
	else
		answer(call, TTRPC_OK, "", response->payload.data, response->payload.len);
	if (response)
		ttrpc_message_free(&response->base);
}

/* Answers to calls whose time was over, and types that are not known, are of no interest. */
static void take_bytes(struct ttrpc_client *client, const uint8_t *bytes, size_t size)
{
	enum ttrpc_frame_event event = TTRPC_FRAME_WHOLE;
	struct ttrpc_header header;
	struct waiting **call;
	const uint8_t *data;

	while (event != TTRPC_FRAME_NONE) {
		event = ttrpc_reader_next(&client->reader, &bytes, &size, &header, &data);
		if (event == TTRPC_FRAME_NONE || event == TTRPC_FRAME_OTHER)
			continue;
		call = find_call(client, header.stream);
		if (call && event == TTRPC_FRAME_WHOLE)
			take_response(call, data, header.size);
		else if (call)
			answer(call, TTRPC_RESOURCE_EXHAUSTED,
			       event == TTRPC_FRAME_TOO_LONG ? "the answer is too long"
			                                     : "no memory to read the answer",
			       NULL, 0);
	}
}

static void serve_connection(struct ttrpc_client *client, uint32_t events)
{
	uint8_t bytes[TTRPC_READ_SIZE];
	long count = sizeof(bytes);

	if (events & EPOLLOUT &&
	    (ttrpc_output_flush(&client->output, client->fd) < 0 || update_watch(client) < 0))
		count = -1;
	for (unsigned i = 0; i < READS_AT_ONCE && count == sizeof(bytes); i++) {
		count = ttrpc_receive(client->fd, bytes, sizeof(bytes));
		if (count > 0)
			take_bytes(client, bytes, (size_t)count);
	}
	if (count < 0)
		lose_connection(client);
}

static void meet_deadlines(struct ttrpc_client *client)
{
	int64_t now = ttrpc_client_deadline(client) < 0 ? -1 : ttrpc_now_ms();
	struct waiting **at = &client->calls;

	while (*at && now >= 0) {
		if ((*at)->deadline_ms >= 0 && (*at)->deadline_ms <= now) {
			answer(at, TTRPC_DEADLINE_EXCEEDED, "no answer in time", NULL, 0);
			at = &client->calls; /* who was told may have called */
		} else {
			at = &(*at)->next;
		}
	}
}

void ttrpc_client_serve(struct ttrpc_client *client)
{
	struct epoll_event event;

	if (epoll_wait(client->epoll_fd, &event, 1, 0) == 1 && client->fd >= 0)
		serve_connection(client, event.events);
	meet_deadlines(client);
}

/* The frame of a request, malloc'ed; NULL with errno. */
static uint8_t *write_request(uint32_t stream, const Ttrpc__Request *request, size_t *size)
{
	size_t data_size = ttrpc__request__get_packed_size(request);
	struct ttrpc_header header = { .stream = stream, .type = TTRPC_REQUEST };
	uint8_t *frame;

	if (data_size > TTRPC_DATA_MAX) {
		errno = EMSGSIZE;
		return NULL;
	}
	frame = malloc(TTRPC_HEADER_SIZE + data_size);
	if (!frame)
		return NULL;
	header.size = (uint32_t)data_size;
	ttrpc_header_write(frame, &header);
	ttrpc__request__pack(request, frame + TTRPC_HEADER_SIZE);
	*size = TTRPC_HEADER_SIZE + data_size;
	return frame;
}

/* Whether a frame went out whole is not known then, so no other may follow. The calls that wait are
 * told by serve, which the shutdown brings about: we may stand in the midst of it. */
static int give_up(struct ttrpc_client *client)
{
	int saved = errno;

	shutdown(client->fd, SHUT_RDWR);
	errno = saved;
	return -1;
}

static int send_request(struct ttrpc_client *client, const Ttrpc__Request *request)
{
	size_t size = 0;
	uint8_t *frame;
	int result;

	if (client->fd < 0 && connect_now(client) < 0)
		return -1;
	if (client->next_stream > UINT32_MAX) { /* another connection begins anew */
		errno = ECONNRESET;
		return give_up(client);
	}
	frame = write_request((uint32_t)client->next_stream, request, &size);
	if (!frame)
		return -1;
	result = ttrpc_output_send(&client->output, client->fd, frame, size);
	free(frame);
	if (result < 0 || update_watch(client) < 0)
		return give_up(client);
	client->next_stream += 2;
	return 0;
}

int ttrpc_client_call(struct ttrpc_client *client, const char *service, const char *method,
                      const uint8_t *payload, size_t size, int timeout_ms, ttrpc_answered *answered,
                      void *context)
{
	struct waiting *call = calloc(1, sizeof(*call));
	Ttrpc__Request request = TTRPC__REQUEST__INIT;

	if (!call)
		return -1;
	request.service = (char *)(uintptr_t)service; /* only read, as the others */
	request.method = (char *)(uintptr_t)method;
	request.payload = (ProtobufCBinaryData){ size, (uint8_t *)(uintptr_t)payload };
	request.timeout_nano = timeout_ms > 0 ? (int64_t)timeout_ms * NS_OF_MS : 0;
	if (send_request(client, &request) < 0) {
		int saved = errno;

		free(call);
		errno = saved;
		return -1;
	}
	call->stream = (uint32_t)(client->next_stream - 2);
	call->deadline_ms = timeout_ms >= 0 ? ttrpc_now_ms() + timeout_ms : -1;
	call->answered = answered;
	call->context = context;
	call->next = client->calls;
	client->calls = call;
	return 0;
}
