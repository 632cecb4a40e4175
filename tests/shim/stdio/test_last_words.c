/* A process's last words: who has them, how long they wait for a client, and when a client hears of
 * the end. */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static void say_goodbye(void)
{
	if (write(1, "goodbye\n", 8) < 0)
		_exit(1);
}

/* containerd is down while the process says its last words. */
static void last_words_wait_for_a_client(void **state)
{
	struct box *box = *state;

	box_start(box, say_goodbye);
	box_await(box, &box->drained);
	box_run_ms(box, 50);
	client_attach(box, &box->client, box->out);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "goodbye\n");
	box_end(box);
}

/* The worker that opened the FIFO has it open until it is gone, and so may other forks. */
static void a_fork_that_still_has_it_is_no_client(void **state)
{
	struct box *box = *state;
	int fork_fd = open(box->out, O_RDWR | O_CLOEXEC);

	box_start(box, say_goodbye);
	box_await(box, &box->drained);
	box_run_ms(box, 1500); /* longer than the first pause */
	close(fork_fd);
	box_run_ms(box, 2000);
	client_attach(box, &box->client, box->out);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "goodbye\n");
	box_end(box);
	assert_int_equal(times_logged(box, "dropped"), 0);
}

/* As containerd opens it: a wait until someone has it open for writing. */
static void a_client_may_wait_for_a_writer(void **state)
{
	struct box *box = *state;
	char text[16] = "";
	pid_t client;
	int line[2];

	box_start(box, say_goodbye);
	box_await(box, &box->drained);
	box_run_ms(box, 50);
	assert_int_equal(pipe2(line, O_CLOEXEC), 0);
	client = fork();
	if (client == 0) {
		int fd;

		close_range(3, (unsigned)line[1] - 1, 0);
		fd = open(box->out, O_RDONLY);
		_exit(fd >= 0 && read(fd, text, sizeof(text)) == 8 && read(fd, text, 1) == 0 &&
		                      write(line[1], text, 8) == 8
		              ? 0
		              : 1);
	}
	close(line[1]);
	box_run_ms(box, 100);
	BOX_UNTIL(box, box->strangers != 0);
	assert_int_equal(read(line[0], text, sizeof(text)), 8);
	close(line[0]);
	assert_string_equal(text, "goodbye\n");
}

/* containerd's client opens its FIFOs in threads that may be behind, and gives up those that are
 * not open yet when it hears that the process has ended. */
static void a_process_starts_when_its_client_is_there(void **state)
{
	struct box *box = *state;
	struct stdio_request request = box_request(box);
	char text[16] = "";
	pid_t client;
	int line[2];

	request.err = NULL;
	request.client_ms = NEVER_MS;
	assert_int_equal(pipe2(line, O_CLOEXEC), 0);
	client = fork();
	if (client == 0) {
		int fd;

		usleep(300000);
		fd = open(box->out, O_RDONLY);
		_exit(fd >= 0 && read(fd, text, sizeof(text)) == 8 && read(fd, text + 8, 1) == 0 &&
		                      write(line[1], text, 8) == 8
		              ? 0
		              : 1);
	}
	close(line[1]);
	assert_true(box_try(box, &request, say_goodbye));
	box_await(box, &box->drained);
	box_end(box);
	assert_int_equal(read(line[0], text, sizeof(text)), 8);
	close(line[0]);
	assert_string_equal(text, "goodbye\n");
	assert_int_equal(times_logged(box, "dropped"), 0);
	BOX_UNTIL(box, box->strangers != 0);
	assert_int_equal(box->stranger, client);
	assert_int_equal(box->stranger_status, 0);
}

static void a_client_that_never_comes_is_not_waited_for(void **state)
{
	struct box *box = *state;
	struct stdio_request request = box_request(box);
	int64_t begun_ms = time_now_ms();

	request.client_ms = 100;
	assert_true(box_try(box, &request, say_goodbye));
	assert_true(time_now_ms() - begun_ms >= 200); /* stdout's and stderr's */
	box_await(box, &box->drained);
	client_attach(box, &box->client, box->out);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "goodbye\n");
}

/* ---- what the client is to have before it hears of the end ---- */

/* It closes its FIFO then, whatever is in it. */
static void the_end_is_not_for_a_client_that_still_reads(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, say_goodbye);
	box_await(box, &box->drained);
	box_run_ms(box, 300);
	assert_true(box->exited);
	assert_false(box->taken);
	client_go_on(box, &box->client);
	box_await(box, &box->taken);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "goodbye\n");
}

static void the_end_waits_a_second_for_a_client_that_takes_nothing(void **state)
{
	struct box *box = *state;
	int64_t begun_ms = time_now_ms();

	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, say_goodbye);
	box_await(box, &box->taken);
	assert_true(time_now_ms() - begun_ms >= 1000);
}

static void write_little(void)
{
	write_pattern(1, 8000, 8000);
}

/* As long as it takes something it is waited for, though all of it takes longer. */
static void the_end_waits_for_a_slow_client(void **state)
{
	struct box *box = *state;
	char bytes[1000];

	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_little);
	box_await(box, &box->exited);
	for (int i = 0; i < 4; i++) {
		box_run_ms(box, 500);
		assert_false(box->taken);
		assert_int_equal(read(box->client.watch.fd, bytes, sizeof(bytes)), sizeof(bytes));
		box->client.got += sizeof(bytes);
	}
	client_go_on(box, &box->client);
	box_await(box, &box->taken);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, 8000);
	assert_false(box->client.wrong);
}

static void leave_one_that_writes_on(void)
{
	char bytes[4096] = "";

	if (fork() != 0)
		return;
	while (write(1, bytes, sizeof(bytes)) > 0)
		continue;
	_exit(1);
}

static void the_end_does_not_wait_for_what_others_write(void **state)
{
	struct box *box = *state;
	int64_t ended_ms;

	client_attach(box, &box->client, box->out);
	box_start(box, leave_one_that_writes_on);
	box_await(box, &box->exited);
	ended_ms = time_now_ms();
	box_await(box, &box->taken);
	assert_true(time_now_ms() - ended_ms < 900);
	assert_false(box->drained);
	box_end(box);
}

static void say_goodbye_when_asked(void)
{
	char byte;

	while (read(0, &byte, 1) > 0)
		continue;
	say_goodbye();
}

static void the_end_does_not_wait_where_nobody_reads(void **state)
{
	struct box *box = *state;
	int64_t ended_ms;

	box_start(box, say_goodbye_when_asked);
	BOX_UNTIL(box, box->workers.count == 0); /* which had the FIFO open, as a client has */
	stdio_close_input(box->stdio);
	box_await(box, &box->exited);
	ended_ms = time_now_ms();
	box_await(box, &box->taken);
	assert_true(time_now_ms() - ended_ms < 900);
}

static void last_words_without_a_client_are_counted(void **state)
{
	struct box *box = *state;
	char text[1024];
	FILE *out = fmemopen(text, sizeof(text), "we");

	box_start(box, say_goodbye);
	box_await(box, &box->drained);
	box_run_ms(box, 20);
	stdio_describe(box->stdio, out);
	fclose(out);
	assert_non_null(strstr(text, "stdout: ended, 8 bytes wait for a client"));
	box_end(box);
	assert_int_equal(times_logged(box, "box: 8 bytes of stdout dropped"), 1);
}

/* fs.inotify.max_user_instances is everybody's: here it is used up for us alone. */
static bool inotify_is_used_up;
int __real_inotify_init1(int flags);
int __wrap_inotify_init1(int flags);

int __wrap_inotify_init1(int flags)
{
	if (!inotify_is_used_up)
		return __real_inotify_init1(flags);
	errno = EMFILE;
	return -1;
}

static void last_words_that_can_not_wait_are_counted(void **state)
{
	struct box *box = *state;

	inotify_is_used_up = true;
	box_start(box, say_goodbye);
	box_await(box, &box->drained);
	box_run_ms(box, 1200); /* a fork that still had the FIFO is looked at a second later */
	box_end(box);
	inotify_is_used_up = false;
	assert_int_equal(times_logged(box, "box: 8 bytes of stdout dropped"), 1);
}

/* What is open stays so, and of what is closed no number is used again. */
static void have_no_fd_left(struct rlimit *before)
{
	struct rlimit none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static bool has_ended(struct box *box)
{
	char text[1024];
	FILE *out = fmemopen(text, sizeof(text), "we");

	stdio_describe(box->stdio, out);
	fclose(out);
	return strstr(text, "stdout: ended, 8 bytes wait for a client");
}

/* The shim is full when it would open the FIFO for its one way. */
static void last_words_wait_for_fds(void **state)
{
	struct box *box = *state;
	struct rlimit enough;

	box_start(box, say_goodbye);
	have_no_fd_left(&enough);
	box_await(box, &box->drained);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &enough), 0);
	assert_true(has_ended(box));
	box_run_ms(box, 1200); /* longer than the first pause */
	assert_true(has_ended(box));
	client_attach(box, &box->client, box->out);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "goodbye\n");
	box_end(box);
	assert_int_equal(times_logged(box, "dropped"), 0);
}

static void a_client_comes_while_there_are_no_fds(void **state)
{
	struct box *box = *state;
	struct rlimit enough;

	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, say_goodbye);
	have_no_fd_left(&enough);
	box_await(box, &box->drained);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &enough), 0);
	client_go_on(box, &box->client);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "goodbye\n");
	box_end(box);
	assert_int_equal(times_logged(box, "dropped"), 0);
}

static void last_words_that_no_fd_was_left_for_are_counted(void **state)
{
	struct box *box = *state;
	struct rlimit enough;

	box_start(box, say_goodbye);
	have_no_fd_left(&enough);
	box_await(box, &box->drained);
	box_end(box);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &enough), 0);
	assert_int_equal(times_logged(box, "box: 8 bytes of stdout dropped"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(last_words_wait_for_a_client),
		TEST(a_fork_that_still_has_it_is_no_client),
		TEST(a_client_may_wait_for_a_writer),
		TEST(a_process_starts_when_its_client_is_there),
		TEST(a_client_that_never_comes_is_not_waited_for),
		TEST(the_end_is_not_for_a_client_that_still_reads),
		TEST(the_end_waits_a_second_for_a_client_that_takes_nothing),
		TEST(the_end_waits_for_a_slow_client),
		TEST(the_end_does_not_wait_for_what_others_write),
		TEST(the_end_does_not_wait_where_nobody_reads),
		TEST(last_words_without_a_client_are_counted),
		TEST(last_words_that_can_not_wait_are_counted),
		TEST(last_words_wait_for_fds),
		TEST(a_client_comes_while_there_are_no_fds),
		TEST(last_words_that_no_fd_was_left_for_are_counted),
	};

	return cmocka_run_group_tests_name("shim.stdio.last_words", tests, NULL, NULL);
}
