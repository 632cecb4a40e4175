#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wrapped.h"

#define PATIENCE_MS 10000

static uint8_t zeros[TTRPC_DATA_MAX];

static void handle_echo(void *context, struct ttrpc_call *call, const void *request)
{
	(void)context;
	ttrpc_reply(call, request);
}

static void handle_empty(void *context, struct ttrpc_call *call, const void *request)
{
	(void)context, (void)request;
	ttrpc_reply(call, NULL);
}

static void handle_big(void *context, struct ttrpc_call *call, const void *request)
{
	const Test__Nested *asked = request;
	Test__Nested answer = TEST__NESTED__INIT;

	(void)context;
	assert_true(asked->numbers[0] <= sizeof(zeros));
	answer.bytes = (ProtobufCBinaryData){ asked->numbers[0], zeros };
	ttrpc_reply(call, &answer.base);
}

static void handle_fail(void *context, struct ttrpc_call *call, const void *request)
{
	const Test__Nested *asked = request;

	(void)context;
	ttrpc_fail(call, (enum ttrpc_code)asked->numbers[0], "%s", asked->text);
}

static void handle_keep(void *context, struct ttrpc_call *call, const void *request)
{
	struct served *served = context;

	(void)request;
	assert_true(served->kept_count < KEPT_MAX);
	served->kept[served->kept_count++] = call;
}

static void handle_hold(void *context, struct ttrpc_call *call, const void *request)
{
	struct served *served = context;

	(void)request;
	assert_true(served->held_count < HELD_MAX);
	served->held[served->held_count++] = call;
}

static void count_gone(void *context, struct ttrpc_call *call, enum ttrpc_code code)
{
	struct served *served = context;

	(void)call, (void)code;
	served->gone_count++;
}

static void forget(void *context, struct ttrpc_call *call, enum ttrpc_code code)
{
	count_gone(context, call, code);
	ttrpc_fail(call, code, "nobody waits for it any more");
}

static const struct ttrpc_method methods[] = {
	{ "test.Service", "Echo", &test__nested__descriptor, handle_echo, NULL },
	{ "test.Service", "Empty", &test__nested__descriptor, handle_empty, NULL },
	{ "test.Service", "Big", &test__nested__descriptor, handle_big, NULL },
	{ "test.Service", "Fail", &test__nested__descriptor, handle_fail, NULL },
	{ "test.Service", "Hold", &test__nested__descriptor, handle_hold, NULL },
	{ "test.Service", "Keep", &test__nested__descriptor, handle_keep, count_gone },
	{ "test.Service", "Forget", &test__nested__descriptor, handle_keep, forget },
	{ .service = NULL },
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(listen(fd, 512), errno);
	return fd;
}

int serve_begin(void **state)
{
	size_t held = memory_held();
	struct served *served = calloc(1, sizeof(*served));

	served->memory = held;
	strcpy(served->folder, "/tmp/ironbox-ttrpc-XXXXXX");
	assert_non_null(mkdtemp(served->folder));
	snprintf(served->path, sizeof(served->path), "%s/socket", served->folder);
	served->server = ttrpc_server_new(listen_at(served->path), methods, served);
	assert_non_null(served->server);
	*state = served;
	return 0;
}

int serve_end(void **state)
{
	struct served *served = *state;
	size_t held = served->memory;

	ttrpc_server_free(served->server);
	unlink(served->path);
	rmdir(served->folder);
	free(served);
	if (memory_held() != held)
		print_error("%zd bytes of memory are left\n", (ssize_t)(memory_held() - held));
	return memory_held() == held ? 0 : -1;
}

bool wants_to_serve(const struct served *served)
{
	struct pollfd waiting = { .fd = ttrpc_server_fd(served->server), .events = POLLIN };

	return poll(&waiting, 1, 0) == 1;
}

void serve(struct served *served)
{
	int64_t end = ttrpc_now_ms() + PATIENCE_MS;

	do
		ttrpc_server_serve(served->server);
	while (wants_to_serve(served) && ttrpc_now_ms() < end);
}

int peer_connect(struct served *served)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_return_code(fd, errno);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", served->path);
	assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	serve(served);
	return fd;
}

void peer_send(struct served *served, int fd, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size) {
		ssize_t count = send(fd, at, size, MSG_NOSIGNAL);

		if (count < 0 && errno == EAGAIN) {
			serve(served);
			continue;
		}
		assert_true(count > 0);
		at += count;
		size -= (size_t)count;
	}
}

void peer_send_frame(struct served *served, int fd, const struct ttrpc_header *header,
                     const void *data)
{
	uint8_t head[TTRPC_HEADER_SIZE];

	ttrpc_header_write(head, header);
	peer_send(served, fd, head, sizeof(head));
	if (data)
		peer_send(served, fd, data, header->size);
}

uint8_t *make_request(uint32_t stream, const char *service, const char *method,
                      const uint8_t *payload, size_t payload_size, size_t *size)
{
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	struct ttrpc_header header = { .stream = stream, .type = TTRPC_REQUEST };
	uint8_t *frame;

	request.service = (char *)(uintptr_t)service;
	request.method = (char *)(uintptr_t)method;
	request.payload = (ProtobufCBinaryData){ payload_size, (uint8_t *)(uintptr_t)payload };
	header.size = (uint32_t)ttrpc__request__get_packed_size(&request);
	*size = TTRPC_HEADER_SIZE + header.size;
	frame = malloc(*size);
	ttrpc_header_write(frame, &header);
	ttrpc__request__pack(&request, frame + TTRPC_HEADER_SIZE);
	return frame;
}

void peer_call(struct served *served, int fd, uint32_t stream, const char *method,
               const Test__Nested *message)
{
	size_t payload_size = message ? test__nested__get_packed_size(message) : 0, size;
	uint8_t *payload = malloc(payload_size + 1), *frame;

	if (message)
		test__nested__pack(message, payload);
	frame = make_request(stream, "test.Service", method, payload, payload_size, &size);
	peer_send(served, fd, frame, size);
	free(frame);
	free(payload);
}

/* false: it was closed before. */
static bool read_exactly(struct served *served, int fd, uint8_t *bytes, size_t size)
{
	int64_t end = ttrpc_now_ms() + PATIENCE_MS;

	while (size) {
		ssize_t count;

		serve(served);
		count = recv(fd, bytes, size, 0);
		if (count == 0 || (count < 0 && errno != EAGAIN))
			return false;
		assert_true(ttrpc_now_ms() < end);
		if (count > 0) {
			bytes += count;
			size -= (size_t)count;
		}
	}
	return true;
}

Ttrpc__Response *peer_read(struct served *served, int fd, uint32_t stream)
{
	uint8_t head[TTRPC_HEADER_SIZE], expected[TTRPC_HEADER_SIZE], *data;
	struct ttrpc_header header = { .stream = stream, .type = TTRPC_RESPONSE };
	Ttrpc__Response *response;

	assert_true(read_exactly(served, fd, head, sizeof(head)));
	header.size = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 |
	              head[3];
	ttrpc_header_write(expected, &header);
	assert_memory_equal(head, expected, sizeof(head));
	assert_true(header.size <= TTRPC_DATA_MAX);
	data = malloc(header.size + 1);
	assert_true(read_exactly(served, fd, data, header.size));
	response = ttrpc__response__unpack(NULL, header.size, data);
	assert_non_null(response);
	free(data);
	return response;
}

enum ttrpc_code peer_read_code(struct served *served, int fd, uint32_t stream)
{
	Ttrpc__Response *response = peer_read(served, fd, stream);
	int code = response->status ? response->status->code : TTRPC_OK;

	ttrpc__response__free_unpacked(response, NULL);
	return (enum ttrpc_code)code;
}

bool peer_is_closed(struct served *served, int fd)
{
	int64_t end = ttrpc_now_ms() + PATIENCE_MS;
	uint8_t bytes[4096];
	ssize_t count;

	do {
		serve(served);
		count = recv(fd, bytes, sizeof(bytes), 0);
	} while ((count > 0 || (count < 0 && errno == EAGAIN)) && ttrpc_now_ms() < end);
	return count == 0 || (count < 0 && errno == ECONNRESET);
}

void assert_served(struct served *served, int fd, uint32_t stream)
{
	peer_call(served, fd, stream, "Empty", NULL);
	assert_int_equal(peer_read_code(served, fd, stream), TTRPC_OK);
}
