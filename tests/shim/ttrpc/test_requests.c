/* Requests and their answers. */
#include "peer.h"
#include "wrapped.h"

#include <unistd.h>

static void a_request_is_answered_with_its_own_bytes(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	Test__Nested inner = TEST__NESTED__INIT, message = TEST__NESTED__INIT, *back;
	Ttrpc__Response *response;

	inner.text = (char *)(uintptr_t) "grüße";
	message.inner = &inner;
	message.bytes = (ProtobufCBinaryData){ 3, (uint8_t *)(uintptr_t) "\0\xff\n" };
	peer_call(served, fd, 1, "Echo", &message);
	response = peer_read(served, fd, 1);
	assert_null(response->status);
	back = test__nested__unpack(NULL, response->payload.len, response->payload.data);
	assert_string_equal(back->inner->text, "grüße");
	assert_memory_equal(back->bytes.data, "\0\xff\n", 3);
	test__nested__free_unpacked(back, NULL);
	ttrpc__response__free_unpacked(response, NULL);
	close(fd);
}

static void an_answer_of_nothing_is_a_frame_of_no_bytes(void **state)
{
	static const uint8_t expected[] = { 0, 0, 0, 0, 0, 0, 0, 9, 2, 0 };
	struct served *served = *state;
	int fd = peer_connect(served);
	uint8_t bytes[64];

	peer_call(served, fd, 9, "Empty", NULL);
	serve(served);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(expected));
	assert_memory_equal(bytes, expected, sizeof(expected));
	close(fd);
}

static void assert_answer(struct served *served, int fd, uint32_t stream, enum ttrpc_code code,
                          const char *text)
{
	Ttrpc__Response *response = peer_read(served, fd, stream);

	assert_non_null(response->status);
	assert_int_equal(response->status->code, code);
	assert_string_equal(response->status->message, text);
	assert_int_equal(response->payload.len, 0);
	ttrpc__response__free_unpacked(response, NULL);
}

static void fail_with(struct served *served, int fd, uint32_t stream, uint32_t code,
                      const char *text)
{
	Test__Nested message = TEST__NESTED__INIT;

	message.text = (char *)(uintptr_t)text;
	message.n_numbers = 1;
	message.numbers = &code;
	peer_call(served, fd, stream, "Fail", &message);
}

static void a_failure_is_its_code_and_its_words(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);

	for (uint32_t code = 1; code <= 16; code++) {
		fail_with(served, fd, 2 * code + 1, code, "delete web1: no such container");
		assert_answer(served, fd, 2 * code + 1, (enum ttrpc_code)code,
		              "delete web1: no such container");
	}
	close(fd);
}

static void words_are_escaped(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "a\nb\tc\033[31m\177", "a\\x0ab\\x09c\\x1b[31m\\x7f" },
		{ "\302\233 a control of C1", "\\xc2\\x9b a control of C1" },
		{ "ünd 漢字 😀 a\\b \"c\"", "ünd 漢字 😀 a\\b \"c\"" },
	};
	struct served *served = *state;
	int fd = peer_connect(served);
	uint32_t stream = 1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++, stream += 2) {
		fail_with(served, fd, stream, TTRPC_UNKNOWN, rows[i].text);
		assert_answer(served, fd, stream, TTRPC_UNKNOWN, rows[i].shown);
	}
	/* What no request could bring: */
	peer_call(served, fd, stream, "Keep", NULL);
	serve(served);
	ttrpc_fail(served->kept[0], TTRPC_UNKNOWN, "open \xff\xc3(\xed\xa0\x80");
	assert_answer(served, fd, stream, TTRPC_UNKNOWN, "open \\xff\\xc3(\\xed\\xa0\\x80");
	close(fd);
}

static void long_words_are_cut(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	char *text = calloc(1, 100001);
	Ttrpc__Response *response;

	for (unsigned step = 1; step <= 2; step++) {
		memset(text, step == 1 ? 'x' : '\n', 100000);
		fail_with(served, fd, step * 2 + 1, TTRPC_UNKNOWN, text);
		response = peer_read(served, fd, step * 2 + 1);
		assert_in_range(strlen(response->status->message), 4000, 4095);
		ttrpc__response__free_unpacked(response, NULL);
	}
	free(text);
	close(fd);
}

static void what_is_not_served_is_unimplemented(void **state)
{
	static const struct {
		const char *service, *method, *text;
	} rows[] = {
		{ "test.Service", "Nothing", "test.Service/Nothing: no such method" },
		{ "test.Other", "Echo", "test.Other/Echo: no such method" },
		{ "", "", "/: no such method" },
		{ "test.Service", "echo", "test.Service/echo: no such method" },
	};
	struct served *served = *state;
	int fd = peer_connect(served);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size;
		uint8_t *frame = make_request(2 * (uint32_t)i + 1, rows[i].service, rows[i].method,
		                              NULL, 0, &size);

		peer_send(served, fd, frame, size);
		free(frame);
		assert_answer(served, fd, 2 * (uint32_t)i + 1, TTRPC_UNIMPLEMENTED, rows[i].text);
	}
	close(fd);
}

static void a_stream_of_requests_is_unimplemented(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);

	for (unsigned flags = 1; flags < 256; flags <<= 1) {
		size_t size;
		uint8_t *frame =
			make_request(2 * flags + 1, "test.Service", "Echo", NULL, 0, &size);

		frame[9] = (uint8_t)flags;
		peer_send(served, fd, frame, size);
		free(frame);
		assert_int_equal(peer_read_code(served, fd, 2 * flags + 1), TTRPC_UNIMPLEMENTED);
	}
	close(fd);
}

static void a_payload_that_is_none_is_an_invalid_argument(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} rows[] = {
		{ "\x0a", 1 },             /* cut behind the tag */
		{ "\x12\x05grup", 6 },     /* longer than the bytes */
		{ "\x12\x02\xc3\x28", 4 }, /* no UTF-8 */
		{ "\x12\x03"
		  "a\0b",
		  5 },                         /* NUL */
		{ "\x12\x03\xed\xa0\x80", 5 }, /* a surrogate */
		{ "\x0a\x03\x12\x01\xff", 5 }, /* inside another */
		{ "\x0b\x0c", 2 },             /* a group */
		{ "\x10\x01", 2 },             /* a number, where a text should be */
		{ "\x02\x00", 2 },             /* field 0 */
		{ "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 },
	};
	struct served *served = *state;
	int fd = peer_connect(served);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t stream = 2 * (uint32_t)i + 1;
		size_t size;
		uint8_t *frame = make_request(stream, "test.Service", "Echo",
		                              (const uint8_t *)rows[i].bytes, rows[i].size, &size);

		peer_send(served, fd, frame, size);
		free(frame);
		assert_answer(served, fd, stream, TTRPC_INVALID_ARGUMENT,
		              "test.Nested can't be read");
	}
	assert_served(served, fd, 101);
	close(fd);
}

static void a_request_that_is_none_is_an_invalid_argument(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t size;
	} rows[] = {
		{ "\x0a\xff", 2 },
		{ "\x0a\x02\xc3\x28", 4 },
		{ "\x12\x01\0", 3 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11 },
		{ "\x2a\x03\x0a\x01\xff", 5 },
	};
	struct served *served = *state;
	int fd = peer_connect(served);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ttrpc_header header = { rows[i].size, 2 * (uint32_t)i + 1, TTRPC_REQUEST,
			                       0 };

		peer_send_frame(served, fd, &header, rows[i].bytes);
		assert_answer(served, fd, header.stream, TTRPC_INVALID_ARGUMENT,
		              "the request can't be read");
	}
	assert_served(served, fd, 101);
	close(fd);
}

/* Numbers: two million as a field each; four million as one field, of four bytes each for us. */
static void a_message_may_take_so_much_memory_and_no_more(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	size_t count = 2000000, size;
	uint8_t *payload = malloc(2 * count), *frame;

	for (size_t i = 0; i < count; i++) {
		payload[2 * i] = 5 << 3;
		payload[2 * i + 1] = 1;
	}
	frame = make_request(1, "test.Service", "Empty", payload, 2 * count, &size);
	peer_send(served, fd, frame, size);
	free(frame);
	assert_int_equal(peer_read_code(served, fd, 1), TTRPC_INVALID_ARGUMENT);
	memset(payload, 1, 2 * count);
	payload[0] = 5 << 3 | 2; /* packed */
	payload[1] = 0x80 | ((2 * count - 5) & 0x7f);
	payload[2] = 0x80 | ((2 * count - 5) >> 7 & 0x7f);
	payload[3] = 0x80 | ((2 * count - 5) >> 14 & 0x7f);
	payload[4] = (uint8_t)((2 * count - 5) >> 21);
	frame = make_request(3, "test.Service", "Empty", payload, 2 * count, &size);
	peer_send(served, fd, frame, size);
	free(frame);
	free(payload);
	assert_answer(served, fd, 3, TTRPC_RESOURCE_EXHAUSTED, "no memory to read test.Nested");
	assert_served(served, fd, 5);
	close(fd);
}

static void the_time_that_is_left_becomes_a_deadline(void **state)
{
	static const struct {
		int64_t nano, ms;
	} rows[] = {
		{ 0, -1 }, { 1, 1 }, { 5000000000, 5001 }, { INT64_MAX, INT64_MAX / 1000000 }
	};
	struct served *served = *state;
	int fd = peer_connect(served);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		Ttrpc__Request request = TTRPC__REQUEST__INIT;
		struct ttrpc_header header = { .stream = 2 * i + 1, .type = TTRPC_REQUEST };
		uint8_t bytes[100];
		int64_t left;

		request.service = (char *)(uintptr_t) "test.Service";
		request.method = (char *)(uintptr_t) "Keep";
		request.timeout_nano = rows[i].nano;
		header.size = (uint32_t)ttrpc__request__pack(&request, bytes);
		peer_send_frame(served, fd, &header, bytes);
		serve(served);
		assert_int_equal(served->kept_count, i + 1);
		left = ttrpc_call_deadline(served->kept[i]);
		if (rows[i].ms >= 0)
			left -= ttrpc_call_begun(served->kept[i]);
		assert_in_range(left - rows[i].ms, 0, 1);
		assert_in_range(ttrpc_now_ms() - ttrpc_call_begun(served->kept[i]), 0, 5000);
		ttrpc_reply(served->kept[i], NULL);
	}
	close(fd);
}

static void no_time_left_is_a_deadline_exceeded(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	struct ttrpc_header header = { .stream = 1, .type = TTRPC_REQUEST };
	uint8_t bytes[100];

	request.service = (char *)(uintptr_t) "test.Service";
	request.method = (char *)(uintptr_t) "Keep";
	request.timeout_nano = -1;
	header.size = (uint32_t)ttrpc__request__pack(&request, bytes);
	peer_send_frame(served, fd, &header, bytes);
	assert_answer(served, fd, 1, TTRPC_DEADLINE_EXCEEDED,
	              "test.Service/Keep: its time was over before");
	assert_int_equal(served->kept_count, 0);
	close(fd);
}

static void call_with_patience(struct served *served, int fd, uint32_t stream, const char *method,
                               int64_t ms)
{
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	struct ttrpc_header header = { .stream = stream, .type = TTRPC_REQUEST };
	uint8_t bytes[100];

	request.service = (char *)(uintptr_t) "test.Service";
	request.method = (char *)(uintptr_t)method;
	request.timeout_nano = ms * 1000000;
	header.size = (uint32_t)ttrpc__request__pack(&request, bytes);
	peer_send_frame(served, fd, &header, bytes);
	serve(served);
}

static void what_waits_long_waits_no_longer_than_its_caller(void **state)
{
	static const int64_t patience_ms[] = { 30000, 10000, 0, 20000 };
	struct served *served = *state;
	int fd = peer_connect(served);
	int64_t left_ms;

	for (uint32_t i = 0; i < 4; i++)
		call_with_patience(served, fd, 2 * i + 1, "Forget", patience_ms[i]);
	left_ms = ttrpc_server_deadline(served->server) - ttrpc_now_ms();
	assert_in_range(left_ms, 5000, 10001);
	let_pass_ms(10001);
	assert_answer(served, fd, 3, TTRPC_DEADLINE_EXCEEDED, "nobody waits for it any more");
	assert_int_equal(served->gone_count, 1);
	ttrpc_reply(served->kept[3], NULL); /* in time */
	assert_int_equal(peer_read_code(served, fd, 7), TTRPC_OK);
	let_pass_ms(20000);
	assert_answer(served, fd, 1, TTRPC_DEADLINE_EXCEEDED, "nobody waits for it any more");
	assert_int_equal(ttrpc_server_deadline(served->server), -1);
	assert_int_equal(served->gone_count, 2);
	close(fd);
	serve(served);
	assert_int_equal(served->gone_count, 3);
}

/* Of one that is kept all the same, and of one whose method sees to its time itself. */
static void that_its_time_is_over_is_told_once(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);

	call_with_patience(served, fd, 1, "Keep", 1000);
	call_with_patience(served, fd, 3, "Hold", 1000);
	let_pass_ms(1001);
	assert_served(served, fd, 5);
	assert_served(served, fd, 7);
	assert_int_equal(served->gone_count, 1);
	ttrpc_reply(served->kept[0], NULL);
	ttrpc_reply(served->held[0], NULL);
	assert_int_equal(peer_read_code(served, fd, 1), TTRPC_OK);
	assert_int_equal(peer_read_code(served, fd, 3), TTRPC_OK);
	close(fd);
}

static void metadata_is_found_by_its_key(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	Ttrpc__Request request = TTRPC__REQUEST__INIT;
	Ttrpc__KeyValue pairs[3] = { TTRPC__KEY_VALUE__INIT, TTRPC__KEY_VALUE__INIT,
		                     TTRPC__KEY_VALUE__INIT };
	Ttrpc__KeyValue *list[] = { &pairs[0], &pairs[1], &pairs[2] };
	struct ttrpc_header header = { .stream = 1, .type = TTRPC_REQUEST };
	uint8_t bytes[200];

	pairs[0].key = pairs[2].key = (char *)(uintptr_t) "containerd-namespace-ttrpc";
	pairs[0].value = (char *)(uintptr_t) "k8s.io";
	pairs[2].value = (char *)(uintptr_t) "second";
	pairs[1].key = (char *)(uintptr_t) "traceparent";
	request.service = (char *)(uintptr_t) "test.Service";
	request.method = (char *)(uintptr_t) "Keep";
	request.n_metadata = 3;
	request.metadata = list;
	header.size = (uint32_t)ttrpc__request__pack(&request, bytes);
	peer_send_frame(served, fd, &header, bytes);
	serve(served);
	assert_string_equal(ttrpc_call_metadata(served->kept[0], "containerd-namespace-ttrpc"),
	                    "k8s.io");
	assert_string_equal(ttrpc_call_metadata(served->kept[0], "traceparent"), "");
	assert_null(ttrpc_call_metadata(served->kept[0], "namespace"));
	assert_string_equal(ttrpc_call_service(served->kept[0]), "test.Service");
	assert_string_equal(ttrpc_call_method(served->kept[0]), "Keep");
	ttrpc_reply(served->kept[0], NULL);
	close(fd);
}

static void a_big_answer_arrives_whole_and_one_too_big_is_told(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	Test__Nested message = TEST__NESTED__INIT;
	uint32_t size = TTRPC_DATA_MAX - 16;
	Ttrpc__Response *response;

	message.n_numbers = 1;
	message.numbers = &size;
	peer_call(served, fd, 1, "Big", &message);
	response = peer_read(served, fd, 1);
	assert_null(response->status);
	assert_int_equal(response->payload.len, size + 5);
	ttrpc__response__free_unpacked(response, NULL);
	size = TTRPC_DATA_MAX;
	peer_call(served, fd, 3, "Big", &message);
	assert_answer(served, fd, 3, TTRPC_RESOURCE_EXHAUSTED,
	              "an answer of 4194309 bytes; at most 4194304 fit");
	close(fd);
}

/* Whichever allocation fails: the call is answered, or its connection closed; the next is served.
 */
static void want_of_memory_fails_one_call(void **state)
{
	struct served *served = *state;
	Test__Nested message = TEST__NESTED__INIT;
	uint32_t size = 5000;
	unsigned exhausted = 0;
	bool failed = true;

	message.n_numbers = 1;
	message.numbers = &size;
	for (long allowed = 0; failed; allowed++) {
		uint8_t payload[20], *frame;
		size_t frame_size, payload_size = test__nested__pack(&message, payload);
		int fd = peer_connect(served);
		enum ttrpc_code code;

		frame = make_request(1, "test.Service", "Big", payload, payload_size, &frame_size);
		peer_send(served, fd, frame, 20); /* half of it, so that it needs a buffer */
		fail_allocation_after(allowed);
		serve(served);
		peer_send(served, fd, frame + 20, frame_size - 20);
		serve(served);
		failed = allocation_failed();
		fail_allocation_after(-1);
		free(frame);
		code = peer_read_code(served, fd, 1);
		assert_int_equal(code, failed ? TTRPC_RESOURCE_EXHAUSTED : TTRPC_OK);
		exhausted += failed;
		assert_served(served, fd, 3);
		close(fd);
		serve(served);
	}
	assert_in_range(exhausted, 8, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVED(test) cmocka_unit_test_setup_teardown(test, serve_begin, serve_end)
		SERVED(a_request_is_answered_with_its_own_bytes),
		SERVED(an_answer_of_nothing_is_a_frame_of_no_bytes),
		SERVED(a_failure_is_its_code_and_its_words),
		SERVED(words_are_escaped),
		SERVED(long_words_are_cut),
		SERVED(what_is_not_served_is_unimplemented),
		SERVED(a_stream_of_requests_is_unimplemented),
		SERVED(a_payload_that_is_none_is_an_invalid_argument),
		SERVED(a_request_that_is_none_is_an_invalid_argument),
		SERVED(a_message_may_take_so_much_memory_and_no_more),
		SERVED(the_time_that_is_left_becomes_a_deadline),
		SERVED(no_time_left_is_a_deadline_exceeded),
		SERVED(what_waits_long_waits_no_longer_than_its_caller),
		SERVED(that_its_time_is_over_is_told_once),
		SERVED(metadata_is_found_by_its_key),
		SERVED(a_big_answer_arrives_whole_and_one_too_big_is_told),
		SERVED(want_of_memory_fails_one_call),
	};

	return cmocka_run_group_tests_name("ttrpc: requests", tests, NULL, NULL);
}
