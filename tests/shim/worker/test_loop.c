/* Where the shim's one thread waits. */
#include "../../core/support/support.h"

#include <sys/resource.h>
#include <unistd.h>

#include "loop/loop.h"
#include "support/time.h"

struct room {
	struct loop loop;
	struct watch first, second;
	struct timer timers[4];
	int pipes[2][2];
	char seen[64];
	int turns;
};

static int setup(void **state)
{
	struct room *room = calloc(1, sizeof(*room));
	ERROR_NONE(error);

	assert_non_null(room);
	assert_int_equal(loop_open(&room->loop, &error), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pipe(room->pipes[i]), 0);
	room->first = (struct watch){ .fd = room->pipes[0][0], .context = room };
	room->second = (struct watch){ .fd = room->pipes[1][0], .context = room };
	for (int i = 0; i < 4; i++)
		room->timers[i].context = room;
	*state = room;
	return 0;
}

static int teardown(void **state)
{
	struct room *room = *state;

	for (int i = 0; i < 4; i++)
		close(room->pipes[i / 2][i % 2]);
	loop_close(&room->loop);
	free(room);
	return 0;
}

static void note(struct room *room, char letter)
{
	room->seen[strlen(room->seen)] = letter;
}

static void run(struct room *room)
{
	ERROR_NONE(error);

	assert_int_equal(loop_run(&room->loop, &error), 0);
}

static void read_and_stop(struct watch *watch, uint32_t events)
{
	struct room *room = watch->context;
	char byte;

	assert_true(events & EPOLLIN);
	assert_int_equal(read(watch->fd, &byte, 1), 1);
	note(room, byte);
	loop_stop(&room->loop);
}

static void an_fd_that_is_ready_is_served(void **state)
{
	struct room *room = *state;
	ERROR_NONE(error);

	room->first.ready = read_and_stop;
	assert_int_equal(loop_watch(&room->loop, &room->first, EPOLLIN, &error), 0);
	assert_int_equal(write(room->pipes[0][1], "x", 1), 1);
	run(room);
	assert_string_equal(room->seen, "x");
}

static void unwatch_both(struct watch *watch, uint32_t events)
{
	struct room *room = watch->context;

	(void)events;
	note(room, 'u');
	loop_unwatch(&room->loop, &room->first);
	loop_unwatch(&room->loop, &room->second);
	loop_stop(&room->loop);
}

/* Two are ready, and the first that is served ends both: the other may be freed memory by then. */
static void a_watch_that_was_ended_by_another_is_not_called(void **state)
{
	struct room *room = *state;
	ERROR_NONE(error);

	room->first.ready = room->second.ready = unwatch_both;
	assert_int_equal(loop_watch(&room->loop, &room->first, EPOLLIN, &error), 0);
	assert_int_equal(loop_watch(&room->loop, &room->second, EPOLLIN, &error), 0);
	assert_int_equal(write(room->pipes[0][1], "x", 1), 1);
	assert_int_equal(write(room->pipes[1][1], "x", 1), 1);
	run(room);
	/* stopped at the first: what was fetched must be forgotten when the loop goes on */
	loop_arm(&room->loop, &room->timers[0], time_now_ms());
	room->timers[0].due = NULL;
	loop_disarm(&room->loop, &room->timers[0]);
	assert_string_equal(room->seen, "u");
	assert_int_equal(loop_watch(&room->loop, &room->second, EPOLLIN, &error), 0);
	room->second.ready = read_and_stop;
	run(room);
	assert_string_equal(room->seen, "ux");
}

static void note_number(struct timer *timer)
{
	struct room *room = timer->context;
	long number = timer - room->timers;

	note(room, (char)('0' + number));
	if (number == 3)
		loop_stop(&room->loop);
}

static void timers_come_in_the_order_of_their_time(void **state)
{
	struct room *room = *state;
	int64_t begun = time_now_ms();

	for (int i = 0; i < 4; i++)
		room->timers[i].due = note_number;
	loop_arm(&room->loop, &room->timers[3], begun + 60);
	loop_arm(&room->loop, &room->timers[1], begun + 20);
	loop_arm(&room->loop, &room->timers[0], begun + 90);
	loop_arm(&room->loop, &room->timers[2], begun + 40);
	loop_arm(&room->loop, &room->timers[0], begun + 5); /* moved to the front */
	loop_disarm(&room->loop, &room->timers[2]);
	run(room);
	assert_string_equal(room->seen, "013");
	assert_true(time_now_ms() >= begun + 60);
	assert_null(room->loop.timers);
}

static void arm_again(struct timer *timer)
{
	struct room *room = timer->context;

	if (++room->turns < 1000)
		loop_arm(&room->loop, timer, time_now_ms());
}

static void a_timer_that_arms_itself_for_now_keeps_nobody_from_his_fd(void **state)
{
	struct room *room = *state;
	ERROR_NONE(error);

	room->timers[0].due = arm_again;
	loop_arm(&room->loop, &room->timers[0], time_now_ms());
	room->first.ready = read_and_stop;
	assert_int_equal(loop_watch(&room->loop, &room->first, EPOLLIN, &error), 0);
	assert_int_equal(write(room->pipes[0][1], "x", 1), 1);
	run(room);
	assert_string_equal(room->seen, "x");
	assert_true(room->turns < 1000);
}

static void idle_it_wakes_for_nothing(void **state)
{
	struct room *room = *state;
	struct rusage before, after;
	ERROR_NONE(error);

	room->first.ready = read_and_stop;
	assert_int_equal(loop_watch(&room->loop, &room->first, EPOLLIN, &error), 0);
	room->timers[3].due = note_number;
	loop_arm(&room->loop, &room->timers[3], time_now_ms() + 300);
	getrusage(RUSAGE_SELF, &before);
	run(room);
	getrusage(RUSAGE_SELF, &after);
	assert_string_equal(room->seen, "3");
	assert_true(after.ru_nvcsw - before.ru_nvcsw <= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_fd_that_is_ready_is_served, setup, teardown),
		cmocka_unit_test_setup_teardown(a_watch_that_was_ended_by_another_is_not_called,
		                                setup, teardown),
		cmocka_unit_test_setup_teardown(timers_come_in_the_order_of_their_time, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(
			a_timer_that_arms_itself_for_now_keeps_nobody_from_his_fd, setup, teardown),
		cmocka_unit_test_setup_teardown(idle_it_wakes_for_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
