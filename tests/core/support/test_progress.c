/* What is being done, as who finds it hanging reads it. */
#include "support.h"

#include <string.h>

#include "support/progress.h"

static void assert_reads(const char *progress, const char *expected)
{
	char text[2 * PROGRESS_SIZE];

	progress_read(progress, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void the_last_word_stands(void **state)
{
	char progress[PROGRESS_SIZE] = { 0 };

	(void)state;
	assert_reads(progress, "");
	progress_write(progress, "rootfs", "prepare");
	assert_reads(progress, "rootfs: prepare");
	progress_write(progress, "clone", NULL);
	assert_reads(progress, "clone");
}

static void who_is_waited_for_is_heard_too(void **state)
{
	char progress[PROGRESS_SIZE] = { 0 };

	(void)state;
	progress_write(progress_inner(progress), "rootfs", "setup");
	assert_reads(progress, "");
	progress_write(progress, "cgroup", "attach");
	assert_reads(progress, "cgroup: attach");
	progress_write(progress, PROGRESS_WAIT "init", NULL);
	assert_reads(progress, "wait for init, which is at rootfs: setup");
}

static void what_is_too_long_is_cut_within_its_half(void **state)
{
	char progress[PROGRESS_SIZE] = { 0 }, path[500], expected[PROGRESS_HALF];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	progress_write(progress_inner(progress), "rootfs", "setup");
	progress_write(progress, "poststop hook", path);
	memset(expected, 'x', sizeof(expected) - 1);
	memcpy(expected, "poststop hook: ", 15);
	expected[sizeof(expected) - 1] = '\0';
	assert_reads(progress, expected);
	progress_write(progress, PROGRESS_WAIT "init", NULL);
	assert_reads(progress, "wait for init, which is at rootfs: setup");
}

static void bytes_of_anyone_come_out_as_a_line(void **state)
{
	char progress[PROGRESS_SIZE], text[2 * PROGRESS_SIZE];

	(void)state;
	memset(progress, '\n', sizeof(progress));
	progress_read(progress, text, sizeof(text));
	assert_int_equal(strlen(text), PROGRESS_HALF - 1);
	assert_int_equal(strspn(text, "?"), strlen(text));
}

static void without_memory_nothing_is_kept(void **state)
{
	(void)state;
	progress_write(progress_inner(NULL), "rootfs", "setup");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_stands),
		cmocka_unit_test(who_is_waited_for_is_heard_too),
		cmocka_unit_test(what_is_too_long_is_cut_within_its_half),
		cmocka_unit_test(bytes_of_anyone_come_out_as_a_line),
		cmocka_unit_test(without_memory_nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
