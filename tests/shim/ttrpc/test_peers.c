/* Peers that are too many, strangers, gone, or do not read; and a server that has no fd left. */
#include "peer.h"
#include "wrapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define STREAMS_MAX     256
#define CALLS_MAX       4096
#define LONGS_MAX       2048

static unsigned fd_count(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 2000; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* connect(2) alone: the server has not looked yet. */
static int knock(const struct served *served)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_return_code(fd, errno);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", served->path);
	assert_return_code(connect(fd, (struct sockaddr *)&address, sizeof(address)), errno);
	return fd;
}

static void another_user_or_group_is_not_let_in(void **state)
{
	struct served *served = *state;
	int fd;

	assert_return_code(chmod(served->folder, 0777), errno);
	assert_return_code(chmod(served->path, 0777), errno);
	assert_return_code(seteuid(1000), errno);
	fd = knock(served);
	assert_return_code(seteuid(0), errno);
	assert_true(peer_is_closed(served, fd));
	close(fd);
	assert_return_code(setegid(1000), errno);
	fd = knock(served);
	assert_return_code(setegid(0), errno);
	assert_true(peer_is_closed(served, fd));
	close(fd);
	fd = peer_connect(served);
	assert_served(served, fd, 1);
	close(fd);
}

static void there_is_room_for_so_many_and_no_more(void **state)
{
	struct served *served = *state;
	int fds[CONNECTIONS_MAX], one_more;

	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		fds[i] = peer_connect(served);
	for (unsigned i = 0; i < 5; i++) {
		one_more = peer_connect(served);
		assert_true(peer_is_closed(served, one_more));
		close(one_more);
	}
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		assert_served(served, fds[i], 1);
	close(fds[0]);
	serve(served);
	fds[0] = peer_connect(served);
	assert_served(served, fds[0], 1);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
		close(fds[i]);
}

static void a_thousand_come_and_go(void **state)
{
	struct served *served = *state;
	unsigned before = fd_count();
	size_t held = memory_held();

	for (unsigned i = 0; i < 1000; i++) {
		int fd = peer_connect(served);

		if (i % 3)
			peer_call(served, fd, 1, i % 2 ? "Empty" : "Forget", NULL);
		if (i % 5 == 0)
			serve(served);
		close(fd);
	}
	serve(served);
	assert_int_equal(fd_count(), before);
	assert_int_equal(memory_held(), held);
}

/* What has no fd is turned away, and does not wake the server for ever. */
static void without_fds_it_goes_on(void **state)
{
	struct served *served = *state;
	int in = peer_connect(served), out, waiting;
	struct rlimit before, none;

	out = knock(served);
	waiting = knock(served);
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = (rlim_t)waiting + 1;
	assert_return_code(setrlimit(RLIMIT_NOFILE, &none), errno);
	serve(served);
	assert_true(peer_is_closed(served, out));
	assert_true(peer_is_closed(served, waiting));
	assert_false(wants_to_serve(served));
	assert_served(served, in, 1);
	setrlimit(RLIMIT_NOFILE, &before);
	close(out);
	close(waiting);
	out = peer_connect(served);
	assert_served(served, out, 1);
	close(in);
	close(out);
}

static void one_that_does_not_read_is_dropped(void **state)
{
	struct served *served = *state;
	int deaf = peer_connect(served), other = peer_connect(served);
	Test__Nested message = TEST__NESTED__INIT;
	uint32_t size = 1 << 20, stream = 1;
	long begun = (long)memory_held(), most = 0;

	message.n_numbers = 1;
	message.numbers = &size;
	for (; stream < 40; stream += 2) {
		uint8_t payload[16], *frame;
		size_t frame_size, payload_size = test__nested__pack(&message, payload);

		frame = make_request(stream, "test.Service", "Big", payload, payload_size,
		                     &frame_size);
		(void)!send(deaf, frame, frame_size, MSG_NOSIGNAL);
		free(frame);
		serve(served);
		if ((long)memory_held() - begun > most)
			most = (long)memory_held() - begun;
		assert_served(served, other, stream);
	}
	assert_in_range(most, 4 << 20, 9 << 20);
	assert_in_range(memory_held(), 0, begun); /* and nothing of it is left */
	assert_true(peer_is_closed(served, deaf));
	close(deaf);
	close(other);
}

static unsigned fill(struct served *served, int *fds, const char *method, unsigned each,
                     unsigned all)
{
	unsigned at;

	for (at = 0; at < all / each; at++) {
		fds[at] = peer_connect(served);
		for (uint32_t i = 0; i < each; i++)
			peer_call(served, fds[at], 2 * i + 1, method, NULL);
		peer_call(served, fds[at], 2 * each + 1, method, NULL);
		assert_int_equal(peer_read_code(served, fds[at], 2 * each + 1),
		                 TTRPC_RESOURCE_EXHAUSTED);
	}
	fds[at] = peer_connect(served);
	peer_call(served, fds[at], 1, method, NULL);
	assert_int_equal(peer_read_code(served, fds[at], 1), TTRPC_RESOURCE_EXHAUSTED);
	return at + 1;
}

static void calls_without_an_answer_are_bounded(void **state)
{
	struct served *served = *state;
	int fds[CALLS_MAX / STREAMS_MAX + 1];
	unsigned count = fill(served, fds, "Hold", STREAMS_MAX, CALLS_MAX);

	ttrpc_reply(served->held[0], NULL);
	assert_served(served, fds[count - 1], 3);
	assert_int_equal(peer_read_code(served, fds[0], 1), TTRPC_OK);
	for (unsigned i = 1; i < served->held_count; i++)
		ttrpc_reply(served->held[i], NULL);
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
}

/* Who is cancelled does not say so: what has piled up must not keep out the call that ends it. */
static void calls_that_wait_long_leave_room_for_the_others(void **state)
{
	struct served *served = *state;
	int fds[CALLS_MAX / LONGS_MAX + 1];
	unsigned count = fill(served, fds, "Keep", LONGS_MAX, CALLS_MAX);

	for (unsigned i = 0; i < count; i++)
		assert_served(served, fds[i], 2 * LONGS_MAX + 3);
	ttrpc_reply(served->kept[0], NULL);
	assert_int_equal(peer_read_code(served, fds[0], 1), TTRPC_OK);
	peer_call(served, fds[0], 2 * LONGS_MAX + 5, "Keep", NULL);
	serve(served);
	assert_int_equal(served->kept_count, CALLS_MAX + 1);
	for (unsigned i = 1; i < served->kept_count; i++)
		ttrpc_reply(served->kept[i], NULL);
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
}

static void count_pending(void *context, const struct ttrpc_call *call)
{
	(void)call;
	++*(unsigned *)context;
}

static unsigned pending(const struct served *served)
{
	unsigned count = 0;

	ttrpc_server_pending(served->server, count_pending, &count);
	return count;
}

static void calls_outlive_their_peer(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);

	peer_call(served, fd, 1, "Keep", NULL);
	peer_call(served, fd, 3, "Forget", NULL);
	serve(served);
	assert_int_equal(pending(served), 2);
	close(fd);
	serve(served);
	assert_int_equal(served->gone_count, 2);
	assert_int_equal(pending(served), 1); /* the other was forgotten */
	ttrpc_reply(served->kept[0], NULL);
	assert_int_equal(pending(served), 0);
}

/* Whoever says that no more comes is done, as with containerd's own server. */
static void half_a_connection_is_none(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);

	assert_served(served, fd, 1);
	shutdown(fd, SHUT_WR);
	assert_true(peer_is_closed(served, fd));
	close(fd);
}

/* What waits to be sent is written at the end, for a while. */
static void a_flush_ends_in_time(void **state)
{
	struct served *served = *state;
	int fd = peer_connect(served);
	Test__Nested message = TEST__NESTED__INIT;
	uint32_t size = 3 << 20;
	int64_t begun;

	message.n_numbers = 1;
	message.numbers = &size;
	peer_call(served, fd, 1, "Big", &message);
	serve(served);
	begun = ttrpc_now_ms();
	ttrpc_server_flush(served->server, 100);
	assert_in_range(ttrpc_now_ms() - begun, 90, 5000);
	assert_int_equal(peer_read_code(served, fd, 1), TTRPC_OK); /* nothing of it is lost */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define SERVED(test) cmocka_unit_test_setup_teardown(test, serve_begin, serve_end)
		SERVED(another_user_or_group_is_not_let_in),
		SERVED(there_is_room_for_so_many_and_no_more),
		SERVED(a_thousand_come_and_go),
		SERVED(without_fds_it_goes_on),
		SERVED(one_that_does_not_read_is_dropped),
		SERVED(calls_without_an_answer_are_bounded),
		SERVED(calls_that_wait_long_leave_room_for_the_others),
		SERVED(calls_outlive_their_peer),
		SERVED(half_a_connection_is_none),
		SERVED(a_flush_ends_in_time),
	};

	return cmocka_run_group_tests_name("ttrpc: peers", tests, NULL, NULL);
}
