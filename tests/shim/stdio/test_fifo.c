/* FIFOs: what a client sees, whatever it does. */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
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
	assert_false(box_try(box, &request, say_goodbye));
	snprintf(expected, sizeof(expected), "stdout: %s: a symbolic link, which is not followed",
	         link);
	assert_string_equal(box->error, expected);

	snprintf(socket_like, sizeof(socket_like), "fifo://%s", box->folder);
	request.out = socket_like;
	assert_false(box_try(box, &request, say_goodbye));
	snprintf(expected, sizeof(expected), "stdout: %s: not a FIFO", box->folder);
	assert_string_equal(box->error, expected);

	request.out = "relative";
	assert_false(box_try(box, &request, say_goodbye));
	assert_string_equal(box->error, "stdout: relative: expected an absolute path without "
	                                "\"..\": Invalid argument");
	request.out = box->out;
	request.in = "/nowhere/at/all";
	assert_false(box_try(box, &request, say_goodbye));
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
