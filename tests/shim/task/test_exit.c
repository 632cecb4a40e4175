/* When the end of a container is told: the tree alone, without a process, and with a clock of the
 * suite's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/time.h"
#include "task/exit.h"
#include "task/state.h"
#include "wrapped.h"

#define PATIENCE_MS 15000 /* with what holds up the word of init's end */

struct fixture {
	struct shim shim;
	struct task *task;
	struct process *init;
};

static int begin(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct shim *shim = &fixture->shim;
	ERROR_NONE(error);

	assert_int_equal(loop_open(&shim->loop, &error), 0);
	shim->workers.loop = &shim->loop;
	shim->publisher = publisher_new(&shim->loop, "/no/such/socket", "default", &error);
	assert_non_null(shim->publisher); /* what it is told waits for ever */
	fixture->task = task_new(shim, "web1", "/no/such/bundle");
	fixture->task->phase = TASK_MADE;
	fixture->task->own_pid_namespace = true;
	fixture->init = &fixture->task->init;
	fixture->init->pid = 1234;
	*state = fixture;
	return 0;
}

static int end(void **state)
{
	struct fixture *fixture = *state;

	task_remove(fixture->task);
	publisher_free(fixture->shim.publisher);
	loop_close(&fixture->shim.loop);
	free(fixture);
	return 0;
}

static void stop(struct timer *timer)
{
	loop_stop(timer->context);
}

/* All that is due by then has its turn. */
static void pass_ms(struct fixture *fixture, long ms)
{
	struct loop *loop = &fixture->shim.loop;
	struct timer timer = { .due = stop, .context = loop };
	ERROR_NONE(error);

	let_pass_ms(ms);
	loop_arm(loop, &timer, time_now_ms());
	assert_int_equal(loop_run(loop, &error), 0);
}

static unsigned told(const struct fixture *fixture)
{
	return publisher_waiting(fixture->shim.publisher);
}

static void an_end_is_told_at_once_when_nothing_holds_it_up(void **state)
{
	struct fixture *fixture = *state;

	fixture->init->status = PROCESS_RUNNING;
	process_ended(fixture->init, 0);
	assert_int_equal(fixture->init->status, PROCESS_STOPPED);
	assert_int_equal(told(fixture), 1);
}

static void an_exec_that_does_not_die_holds_it_up_for_a_while(void **state)
{
	struct fixture *fixture = *state;
	struct process *exec = exec_new(fixture->task, "probe1");

	exec->status = PROCESS_RUNNING;
	exec->pid = 1235;
	fixture->init->status = PROCESS_RUNNING;
	process_ended(fixture->init, 0);
	pass_ms(fixture, PATIENCE_MS - 1000);
	assert_int_equal(fixture->init->status, PROCESS_RUNNING);
	pass_ms(fixture, 1000);
	assert_int_equal(fixture->init->status, PROCESS_STOPPED);
	assert_int_equal(told(fixture), 1);
}

/* A poststart hook may take longer: the end comes after the start, and Wait's answer after Start's.
 */
static void a_start_holds_it_up_as_long_as_it_takes(void **state)
{
	struct fixture *fixture = *state;

	fixture->init->starting = true;
	process_ended(fixture->init, 0);
	for (int i = 0; i < 4; i++) {
		pass_ms(fixture, PATIENCE_MS);
		assert_int_equal(fixture->init->status, PROCESS_CREATED);
		assert_int_equal(told(fixture), 0);
	}
	fixture->init->starting = false;
	fixture->init->status = PROCESS_RUNNING;
	process_tell_end(fixture->init);
	assert_int_equal(fixture->init->status, PROCESS_STOPPED);
	assert_int_equal(told(fixture), 1);
	pass_ms(fixture, PATIENCE_MS);
	assert_int_equal(told(fixture), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(an_end_is_told_at_once_when_nothing_holds_it_up),
		TEST(an_exec_that_does_not_die_holds_it_up_for_a_while),
		TEST(a_start_holds_it_up_as_long_as_it_takes),
	};

	return cmocka_run_group_tests_name("shim.task.exit", tests, NULL, NULL);
}
