/* FIFOs: what a client sees, whatever it does. */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_much(void)
{
	write_pattern(1, WHOLE, 65536);
}

/* A process that writes 10 MB and is gone. */
static void all_comes_and_then_the_end(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box_start(box, write_much);
	box_await(box, &box->drained);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
	assert_int_equal(stdio_dropped(box->stdio), 0);
}

static void write_both(void)
{
	for (int i = 0; i < 100; i++)
		if (write(1, "o", 1) < 0 || write(2, "e", 1) < 0)
			_exit(1);
}

static void stdout_and_stderr_are_two(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	client_attach(box, &box->err_client, box->err);
	box_start(box, write_both);
	box_await(box, &box->client.ended);
	box_await(box, &box->err_client.ended);
	assert_int_equal(strspn(box->client.text, "o"), 100);
	assert_int_equal(box->client.got, 100);
	assert_int_equal(strspn(box->err_client.text, "e"), 100);
	assert_int_equal(box->err_client.got, 100);
}

/* A client that is killed with 10 MB on their way; the next one gets what it did not take. */
static void a_client_goes_and_another_comes(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box_start(box, write_much);
	BOX_UNTIL(box, box->client.got >= WHOLE / 4);
	client_detach(box, &box->client);
	box_run_ms(box, 50);
	assert_false(box->exited); /* no SIGPIPE, and it waits */
	client_attach(box, &box->client, box->out);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
}

static void say_and_wait(void)
{
	if (write(1, "hello\n", 6) < 0)
		_exit(1);
	pause();
}

static void a_thousand_clients_leave_no_fd(void **state)
{
	struct box *box = *state;
	unsigned before;

	box_start(box, say_and_wait);
	before = open_fds();
	for (int i = 0; i < 1000; i++) {
		client_attach(box, &box->client, box->out);
		client_detach(box, &box->client);
		stdio_resize(box->stdio, 80, 24);
	}
	assert_int_equal(open_fds(), before);
	client_attach(box, &box->client, box->out);
	BOX_UNTIL(box, box->client.got >= 6);
	assert_string_equal(box->client.text, "hello\n");
}

static void a_fifo_that_is_removed_still_serves(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box_start(box, write_much);
	assert_int_equal(unlink(box->out), 0);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
}

/* ---- stdin ---- */

static void copy_stdin(void)
{
	char bytes[4096];
	ssize_t size;

	while ((size = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)size) != size)
			_exit(1);
	_exit(size == 0 ? 7 : 1);
}

static int open_input_of(struct box *box)
{
	int fd = open(box->in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void input_goes_in_until_it_is_closed(void **state)
{
	struct box *box = *state;
	int fd;

	client_attach(box, &box->client, box->out);
	box_start(box, copy_stdin);
	for (int i = 0; i < 3; i++) { /* a client that detaches is no end of file */
		fd = open_input_of(box);
		assert_int_equal(write(fd, "line\n", 5), 5);
		close(fd);
		BOX_UNTIL(box, box->client.got >= (uint64_t)(5 * (i + 1)));
	}
	box_run_ms(box, 50);
	assert_false(box->exited);
	stdio_close_input(box->stdio);
	box_await(box, &box->exited);
	assert_int_equal(WEXITSTATUS(box->status), 7);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "line\nline\nline\n");
}

/* CloseIO comes while the client still writes: its end of file counts, not the call. */
static void closing_waits_for_the_clients_own_end(void **state)
{
	struct box *box = *state;
	int fd;

	client_attach(box, &box->client, box->out);
	box_start(box, copy_stdin);
	fd = open_input_of(box);
	stdio_close_input(box->stdio);
	box_run_ms(box, 50);
	assert_false(box->exited);
	assert_int_equal(write(fd, "late\n", 5), 5);
	close(fd);
	box_await(box, &box->exited);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "late\n");
	stdio_close_input(box->stdio); /* again: harmless */
}

static void write_without_reading(void)
{
	write_pattern(1, WHOLE, 4096);
	pause();
}

/* A client fills the stdin of a process that never reads; its output goes on, and so does all. */
static void stdin_that_nobody_reads_stops_nothing(void **state)
{
	static const char bytes[65536] = "x";
	struct box *box = *state;
	int fd;

	client_attach(box, &box->client, box->out);
	box_start(box, write_without_reading);
	fd = open_input_of(box);
	for (int i = 0; i < 20; i++) {
		(void)!write(fd, bytes, sizeof(bytes));
		box_run_ms(box, 1);
	}
	BOX_UNTIL(box, box->client.got >= WHOLE);
	assert_false(box->client.wrong);
	kill(box->process, SIGKILL);
	box_await(box, &box->drained);
	assert_int_equal(write(fd, bytes, sizeof(bytes)), -1);
	assert_int_equal(errno, EPIPE);
	close(fd);
}

static void close_stdin(void)
{
	close(0);
	pause();
}

static bool stdin_is_closed(struct box *box)
{
	int fd = open(box->in, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ENXIO;
}

static void a_process_that_closes_its_stdin_closes_the_fifo(void **state)
{
	struct box *box = *state;

	box_start(box, close_stdin);
	box_await_that(box, stdin_is_closed);
	assert_false(box->exited);
}

/* ---- what is refused ---- */

static void links_and_others_are_no_fifos(void **state)
{
	struct box *box = *state;
	struct stdio_request request = box_request(box);
	char link[128], socket_like[128], expected[512];

	snprintf(link, sizeof(link), "%s/link", box->folder);
	assert_int_equal(symlink(box->out, link), 0);
	request.out = link;
	assert_false(box_try(box, &request, write_much));
	snprintf(expected, sizeof(expected), "stdout: %s: a symbolic link, which is not followed",
	         link);
	assert_string_equal(box->error, expected);

	snprintf(socket_like, sizeof(socket_like), "fifo://%s", box->folder);
	request.out = socket_like;
	assert_false(box_try(box, &request, write_much));
	snprintf(expected, sizeof(expected), "stdout: %s: not a FIFO", box->folder);
	assert_string_equal(box->error, expected);

	request.out = "relative";
	assert_false(box_try(box, &request, write_much));
	assert_string_equal(box->error, "stdout: relative: expected an absolute path without "
	                                "\"..\": Invalid argument");
	request.out = box->out;
	request.in = "/nowhere/at/all";
	assert_false(box_try(box, &request, write_much));
	assert_string_equal(box->error, "stdin: open /nowhere/at/all: No such file or directory");
}

static void is_null(void)
{
	struct stat status;

	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode))
			_exit(1);
	_exit(write(1, "x", 1) == 1 && read(0, &status, 1) == 0 ? 7 : 1);
}

static void nothing_named_is_dev_null(void **state)
{
	struct box *box = *state;

	box->in[0] = box->out[0] = box->err[0] = '\0';
	box_start(box, is_null);
	box_await(box, &box->drained);
	assert_int_equal(WEXITSTATUS(box->status), 7);
}

static void open_stdout_again(void)
{
	int fd;

	if (setgid(1234) < 0 || setuid(1234) < 0)
		_exit(1);
	fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC);
	_exit(fd >= 0 && write(fd, "again\n", 6) == 6 ? 7 : 1);
}

static void the_pipes_are_the_users(void **state)
{
	struct box *box = *state;
	struct stdio_request request = box_request(box);

	request.uid = request.gid = 1234;
	client_attach(box, &box->client, box->out);
	assert_true(box_try(box, &request, open_stdout_again));
	box_await(box, &box->client.ended);
	assert_int_equal(WEXITSTATUS(box->status), 7);
	assert_string_equal(box->client.text, "again\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_comes_and_then_the_end),
		TEST(stdout_and_stderr_are_two),
		TEST(a_client_goes_and_another_comes),
		TEST(a_thousand_clients_leave_no_fd),
		TEST(a_fifo_that_is_removed_still_serves),
		TEST(input_goes_in_until_it_is_closed),
		TEST(closing_waits_for_the_clients_own_end),
		TEST(stdin_that_nobody_reads_stops_nothing),
		TEST(a_process_that_closes_its_stdin_closes_the_fifo),
		TEST(links_and_others_are_no_fifos),
		TEST(nothing_named_is_dev_null),
		TEST(the_pipes_are_the_users),
	};

	return cmocka_run_group_tests_name("shim.stdio.fifo", tests, NULL, NULL);
}
