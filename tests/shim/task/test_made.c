/* What becomes of a process that a worker made, and can't hand over. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "task/made.h"
#include "wrapped.h"

static pid_t make_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(EXIT_FAILURE);
	}
	assert_true(pid > 0);
	return pid;
}

static int open_some(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_return_code(fd, errno);
	return fd;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void it_is_ended_for_want_of_memory(void **state)
{
	struct made made = MADE_NONE;
	pid_t pid = make_process(), made_pid = pid;
	struct worker_reply reply = { .made = &made_pid };
	int fds[] = { open_some(), open_some(), open_some() };
	ERROR_NONE(error);

	(void)state;
	made.master_fd = fds[0];
	made.ends.process[1] = fds[1];
	made.ends.shim[2] = fds[2];
	fail_allocation_after(0);
	assert_int_equal(made_hand_back_or_end(&made, &reply, &error), -1);
	fail_allocation_after(-1);
	assert_string_equal(error_text(&error), "hand the process over: Cannot allocate memory");
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* dead, and reaped */
	assert_int_equal(errno, ECHILD);
	assert_int_equal(made_pid, 0); /* so that the loop ends nobody else by this number */
	for (int i = 0; i < 3; i++)
		assert_false(is_open(fds[i]));
}

static void one_that_is_handed_over_lives_on(void **state)
{
	struct made made = MADE_NONE;
	pid_t pid = make_process(), made_pid = pid;
	struct worker_reply reply = { .made = &made_pid };
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(made_hand_back_or_end(&made, &reply, &error), 0);
	assert_int_equal(made_pid, pid);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	free(reply.bytes);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_ended_for_want_of_memory),
		cmocka_unit_test(one_that_is_handed_over_lives_on),
	};

	return cmocka_run_group_tests_name("shim.task.made", tests, NULL, NULL);
}
