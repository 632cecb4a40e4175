/* A worker does what may hang, and what came of it comes back; however it ends. */
#include "../../core/support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
	int wanted_calls; /* after which the loop stops, as it does without a worker */
	bool never_ran;
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
	if (room->calls == room->wanted_calls)
		loop_stop(&room->loop);
	room->never_ran = reply->never_ran;
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

/* ---- keepers ---- */

static int kept_sum(void *place, const struct ironbox_error *place_error, const void *bytes,
                    size_t size, struct worker_reply *reply, struct ironbox_error *error)
{
	(void)place_error, (void)size, (void)error;
	reply->numbers[0] = *(const int *)place + *(const int *)bytes;
	return 0;
}

static void *open_number(const void *request, struct ironbox_error *error)
{
	static int number;

	(void)error;
	number = *(const int *)request;
	return &number;
}

/* What it is asked for waits in its socket. */
static void *hang_at_once(const void *request, struct ironbox_error *error)
{
	(void)request, (void)error;
	pause();
	return NULL;
}

static void *allow_no_fork(const void *request, struct ironbox_error *error)
{
	struct sock_filter lines[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(lines) / sizeof(lines[0]), lines };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	return open_number(request, error);
}

static struct keeper *keep(struct room *room, void *(*open)(const void *, struct ironbox_error *),
                           const int *number)
{
	struct keeper_request wanted = { .what = "web1", .open = open, .request = number };
	struct keeper *keeper;
	ERROR_NONE(error);

	keeper = keeper_start(&room->workers, &wanted, &error);
	assert_non_null(keeper);
	return keeper;
}

static int ask(struct room *room, struct keeper *keeper, size_t size, struct ironbox_error *error)
{
	static const int bytes[KEPT_BYTES_MAX / sizeof(int)] = { 2 };
	struct worker_request wanted = { .what = "exec e1 of web1",
		                         .deadline_ms = 60000,
		                         .keeper = keeper,
		                         .kept_run = kept_sum,
		                         .bytes = bytes,
		                         .size = size,
		                         .done = take,
		                         .context = room };

	return worker_start(&room->workers, &wanted, error);
}

/* It is our only child besides workers. */
static pid_t keeper_pid(void)
{
	char path[64], text[32] = "";
	cleanup_close int fd = -1;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	return (pid_t)strtol(text, NULL, 10);
}

/* No worker is forked whose end would stop the loop. */
static void run_until_answered(struct room *room, int calls)
{
	ERROR_NONE(error);

	room->wanted_calls = calls;
	assert_int_equal(loop_run(&room->loop, &error), 0);
	assert_int_equal(room->calls, calls);
}

static void end_keeper(struct room *room, struct keeper *keeper)
{
	keeper_end(keeper);
	while (room->workers.keepers) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		assert_true(pid > 0);
		assert_true(workers_reaped(&room->workers, pid, status));
	}
}

static void a_keeper_forks_what_it_is_asked_for(void **state)
{
	struct room *room = *state;
	const int number = 40;
	struct keeper *keeper = keep(room, open_number, &number);
	ERROR_NONE(error);

	for (int i = 1; i <= 3; i++) {
		assert_int_equal(ask(room, keeper, sizeof(int), &error), 0);
		assert_int_equal(loop_run(&room->loop, &error), 0);
		assert_int_equal(room->calls, i);
		assert_int_equal(room->number, 42);
		assert_false(error_is_told(&room->error));
	}
	end_keeper(room, keeper);
}

static void a_keeper_that_cannot_fork_says_why(void **state)
{
	struct room *room = *state;
	const int number = 40;
	struct keeper *keeper = keep(room, allow_no_fork, &number);
	ERROR_NONE(error);

	for (int i = 1; i <= 2; i++) {
		assert_int_equal(ask(room, keeper, sizeof(int), &error), 0);
		run_until_answered(room, i);
		assert_int_equal(room->error.code, EAGAIN);
		assert_string_equal(error_text(&room->error),
		                    "exec e1 of web1: fork a worker: Resource temporarily "
		                    "unavailable");
		assert_false(room->never_ran);
		assert_int_equal(room->workers.count, 0);
	}
	end_keeper(room, keeper);
}

static void what_a_keeper_did_not_come_to_never_ran(void **state)
{
	struct room *room = *state;
	struct keeper *keeper = keep(room, hang_at_once, NULL);
	ERROR_NONE(error);

	for (int i = 0; i < 2; i++)
		assert_int_equal(ask(room, keeper, sizeof(int), &error), 0);
	assert_int_equal(kill(keeper_pid(), SIGKILL), 0);
	run_until_answered(room, 2);
	assert_true(room->never_ran);
	assert_string_equal(error_text(&room->error), "exec e1 of web1: its keeper has ended");
	assert_int_equal(room->workers.count, 0);
	end_keeper(room, keeper);
}

static void a_keeper_that_has_too_much_to_do_takes_no_more(void **state)
{
	struct room *room = *state;
	struct keeper *keeper = keep(room, hang_at_once, NULL);
	int asked = 0;
	ERROR_NONE(error);

	while (asked < 1000 && ask(room, keeper, KEPT_BYTES_MAX, &error) == 0)
		asked++;
	assert_in_range(asked, 1, 999);
	assert_int_equal(error.code, EAGAIN);
	assert_int_equal(room->workers.count, asked);
	assert_int_equal(kill(keeper_pid(), SIGKILL), 0);
	run_until_answered(room, asked);
	error_reset(&error);
	assert_int_equal(ask(room, keeper, sizeof(int), &error), -1);
	assert_true(error.code == EPIPE || error.code == ECONNRESET);
	end_keeper(room, keeper);
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
		TEST(a_keeper_forks_what_it_is_asked_for),
		TEST(a_keeper_that_cannot_fork_says_why),
		TEST(what_a_keeper_did_not_come_to_never_ran),
		TEST(a_keeper_that_has_too_much_to_do_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
