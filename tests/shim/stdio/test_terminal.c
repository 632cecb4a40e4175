/* Terminals: one stream both ways, which ends when nobody has it open any more. */
#include "box.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static void raw(void)
{
	struct termios settings;

	if (tcgetattr(0, &settings) < 0)
		_exit(97);
	cfmakeraw(&settings);
	tcsetattr(0, TCSANOW, &settings);
}

static void write_much(void)
{
	raw();
	write_pattern(1, WHOLE, 4000);
}

static int in_a_terminal(void **state)
{
	int result = box_setup(state);

	((struct box *)*state)->terminal = true;
	return result;
}
#define TERMINAL_TEST(name) cmocka_unit_test_setup_teardown(name, in_a_terminal, box_teardown)

static void all_comes_and_then_the_end(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box_start(box, write_much);
	box_await(box, &box->drained);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
}

static void echo_a_line(void)
{
	char bytes[256];
	ssize_t size = read(0, bytes, sizeof(bytes));

	_exit(size == 6 && isatty(0) && isatty(2) && write(1, "done", 4) == 4 ? 7 : 1);
}

static void what_is_typed_goes_in(void **state)
{
	struct box *box = *state;
	int fd;

	client_attach(box, &box->client, box->out);
	box_start(box, echo_a_line);
	fd = open(box->in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(write(fd, "hello\r", 6), 6);
	close(fd);
	box_await(box, &box->client.ended);
	assert_int_equal(WEXITSTATUS(box->status), 7);
	assert_string_equal(box->client.text, "hello\r\ndone");
}

#define TYPED (256u << 10)

/* Reads late, and says how much of it was right. */
static void read_late(void)
{
	unsigned char bytes[1000];
	uint64_t right = 0, at = 0;

	raw();
	dprintf(1, "raw");
	usleep(300000);
	while (at < TYPED) {
		ssize_t size = read(0, bytes, sizeof(bytes));

		if (size <= 0)
			_exit(1);
		for (ssize_t i = 0; i < size; i++, at++)
			right += bytes[i] == pattern(at);
	}
	_exit(right == TYPED ? 7 : 2);
}

/* More than a terminal holds, to a process that takes it later: it waits, and all comes. */
static void much_input_waits_for_the_process(void **state)
{
	struct box *box = *state;
	pid_t client;

	client_attach(box, &box->client, box->out);
	box_start(box, read_late);
	BOX_UNTIL(box, box->client.got >= 3);
	client = fork();
	if (client == 0) {
		int fd = open(box->in, O_WRONLY | O_CLOEXEC);

		write_pattern(fd, TYPED, 4096);
		_exit(0);
	}
	box_await(box, &box->exited);
	assert_int_equal(WEXITSTATUS(box->status), 7);
}

static void tell_size(void)
{
	struct winsize size;
	sigset_t resized;
	int number;

	sigemptyset(&resized);
	sigaddset(&resized, SIGWINCH);
	sigprocmask(SIG_BLOCK, &resized, NULL);
	dprintf(1, "go\n");
	sigwait(&resized, &number);
	ioctl(0, TIOCGWINSZ, &size);
	dprintf(1, "%ux%u\n", size.ws_col, size.ws_row);
}

static void it_is_resized(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box_start(box, tell_size);
	BOX_UNTIL(box, strstr(box->client.text, "go"));
	assert_int_equal(stdio_resize(box->stdio, 132, 43), 0);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "go\r\n132x43\r\n");
	for (int i = 0; i < 100000; i++)
		assert_int_equal(stdio_resize(box->stdio, (uint16_t)i, 24), 0);
}

/* Some programs close their terminal and open /dev/console later. */
static void close_and_open_again(void)
{
	char name[64];

	if (ttyname_r(0, name, sizeof(name)) != 0)
		_exit(1);
	close(0), close(1), close(2);
	usleep(100000);
	if (open(name, O_RDWR) != 0)
		_exit(1);
	raw();
	write_pattern(0, WHOLE / 10, 4000);
}

static void a_terminal_that_is_opened_again_goes_on(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box_start(box, close_and_open_again);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE / 10);
	assert_false(box->client.wrong);
}

/* The same, with what is typed. */
static void close_and_read_later(void)
{
	char name[64], line[64];
	sigset_t told;
	int number;
	ssize_t size;

	sigemptyset(&told);
	sigaddset(&told, SIGUSR1);
	sigprocmask(SIG_BLOCK, &told, NULL);
	if (ttyname_r(0, name, sizeof(name)) != 0)
		_exit(1);
	close(0), close(1), close(2);
	sigwait(&told, &number);
	if (open(name, O_RDWR) != 0)
		_exit(1);
	size = read(0, line, sizeof(line));
	_exit(size == 6 && memcmp(line, "typed", 5) == 0 ? 7 : 2);
}

static bool is_hung_up(const struct box *box)
{
	struct pollfd master = { .fd = box->master_fd };

	return poll(&master, 1, 0) == 1 && master.revents & POLLHUP;
}

static int waiting_in(int fifo_fd)
{
	int size = 0;

	assert_int_equal(ioctl(fifo_fd, FIONREAD, &size), 0);
	return size;
}

static void a_terminal_that_is_opened_again_has_what_was_typed_meanwhile(void **state)
{
	struct box *box = *state;
	int fd;

	client_attach(box, &box->client, box->out);
	box_start(box, close_and_read_later);
	BOX_UNTIL(box, is_hung_up(box));
	fd = open(box->in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(write(fd, "typed\r", 6), 6);
	BOX_UNTIL(box, waiting_in(fd) == 0);
	kill(box->process, SIGUSR1);
	box_await(box, &box->exited);
	assert_int_equal(WEXITSTATUS(box->status), 7);
	close(fd);
}

static void hang_up_and_wait(void)
{
	close(0), close(1), close(2);
	pause();
}

static int64_t cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Input that nobody takes, and a terminal that nobody has open: nothing to do, so nothing done. */
static void a_hung_up_terminal_wakes_nobody(void **state)
{
	static const char bytes[65536] = "x";
	struct box *box = *state;
	int64_t before;
	int fd;

	box->drain_ms = 50; /* its echo waits for a client that never comes */
	box_start(box, hang_up_and_wait);
	fd = open(box->in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	for (int i = 0; i < 10; i++) {
		(void)!write(fd, bytes, sizeof(bytes));
		box_run_ms(box, 5);
	}
	before = cpu_ms();
	box_run_ms(box, 1000);
	assert_in_range(cpu_ms() - before, 0, 50);
	close(fd);
	kill(box->process, SIGKILL);
	box_await(box, &box->drained);
}

static void without_a_client_it_runs_on(void **state)
{
	struct box *box = *state;

	box->out[0] = box->in[0] = '\0';
	box_start(box, write_much);
	box_await(box, &box->drained);
	assert_int_equal(WEXITSTATUS(box->status), 0);
	assert_int_equal(stdio_dropped(box->stdio), 0); /* nobody asked for it */
}

static void another_client_goes_on(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box_start(box, write_much);
	for (int i = 1; i < 20; i++) {
		BOX_UNTIL(box, box->client.got >= WHOLE / 20 * (unsigned)i);
		client_detach(box, &box->client);
		client_attach(box, &box->client, box->out);
	}
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TERMINAL_TEST(all_comes_and_then_the_end),
		TERMINAL_TEST(what_is_typed_goes_in),
		TERMINAL_TEST(much_input_waits_for_the_process),
		TERMINAL_TEST(it_is_resized),
		TERMINAL_TEST(a_terminal_that_is_opened_again_goes_on),
		TERMINAL_TEST(a_terminal_that_is_opened_again_has_what_was_typed_meanwhile),
		TERMINAL_TEST(a_hung_up_terminal_wakes_nobody),
		TERMINAL_TEST(without_a_client_it_runs_on),
		TERMINAL_TEST(another_client_goes_on),
	};

	return cmocka_run_group_tests_name("shim.stdio.terminal", tests, NULL, NULL);
}
