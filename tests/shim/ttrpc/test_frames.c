/* Frames that are cut, mixed, too long, out of order, or none at all. */
#include "peer.h"
#include "wrapped.h"

#include <unistd.h>

static uint8_t *empty_request(uint32_t stream, size_t *size)
{
	return make_request(stream, "test.Service", "Empty", NULL, 0, size);
}

static void a_frame_may_come_in_any_pieces(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	size_t size;
	uint8_t *frame = empty_request(1, &size), *two;

	for (size_t i = 0; i < size; i++) {
		peer_send(served, fd, frame + i, 1);
		serve(served);
	}
	assert_int_equal(peer_read_code(served, fd, 1), TTRPC_OK);
	free(frame);
	frame = empty_request(3, &size);
	two = malloc(2 * size);
	memcpy(two, frame, size);
	free(frame);
	frame = empty_request(5, &size);
	memcpy(two + size, frame, size);
	peer_send(served, fd, two, 2 * size - 1);
	assert_int_equal(peer_read_code(served, fd, 3), TTRPC_OK);
	peer_send(served, fd, two + 2 * size - 1, 1);
	assert_int_equal(peer_read_code(served, fd, 5), TTRPC_OK);
	free(frame);
	free(two);
	close(fd);
}

static void one_that_is_too_long_is_skipped_and_told(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	struct ttrpc_header header = { TTRPC_DATA_MAX + 1, 1, TTRPC_REQUEST, 0 };
	uint8_t *data = calloc(1, header.size);
	size_t held;

	serve(served);
	held = memory_held();
	peer_send_frame(served, fd, &header, NULL);
	serve(served);
	assert_int_equal(memory_held(), held); /* nothing of it is kept */
	assert_int_equal(peer_read_code(served, fd, 1), TTRPC_RESOURCE_EXHAUSTED);
	peer_send(served, fd, data, header.size);
	assert_served(served, fd, 3);
	free(data);
	close(fd);
}

/* What comes of a frame of nothing but its header. */
static enum ttrpc_code code_of(struct served *served, int fd, uint32_t stream, uint8_t type,
                               uint8_t flags)
{
	struct ttrpc_header header = { 0, stream, type, flags };

	peer_send_frame(served, fd, &header, NULL);
	return peer_read_code(served, fd, stream);
}

static void streams_are_odd_and_grow(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);

	assert_int_equal(code_of(served, fd, 2, TTRPC_REQUEST, 0), TTRPC_INVALID_ARGUMENT);
	assert_int_equal(code_of(served, fd, 0, TTRPC_REQUEST, 0), TTRPC_INVALID_ARGUMENT);
	assert_served(served, fd, 7);
	assert_int_equal(code_of(served, fd, 7, TTRPC_REQUEST, 0), TTRPC_INVALID_ARGUMENT);
	assert_int_equal(code_of(served, fd, 5, TTRPC_REQUEST, 0), TTRPC_INVALID_ARGUMENT);
	assert_served(served, fd, UINT32_MAX); /* the last one that there is */
	assert_int_equal(code_of(served, fd, 1, TTRPC_REQUEST, 0), TTRPC_INVALID_ARGUMENT);
	close(fd);
}

static void data_of_no_stream_is_refused_and_other_types_are_skipped(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	struct ttrpc_header header = { .stream = 1 };
	uint8_t data[5000] = { 0 };

	assert_int_equal(code_of(served, fd, 1, TTRPC_DATA, 1), TTRPC_INVALID_ARGUMENT);
	for (unsigned type = 0; type < 256; type++) {
		if (type == TTRPC_REQUEST || type == TTRPC_DATA)
			continue;
		header.type = (uint8_t)type;
		header.size = type % 2 ? 0 : sizeof(data);
		peer_send_frame(served, fd, &header, data);
	}
	assert_served(served, fd, 1); /* and its answer is the next that comes */
	close(fd);
}

static void half_a_frame_has_thirty_seconds(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served), idle = peer_connect(served);
	size_t size;
	uint8_t *frame = empty_request(1, &size);

	assert_int_equal(ttrpc_server_deadline(served->server), -1);
	for (size_t part = 4; part <= size; part += size - 4) { /* in the header, in the data */
		peer_send(served, fd, frame, part < size ? part : size - 1);
		serve(served);
		assert_in_range(ttrpc_server_deadline(served->server) - ttrpc_now_ms(), 20000,
		                30000);
		let_pass_ms(20000);
		serve(served);
		let_pass_ms(11000);
		serve(served);
		assert_true(peer_is_closed(served, fd));
		assert_int_equal(ttrpc_server_deadline(served->server), -1);
		close(fd);
		fd = peer_connect(served);
	}
	assert_served(served, idle, 1); /* one that says nothing may stay */
	free(frame);
	close(fd);
	close(idle);
}

static void a_frame_that_is_cut_off_leaves_nothing(void **state)
{
	struct served *served = *state;
	size_t size, held;
	uint8_t *frame = make_request(1, "test.Service", "Empty", NULL, 0, &size);

	serve(served);
	held = memory_held();
	for (size_t part = 1; part < size; part++) {
		int fd = peer_connect(served);

		peer_send(served, fd, frame, part);
		serve(served);
		close(fd);
		serve(served);
		assert_int_equal(memory_held(), held);
	}
	free(frame);
}

/* Bytes of no meaning at all: the connection is answered, skipped, or closed; the next is served.
 */
static void noise_is_survived(void **state)
{
	struct served *served = *state;
	uint8_t noise[2000];
	int fd;

	srandom(1);
	for (unsigned round = 0; round < 300; round++) {
		fd = peer_connect(served);
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)random();
		/* every second one begins as a request does */
		if (round % 2)
			ttrpc_header_write(noise, &(struct ttrpc_header){ (uint32_t)round * 6, 1,
			                                                  TTRPC_REQUEST, 0 });
		peer_send(served, fd, noise, sizeof(noise));
		serve(served);
		close(fd);
		serve(served);
	}
	fd = peer_connect(served);
	assert_served(served, fd, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVED(test) cmocka_unit_test_setup_teardown(test, serve_begin, serve_end)
		SERVED(a_frame_may_come_in_any_pieces),
		SERVED(one_that_is_too_long_is_skipped_and_told),
		SERVED(streams_are_odd_and_grow),
		SERVED(data_of_no_stream_is_refused_and_other_types_are_skipped),
		SERVED(half_a_frame_has_thirty_seconds),
		SERVED(a_frame_that_is_cut_off_leaves_nothing),
		SERVED(noise_is_survived),
	};

	return cmocka_run_group_tests_name("ttrpc: frames", tests, NULL, NULL);
}
