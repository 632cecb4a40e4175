/* A worker does what may hang, and what came of it comes back; however it ends. */
#include "../../core/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/lifecycle.h"
#include "support/log.h"
#include "support/time.h"
#include "worker/worker.h"

/* A shim of its own: the loop, its workers, and the one who reaps. */
struct room {
	struct loop loop;
	struct workers workers;
	struct watch children;
	int calls, fds_before;
	pid_t orphan; /* that came to us, and its status */
	int status;
	int64_t number;
	char *bytes;
	size_t size;
	int fd;
	struct ironbox_error error;
};

static void reap(struct watch *watch, uint32_t events)
{
	struct room *room = watch->context;
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)events;
	assert_int_equal(read(watch->fd, &info, sizeof(info)), sizeof(info));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!workers_reaped(&room->workers, pid, status)) {
			assert_int_equal(room->orphan, 0);
			room->orphan = pid;
			room->status = status;
		}
	if (room->workers.count == 0)
		loop_stop(&room->loop);
}

static int setup(void **state)
{
	struct room *room = calloc(1, sizeof(*room));
	sigset_t signals;
	ERROR_NONE(error);

	assert_non_null(room);
	room->fds_before = count_open_fds();
	assert_int_equal(loop_open(&room->loop, &error), 0);
	room->workers.loop = &room->loop;
	room->fd = -1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &signals, NULL), 0);
	room->children = (struct watch){
		.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK),
		.ready = reap,
		.context = room,
	};
	assert_int_equal(loop_watch(&room->loop, &room->children, EPOLLIN, &error), 0);
	process_log.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	*state = room;
	return 0;
}

/* Whatever came of the workers, no fd and no child of theirs is left. */
static int teardown(void **state)
{
	struct room *room = *state;

	ironbox_close_at_end(&room->fd);
	ironbox_close_at_end(&room->children.fd);
	ironbox_close_at_end(&process_log.fd);
	process_log.fd = -1;
	loop_close(&room->loop);
	assert_int_equal(count_open_fds(), room->fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	free(room->bytes);
	free(room);
	return 0;
}

static void take(void *context, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct room *room = context;

	room->calls++;
	room->number = reply->numbers[0];
	room->bytes = reply->bytes;
	room->size = reply->size;
	reply->bytes = NULL;
	if (reply->fd_count > 0)
		room->fd = steal_fd(&reply->fds[0]);
	error_reset(&room->error);
	if (error)
		room->error = *error;
}

static void work(struct room *room, worker_function *function, const void *request, int deadline_ms)
{
	struct worker_request wanted = {
		.what = "create web1",
		.deadline_ms = deadline_ms,
		.run = function,
		.request = request,
		.done = take,
		.context = room,
	};
	ERROR_NONE(error);

	assert_int_equal(worker_start(&room->workers, &wanted, &error), 0);
	assert_int_equal(loop_run(&room->loop, &error), 0);
	assert_int_equal(room->calls, 1);
}

static int answer_all(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	size_t size = 3 << 20;

	(void)error;
	reply->numbers[0] = *(const int *)request + 1;
	reply->bytes = malloc(size);
	reply->size = size;
	memset(reply->bytes, 'b', size);
	reply->fds[reply->fd_count++] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	reply->fds[reply->fd_count++] = open("/dev/zero", O_RDONLY | O_CLOEXEC); /* nobody takes */
	return 0;
}

static void numbers_bytes_and_fds_come_back(void **state)
{
	struct room *room = *state;
	int request = 41;
	char byte = 'x';

	work(room, answer_all, &request, 60000);
	assert_false(error_is_told(&room->error));
	assert_int_equal(room->number, 42);
	assert_int_equal(room->size, 3 << 20);
	assert_int_equal(room->bytes[room->size - 1], 'b');
	assert_int_equal(read(room->fd, &byte, 1), 1);
	assert_int_equal(byte, '\0');
	assert_true(fcntl(room->fd, F_GETFD) & FD_CLOEXEC);
}

static int give_error(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	(void)request;
	reply->fds[reply->fd_count++] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	return error_begin(error, EPERM, "mount /proc at rootfs/proc");
}

static void its_error_comes_back_as_it_was_told(void **state)
{
	struct room *room = *state;

	work(room, give_error, NULL, 60000);
	assert_int_equal(room->error.code, EPERM);
	assert_string_equal(error_text(&room->error),
	                    "mount /proc at rootfs/proc: Operation not permitted");
	assert_int_equal(room->fd, -1);
}

static int crash(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	(void)request;
	(void)error;
	snprintf(reply->progress, PROGRESS_SIZE, "rootfs: setup");
	kill(getpid(), SIGKILL);
	return 0;
}

static void one_that_dies_is_an_error_that_says_where(void **state)
{
	struct room *room = *state;

	work(room, crash, NULL, 60000);
	assert_string_equal(error_text(&room->error),
	                    "create web1: its worker died of signal 9, at rootfs: setup");
}

static int hang(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	(void)request;
	(void)error;
	snprintf(reply->progress, PROGRESS_SIZE, "rootfs: setup");
	pause();
	return 0;
}

static void one_that_hangs_is_killed_and_the_error_says_where_it_stood(void **state)
{
	struct room *room = *state;
	const char *text;

	work(room, hang, NULL, 200);
	text = error_text(&room->error);
	assert_int_equal(room->error.code, ETIMEDOUT);
	assert_non_null(
		strstr(text, "create web1: not done after 0.2 s, at rootfs: setup; process "));
	assert_non_null(strstr(text, "(ironbox-worker) is in state S at "));
}

static int list_fds(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	const int *secret = request;

	(void)error;
	reply->numbers[0] = fcntl(secret[0], F_GETFD) < 0 && fcntl(secret[1], F_GETFD) >= 0;
	return 0;
}

static void it_holds_the_fds_that_it_needs_and_no_other(void **state)
{
	struct room *room = *state;
	int pair[2];
	struct worker_request wanted = {
		.what = "exec",
		.deadline_ms = 60000,
		.run = list_fds,
		.request = pair,
		.fds = &pair[1],
		.fd_count = 1,
		.done = take,
		.context = room,
	};
	ERROR_NONE(error);

	assert_int_equal(pipe(pair), 0);
	assert_int_equal(worker_start(&room->workers, &wanted, &error), 0);
	assert_int_equal(loop_run(&room->loop, &error), 0);
	assert_int_equal(room->number, 1);
	close(pair[0]);
	close(pair[1]);
}

static int tell_signals(const void *request, struct worker_reply *reply,
                        struct ironbox_error *error)
{
	struct sigaction action;
	sigset_t blocked;

	(void)request;
	(void)error;
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	sigaction(SIGPIPE, NULL, &action);
	reply->numbers[0] = !sigismember(&blocked, SIGCHLD) && action.sa_handler == SIG_DFL;
	return 0;
}

static void signals_are_as_a_program_expects_them(void **state)
{
	struct room *room = *state;

	signal(SIGPIPE, SIG_IGN);
	work(room, tell_signals, NULL, 60000);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(room->number, 1);
}

static int make_one_that_hangs(const void *request, struct worker_reply *reply,
                               struct ironbox_error *error)
{
	pid_t pid = fork();

	if (pid == 0)
		execl("/bin/sleep", "sleep", "1000", NULL);
	*reply->made = pid;
	return hang(request, reply, error);
}

static void what_it_made_is_named_and_ended_with_it(void **state)
{
	struct room *room = *state;
	const char *made;
	int pid;

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	work(room, make_one_that_hangs, NULL, 1000);
	made = strstr(error_text(&room->error), ", process ");
	assert_non_null(made);
	assert_int_equal(sscanf(made, ", process %d (sleep) is in state S at", &pid), 1);
	if (!room->orphan)
		room->orphan = waitpid(pid, &room->status, 0);
	assert_int_equal(room->orphan, pid);
	assert_true(WIFSIGNALED(room->status));
	assert_int_equal(WTERMSIG(room->status), SIGKILL);
}

static int quick(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	(void)error;
	reply->numbers[0] = *(const int *)request;
	return 0;
}

static void count(void *context, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct room *room = context;

	assert_null(error);
	room->calls++;
	room->number += reply->numbers[0];
}

static void many_at_once_each_answer_once(void **state)
{
	struct room *room = *state;
	const int one = 1;
	ERROR_NONE(error);

	for (int i = 0; i < 100; i++) {
		struct worker_request wanted = { .what = "stats",
			                         .deadline_ms = 60000,
			                         .run = quick,
			                         .request = &one,
			                         .done = count,
			                         .context = room };

		assert_int_equal(worker_start(&room->workers, &wanted, &error), 0);
	}
	assert_int_equal(loop_run(&room->loop, &error), 0);
	assert_int_equal(room->calls, 100);
	assert_int_equal(room->number, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_bytes_and_fds_come_back),
		TEST(its_error_comes_back_as_it_was_told),
		TEST(one_that_dies_is_an_error_that_says_where),
		TEST(one_that_hangs_is_killed_and_the_error_says_where_it_stood),
		TEST(it_holds_the_fds_that_it_needs_and_no_other),
		TEST(signals_are_as_a_program_expects_them),
		TEST(what_it_made_is_named_and_ended_with_it),
		TEST(many_at_once_each_answer_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
