/* A log target whose server hangs: a FUSE file system that is stopped. The loop goes on. */
#include "box.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/time.h"

static struct hanging {
	pid_t server;
	char mount[80];
} hanging;

static int box_with_mount(void **state)
{
	char ready[8] = "";
	int line[2], result = box_setup(state);
	struct box *box;

	box = *state;
	snprintf(hanging.mount, sizeof(hanging.mount), "%s/mount", box->folder);
	assert_int_equal(mkdir(hanging.mount, 0755), 0);
	assert_int_equal(pipe2(line, O_CLOEXEC), 0);
	hanging.server = fork();
	if (hanging.server == 0) {
		dup2(line[1], 1);
		execl(FUSE_HANG, "fuse-hang", hanging.mount, NULL);
		_exit(1);
	}
	close(line[1]);
	assert_int_equal(read(line[0], ready, 6), 6);
	assert_string_equal(ready, "ready\n");
	close(line[0]);
	snprintf(box->out, sizeof(box->out), "file://%s/log", hanging.mount);
	return result;
}

static int without_mount(void **state)
{
	kill(hanging.server, SIGCONT);
	kill(hanging.server, SIGTERM);
	waitpid(hanging.server, NULL, 0);
	umount2(hanging.mount, MNT_DETACH);
	return box_teardown(state);
}
#define HANG_TEST(name) cmocka_unit_test_setup_teardown(name, box_with_mount, without_mount)

static void write_much(void)
{
	write_pattern(1, WHOLE, 65536);
}

/* The loop's timers come in time: it does not hang itself. */
static void loop_answers(struct box *box)
{
	int64_t begun_ms = time_now_ms();

	for (int i = 0; i < 20; i++)
		box_run_ms(box, 5);
	assert_in_range(time_now_ms() - begun_ms, 100, 3000);
}

static void a_hung_log_stops_its_own_process_alone(void **state)
{
	struct box *box = *state;
	char log[160];

	snprintf(log, sizeof(log), "%s/log", hanging.mount);
	box_start(box, write_much);
	kill(hanging.server, SIGSTOP);
	box_run_ms(box, 200);
	assert_false(box->drained);
	loop_answers(box);
	kill(hanging.server, SIGCONT);
	box_await(box, &box->drained);
	assert_file_is_pattern(log, WHOLE);
}

static bool writer_is_reaped(struct box *box)
{
	return box->strangers > 0;
}

static void an_end_does_not_wait_for_it(void **state)
{
	struct box *box = *state;
	int64_t begun_ms;
	char log[160];

	snprintf(log, sizeof(log), "%s/log", hanging.mount);
	box->drain_ms = 300;
	box_start(box, write_much);
	kill(hanging.server, SIGSTOP);
	box_run_ms(box, 100);
	kill(box->process, SIGKILL);
	begun_ms = time_now_ms();
	box_await(box, &box->drained);
	box_end(box);
	assert_in_range(time_now_ms() - begun_ms, 0, 3000);
	assert_int_equal(box->strangers, 0);
	box_run_ms(box, 3500);
	/* SIGKILL has come by now: not even a request that the server has in hand, from which fuse
	 * lets nobody go, is followed by another. */
	kill(hanging.server, SIGCONT);
	box_await_that(box, writer_is_reaped);
	assert_true(file_size(log) < WHOLE);
}

/* A path on it that can't even be opened costs a worker its life, and a Create its answer. */
static void a_path_that_hangs_is_given_up(void **state)
{
	struct box *box = *state;
	struct stdio_request request = box_request(box);

	box->deadline_ms = 500;
	kill(hanging.server, SIGSTOP);
	assert_false(box_try(box, &request, write_much));
	assert_non_null(strstr(box->error, "open the streams: not done after 0.5 s"));
	loop_answers(box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HANG_TEST(a_hung_log_stops_its_own_process_alone),
		HANG_TEST(an_end_does_not_wait_for_it),
		HANG_TEST(a_path_that_hangs_is_given_up),
	};

	/* Other suites compare the mounts that there are. */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		perror("unshare the mount namespace");
		return 1;
	}
	return cmocka_run_group_tests_name("shim.stdio.hang", tests, NULL, NULL);
}
