/* [stdio] on_stall: readers that are slow, stopped or gone, and processes that leave their pipes to
 * others. */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stdio/child.h"

static void write_much(void)
{
	write_pattern(1, WHOLE, 65536);
}

static void write_in_small_pieces(void)
{
	write_pattern(1, 1 << 20, 7);
}

static bool is_stalled(struct box *box)
{
	char text[1024] = "";
	FILE *out = fmemopen(text, sizeof(text), "we");

	stdio_describe(box->stdio, out);
	fclose(out);
	return strstr(text, "not read for") != NULL;
}

/* Our own CPU time, in ms, over a while without a tick of the test's. */
static long cpu_while_waiting(struct box *box, int ms)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	box_run_ms(box, ms);
	getrusage(RUSAGE_SELF, &after);
	return (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
	        before.ru_stime.tv_sec) *
	               1000 +
	       (after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
	        before.ru_stime.tv_usec) /
	               1000;
}

/* ---- block ---- */

static void block_waits_and_goes_on_in_order(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_much);
	box_await_that(box, is_stalled);
	assert_in_range(cpu_while_waiting(box, 500), 0, 30);
	assert_false(box->exited);
	client_go_on(box, &box->client);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
	assert_int_equal(stdio_dropped(box->stdio), 0);
}

/* A client in a process of its own, stopped by a signal. */
static void a_stopped_reader_is_waited_for(void **state)
{
	struct box *box = *state;
	int writer_fd = -1;
	char copy[128];
	pid_t reader;

	snprintf(copy, sizeof(copy), "%s/copy", box->folder);
	reader = fork();
	if (reader == 0) {
		execl("/bin/sh", "sh", "-c", "exec cat <\"$1\" >\"$2\"", "sh", box->out, copy,
		      NULL);
		_exit(1);
	}
	/* ENXIO until it has opened it */
	BOX_UNTIL(box, (writer_fd = open(box->out, O_WRONLY | O_NONBLOCK | O_CLOEXEC)) >= 0);
	kill(reader, SIGSTOP);
	box_start(box, write_much);
	box_await_that(box, is_stalled);
	box_run_ms(box, 300);
	assert_false(box->exited);
	kill(reader, SIGCONT);
	box_await(box, &box->exited);
	box_await(box, &box->drained);
	BOX_UNTIL(box, file_size(copy) >= WHOLE);
	assert_file_is_pattern(copy, WHOLE);
	close(writer_fd);
}

/* The process is dead, its reader stalled: the pipe has hung up, and nobody is woken by that. */
static void a_dead_process_behind_a_full_fifo_costs_nothing(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_much);
	box_await_that(box, is_stalled);
	kill(box->process, SIGKILL);
	box_await(box, &box->exited);
	assert_in_range(cpu_while_waiting(box, 500), 0, 30);
	assert_false(box->drained);
	client_go_on(box, &box->client);
	box_await(box, &box->drained);
	box_await(box, &box->client.ended);
	assert_in_range(box->client.got, 65536, WHOLE);
	assert_false(box->client.wrong);
}

/* … and after its time, drained is called; what waits still does. */
static void the_time_to_drain_ends(void **state)
{
	struct box *box = *state;
	uint64_t before;

	box->drain_ms = 200;
	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_much);
	box_await_that(box, is_stalled);
	kill(box->process, SIGKILL);
	box_await(box, &box->drained);
	box_run_ms(box, 100);
	before = box->client.got;
	client_go_on(box, &box->client);
	box_await(box, &box->client.ended);
	assert_in_range(box->client.got - before, 65537, WHOLE); /* more than the FIFO held */
	assert_false(box->client.wrong);
}

/* ---- spill ---- */

static void spill_keeps_what_is_not_read(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_SPILL;
	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_much);
	box_await(box, &box->exited); /* it is not held up */
	assert_int_equal(WEXITSTATUS(box->status), 0);
	assert_in_range(cpu_while_waiting(box, 500), 0, 30);
	assert_false(box->drained);
	client_go_on(box, &box->client);
	box_await(box, &box->drained);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
	assert_int_equal(stdio_dropped(box->stdio), 0);
}

static void spill_is_bounded(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_SPILL;
	box->settings.spill_limit = 1 << 20;
	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_much);
	box_run_ms(box, 300);
	assert_false(box->exited); /* full: it waits */
	assert_in_range(cpu_while_waiting(box, 300), 0, 30);
	for (int i = 0; i < 10; i++) { /* and goes on as room is made */
		client_go_on(box, &box->client);
		box_run_ms(box, 2);
		client_stall(box, &box->client);
		box_run_ms(box, 2);
	}
	client_go_on(box, &box->client);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
}

static void spill_without_a_file_blocks(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_SPILL;
	box->settings.spill_folder = "/nowhere";
	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_much);
	box_run_ms(box, 200);
	assert_false(box->exited);
	client_go_on(box, &box->client);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
}

/* Nobody is there when its time is up; somebody comes later, or nobody ever does. */
static void what_was_spilled_waits_for_a_client(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_SPILL;
	box->drain_ms = 50;
	box_start(box, write_much);
	box_await(box, &box->drained);
	assert_int_equal(WEXITSTATUS(box->status), 0);
	assert_int_equal(stdio_dropped(box->stdio), 0);
	client_attach(box, &box->client, box->out);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got, WHOLE);
	assert_false(box->client.wrong);
}

static void what_was_spilled_and_never_read_is_counted(void **state)
{
	struct box *box = *state;
	char line[128];

	box->settings.on_stall = STDIO_SPILL;
	box->drain_ms = 50;
	box_start(box, write_much);
	box_await(box, &box->drained);
	box_end(box);
	snprintf(line, sizeof(line), "box: %u bytes of stdout dropped", WHOLE - 65536);
	assert_int_equal(times_logged(box, line), 1);
}

static void spilled_output_of_a_terminal_is_in_order(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_SPILL;
	box->terminal = true;
	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_in_small_pieces);
	box_await(box, &box->exited);
	client_go_on(box, &box->client);
	box_await(box, &box->client.ended);
	/* the terminal makes "\r\n" of "\n": more than was written, and all of it */
	assert_in_range(box->client.got, (1 << 20) + 1, 2 << 20);
}

/* ---- drop ---- */

static void drop_counts_what_it_throws_away(void **state)
{
	struct box *box = *state;
	uint64_t dropped;
	char line[128];

	box->settings.on_stall = STDIO_DROP;
	client_attach(box, &box->client, box->out);
	client_stall(box, &box->client);
	box_start(box, write_much);
	box_await(box, &box->exited);
	assert_int_equal(WEXITSTATUS(box->status), 0);
	box_await(box, &box->drained);
	dropped = stdio_dropped(box->stdio);
	client_go_on(box, &box->client);
	box_await(box, &box->client.ended);
	assert_in_range(box->client.got, 1, WHOLE / 2);
	assert_false(box->client.wrong); /* the newest is what is missing */
	assert_int_equal(box->client.got + dropped, WHOLE);
	box_end(box);
	snprintf(line, sizeof(line), "box: %llu bytes of stdout dropped",
	         (unsigned long long)dropped);
	assert_int_equal(times_logged(box, "has no reader that keeps up"), 1); /* a burst */
	assert_int_equal(times_logged(box, line), 1);
}

static void drop_spares_a_reader_that_keeps_up(void **state)
{
	struct box *box = *state;

	box->settings.on_stall = STDIO_DROP;
	client_attach(box, &box->client, box->out);
	box_start(box, write_in_small_pieces);
	box_await(box, &box->client.ended);
	assert_int_equal(box->client.got + stdio_dropped(box->stdio), 1 << 20);
	assert_int_equal(stdio_dropped(box->stdio), 0);
	assert_false(box->client.wrong);
}

static void write_without_end(void)
{
	write_pattern(1, UINT64_MAX, 65536);
}

static bool has_dropped(struct box *box)
{
	return stdio_dropped(box->stdio) > 1 << 20;
}

/* A reader that comes back gets what is new from then on. */
static void drop_ends_when_the_reader_is_back(void **state)
{
	struct box *box = *state;
	uint64_t got;

	box->settings.on_stall = STDIO_DROP;
	box_start(box, write_without_end);
	box_await_that(box, has_dropped);
	client_attach(box, &box->client, box->out);
	box_run_ms(box, 100);
	got = box->client.got;
	assert_true(got > 65536);
	kill(box->process, SIGKILL);
	box_await(box, &box->drained);
	box_await(box, &box->client.ended);
}

/* ---- who else has the pipes (TF3) ---- */

static void leave_a_child_behind(void)
{
	if (fork() == 0)
		for (;;)
			pause();
	if (write(1, "bye", 3) < 0)
		_exit(1);
}

static void a_grandchild_does_not_hold_the_end(void **state)
{
	struct box *box = *state;

	box->drain_ms = 200;
	client_attach(box, &box->client, box->out);
	box_start(box, leave_a_child_behind);
	box_await(box, &box->exited);
	box_run_ms(box, 50);
	assert_false(box->drained); /* it might write */
	box_await(box, &box->drained);
	box_await(box, &box->client.ended);
	assert_string_equal(box->client.text, "bye");
	kill(-box->process, SIGKILL);
}

static void a_thousand_of_them_leave_no_fd(void **state)
{
	struct box *box = *state;
	unsigned before = 0;

	box->drain_ms = 0;
	for (int i = 0; i < 1000; i++) {
		box_start(box, leave_a_child_behind);
		box_await(box, &box->exited);
		box_await(box, &box->drained);
		box_end(box);
		kill(-box->process, SIGKILL);
		if (i == 0)
			before = open_fds();
	}
	assert_int_equal(open_fds(), before);
}

static void write_for_ever_from_a_grandchild(void)
{
	if (fork() == 0)
		write_without_end();
}

static void a_grandchild_that_writes_on_is_cut(void **state)
{
	struct box *box = *state;
	uint64_t got;

	box->drain_ms = 100;
	client_attach(box, &box->client, box->out);
	box_start(box, write_for_ever_from_a_grandchild);
	box_await(box, &box->drained);
	got = box->client.got;
	box_await(box, &box->client.ended);
	assert_in_range(box->client.got - got, 0, 2 << 20);
	assert_false(box->client.wrong);
}

#define MUCH (256u << 20) /* more than any buffer */

/* With nobody there the shim does not grow. */
static void output_without_a_reader_takes_no_memory(void **state)
{
	struct box *box = *state;
	struct rusage before, after;

	box->settings.on_stall = STDIO_DROP;
	box_start(box, write_without_end);
	box_await_that(box, has_dropped);
	getrusage(RUSAGE_SELF, &before);
	BOX_UNTIL(box, stdio_dropped(box->stdio) >= MUCH);
	getrusage(RUSAGE_SELF, &after);
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 256); /* KiB */
	box->drain_ms = 0;
	kill(box->process, SIGKILL);
	box_await(box, &box->drained);
}

static void an_idle_loop_sleeps(void **state)
{
	struct box *box = *state;

	client_attach(box, &box->client, box->out);
	box->settings.on_stall = STDIO_DROP;
	box_start(box, leave_a_child_behind);
	box_await(box, &box->exited);
	assert_in_range(cpu_while_waiting(box, 500), 0, 20);
	kill(-box->process, SIGKILL);
	box_await(box, &box->drained);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(block_waits_and_goes_on_in_order),
		TEST(a_stopped_reader_is_waited_for),
		TEST(a_dead_process_behind_a_full_fifo_costs_nothing),
		TEST(the_time_to_drain_ends),
		TEST(spill_keeps_what_is_not_read),
		TEST(spill_is_bounded),
		TEST(spill_without_a_file_blocks),
		TEST(what_was_spilled_waits_for_a_client),
		TEST(what_was_spilled_and_never_read_is_counted),
		TEST(spilled_output_of_a_terminal_is_in_order),
		TEST(drop_counts_what_it_throws_away),
		TEST(drop_spares_a_reader_that_keeps_up),
		TEST(drop_ends_when_the_reader_is_back),
		TEST(a_grandchild_does_not_hold_the_end),
		TEST(a_thousand_of_them_leave_no_fd),
		TEST(a_grandchild_that_writes_on_is_cut),
		TEST(output_without_a_reader_takes_no_memory),
		TEST(an_idle_loop_sleeps),
	};

	return cmocka_run_group_tests_name("shim.stdio.stall", tests, NULL, NULL);
}
