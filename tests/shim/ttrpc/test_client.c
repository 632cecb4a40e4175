/* The client, and a server that answers as it likes: the test writes its bytes. */
#include "peer.h"
#include "wrapped.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct called {
	struct ttrpc_client *client;
	char folder[64], path[80];
	int listener, fd; /* fd: the server's end of the connection; -1: none */
	size_t held;
	/* of the answers */
	unsigned count;
	enum ttrpc_code code;
	char text[200];
	uint8_t payload[64];
	size_t size;
	bool calls_again;
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	assert_return_code(bind(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(listen(fd, 8), errno);
	return fd;
}

static int begin(void **state)
{
	size_t held = memory_held();
	struct called *called = calloc(1, sizeof(*called));

	called->held = held;
	called->fd = -1;
	strcpy(called->folder, "/tmp/ironbox-client-XXXXXX");
	assert_non_null(mkdtemp(called->folder));
	snprintf(called->path, sizeof(called->path), "%s/socket", called->folder);
	called->listener = listen_at(called->path);
	called->client = ttrpc_client_new(called->path);
	assert_non_null(called->client);
	*state = called;
	return 0;
}

static int end(void **state)
{
	struct called *called = *state;
	size_t held = called->held;

	ttrpc_client_free(called->client);
	close(called->listener);
	if (called->fd >= 0)
		close(called->fd);
	unlink(called->path);
	rmdir(called->folder);
	free(called);
	return memory_held() == held ? 0 : -1;
}

static int call_it(struct called *called, const char *payload, int timeout_ms);

static void answered(void *context, enum ttrpc_code code, const char *text, const uint8_t *payload,
                     size_t size)
{
	struct called *called = context;

	called->count++;
	called->code = code;
	snprintf(called->text, sizeof(called->text), "%s", text);
	called->size = size < sizeof(called->payload) ? size : sizeof(called->payload);
	if (called->size)
		memcpy(called->payload, payload, called->size);
	if (called->calls_again) {
		called->calls_again = false;
		assert_return_code(call_it(called, "again", -1), errno);
	}
}

static int call_it(struct called *called, const char *payload, int timeout_ms)
{
	return ttrpc_client_call(called->client, "a.Service", "Method", (const uint8_t *)payload,
	                         strlen(payload), timeout_ms, answered, called);
}

/* Lets the client work until it has been answered so many times. */
static void await_answers(struct called *called, unsigned count)
{
	for (int i = 0; i < 1000 && called->count < count; i++) {
		struct pollfd waiting = { ttrpc_client_fd(called->client), POLLIN, 0 };

		poll(&waiting, 1, 10);
		ttrpc_client_serve(called->client);
	}
	assert_int_equal(called->count, count);
}

/* The server's side: the next request's stream. */
static uint32_t take_request(struct called *called, const char *payload)
{
	uint8_t head[TTRPC_HEADER_SIZE], data[4096];
	Ttrpc__Request *request;
	uint32_t size;

	if (called->fd < 0)
		called->fd = accept(called->listener, NULL, NULL);
	assert_return_code(called->fd, errno);
	assert_int_equal(recv(called->fd, head, sizeof(head), MSG_WAITALL), sizeof(head));
	size = (uint32_t)head[2] << 8 | head[3];
	assert_true(head[0] == 0 && head[1] == 0 && size <= sizeof(data));
	assert_int_equal(recv(called->fd, data, size, MSG_WAITALL), size);
	request = ttrpc__request__unpack(NULL, size, data);
	assert_non_null(request);
	assert_string_equal(request->service, "a.Service");
	assert_string_equal(request->method, "Method");
	assert_memory_equal(request->payload.data, payload, strlen(payload));
	ttrpc__request__free_unpacked(request, NULL);
	return (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 | (uint32_t)head[6] << 8 | head[7];
}

static void send_frame(const struct called *called, uint32_t stream, uint8_t type, const void *data,
                       uint32_t size)
{
	uint8_t head[TTRPC_HEADER_SIZE];

	ttrpc_header_write(head, &(struct ttrpc_header){ size, stream, type, 0 });
	assert_int_equal(send(called->fd, head, sizeof(head), MSG_NOSIGNAL), sizeof(head));
	if (data)
		assert_int_equal(send(called->fd, data, size, MSG_NOSIGNAL), size);
}

static void respond(const struct called *called, uint32_t stream, int code, const char *text)
{
	Ttrpc__Status status = TTRPC__STATUS__INIT;
	Ttrpc__Response response = TTRPC__RESPONSE__INIT;
	uint8_t data[512];

	status.code = code;
	status.message = (char *)(uintptr_t)text;
	if (code)
		response.status = &status;
	else
		response.payload =
			(ProtobufCBinaryData){ strlen(text), (uint8_t *)(uintptr_t)text };
	assert_true(ttrpc__response__get_packed_size(&response) <= sizeof(data));
	send_frame(called, stream, TTRPC_RESPONSE, data,
	           (uint32_t)ttrpc__response__pack(&response, data));
}

static void answers_find_their_calls_in_any_order(void **state)
{
	struct called *called = *state;
	uint32_t first, second;

	assert_return_code(call_it(called, "one", -1), errno);
	assert_return_code(call_it(called, "two", -1), errno);
	first = take_request(called, "one");
	second = take_request(called, "two");
	assert_int_equal(first, 1);
	assert_int_equal(second, 3);
	respond(called, second, 0, "2");
	await_answers(called, 1);
	assert_int_equal(called->code, TTRPC_OK);
	assert_memory_equal(called->payload, "2", 1);
	respond(called, first, TTRPC_NOT_FOUND, "no such thing");
	await_answers(called, 2);
	assert_int_equal(called->code, TTRPC_NOT_FOUND);
	assert_string_equal(called->text, "no such thing");
}

static void a_call_has_its_time_and_a_late_answer_is_nobodys(void **state)
{
	struct called *called = *state;
	uint32_t late;

	assert_return_code(call_it(called, "slow", 5000), errno);
	late = take_request(called, "slow");
	assert_in_range(ttrpc_client_deadline(called->client) - ttrpc_now_ms(), 4000, 5000);
	let_pass_ms(5001);
	await_answers(called, 1);
	assert_int_equal(called->code, TTRPC_DEADLINE_EXCEEDED);
	respond(called, late, 0, "late");
	assert_return_code(call_it(called, "next", -1), errno);
	respond(called, take_request(called, "next"), 0, "next");
	await_answers(called, 2);
	assert_memory_equal(called->payload, "next", 4);
}

static void a_lost_connection_is_told_and_made_again(void **state)
{
	struct called *called = *state;

	assert_return_code(call_it(called, "lost", -1), errno);
	take_request(called, "lost");
	close(called->fd);
	called->fd = -1;
	called->calls_again = true; /* from within the answer */
	await_answers(called, 1);
	assert_int_equal(called->code, TTRPC_UNAVAILABLE);
	assert_int_equal(take_request(called, "again"), 1);
	respond(called, 1, 0, "yes");
	await_answers(called, 2);
	assert_int_equal(called->code, TTRPC_OK);
}

static void nobody_listens(void **state)
{
	struct called *called = *state;

	close(called->listener);
	called->listener = -1;
	assert_int_equal(call_it(called, "x", -1), -1);
	assert_int_equal(errno, ECONNREFUSED);
	unlink(called->path);
	assert_int_equal(call_it(called, "x", -1), -1);
	assert_int_equal(errno, ENOENT);
	called->listener = listen_at(called->path);
	assert_return_code(call_it(called, "x", -1), errno);
	respond(called, take_request(called, "x"), 0, "x");
	await_answers(called, 1);
}

static void someone_else_listens(void **state)
{
	struct called *called = *state;

	assert_return_code(chmod(called->folder, 0777), errno);
	close(called->listener);
	unlink(called->path);
	assert_return_code(seteuid(1000), errno);
	called->listener = listen_at(called->path);
	assert_return_code(seteuid(0), errno);
	assert_int_equal(call_it(called, "secret", -1), -1);
	assert_int_equal(errno, EPERM);
}

static void answers_that_are_none_fail_their_call(void **state)
{
	struct called *called = *state;

	assert_return_code(call_it(called, "a", -1), errno);
	send_frame(called, take_request(called, "a"), TTRPC_RESPONSE, "\xff\xff\xff", 3);
	await_answers(called, 1);
	assert_int_equal(called->code, TTRPC_INTERNAL);
	assert_return_code(call_it(called, "b", -1), errno);
	send_frame(called, take_request(called, "b"), TTRPC_RESPONSE, NULL, TTRPC_DATA_MAX + 1);
	await_answers(called, 2);
	assert_int_equal(called->code, TTRPC_RESOURCE_EXHAUSTED);
}

static void a_request_that_is_too_long_is_not_sent(void **state)
{
	struct called *called = *state;
	uint8_t *payload = calloc(1, TTRPC_DATA_MAX);

	assert_int_equal(ttrpc_client_call(called->client, "a.Service", "Method", payload,
	                                   TTRPC_DATA_MAX, -1, answered, called),
	                 -1);
	assert_int_equal(errno, EMSGSIZE);
	free(payload);
	assert_return_code(call_it(called, "short", -1), errno); /* the connection is whole */
	respond(called, take_request(called, "short"), 0, "");
	await_answers(called, 1);
}

static void a_server_that_does_not_read_is_given_up(void **state)
{
	struct called *called = *state;
	uint8_t *payload = calloc(1, 1 << 20);
	unsigned sent = 0;

	while (ttrpc_client_call(called->client, "a.Service", "Method", payload, 1 << 20, -1,
	                         answered, called) == 0)
		assert_in_range(++sent, 1, 12);
	assert_int_equal(errno, ENOBUFS);
	free(payload);
	await_answers(called, sent);
	assert_int_equal(called->code, TTRPC_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CALLED(test) cmocka_unit_test_setup_teardown(test, begin, end)
		CALLED(answers_find_their_calls_in_any_order),
		CALLED(a_call_has_its_time_and_a_late_answer_is_nobodys),
		CALLED(a_lost_connection_is_told_and_made_again),
		CALLED(nobody_listens),
		CALLED(someone_else_listens),
		CALLED(answers_that_are_none_fail_their_call),
		CALLED(a_request_that_is_too_long_is_not_sent),
		CALLED(a_server_that_does_not_read_is_given_up),
	};

	return cmocka_run_group_tests_name("ttrpc: client", tests, NULL, NULL);
}
