/* AppArmor's labels as words: no prefix of a name is that name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "labels.h"

static void unconfined_is_a_word(void **state)
{
	static const struct {
		const char *shown;
		bool unconfined;
	} rows[] = {
		{ "unconfined", true },
		{ "unconfined\n", true },
		{ "crun (unconfined)\n", true },
		{ "crun (unconfined)", true },
		{ "unconfined (enforce)\n", false },
		{ "unconfined_foo (enforce)\n", false },
		{ "unconfined_foo\n", false },
		{ "unconfine", false },
		{ "", false },
		{ "\n", false },
		{ "a (unconfined) (enforce)\n", false },
		{ "a (unconfined_too)\n", false },
		{ "a//&unconfined (mixed)\n", false },
		{ "docker-default (enforce)\n", false },
		{ "docker-default (complain)\n", false },
		{ "docker-default (enfor", false },
		{ "(unconfined)", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (label_is_unconfined(rows[i].shown) != rows[i].unconfined)
			fail_msg("\"%s\"", rows[i].shown);
}

static void a_label_has_its_profiles(void **state)
{
	static const struct {
		const char *shown, *wanted;
		bool has;
	} rows[] = {
		{ "a (enforce)\n", "a", true },          { "a (complain)", "a", true },
		{ "unconfined\n", "unconfined", true },  { "a b (enforce)\n", "a b", true },
		{ "a (b) (enforce)\n", "a (b)", true },  { "a//b (enforce)\n", "a//b", true },
		{ "a//&b (enforce)\n", "a", true },      { "a//&b (enforce)\n", "b", true },
		{ "a//&b (enforce)\n", "b//&a", true },  { "a//&b//&c (mixed)\n", "c//&a", true },
		{ "a//&b (enforce)\n", "a//&c", false }, { "a (enforce)\n", "a//&b", false },
		{ "ab (enforce)\n", "a", false },        { "a (enforce)\n", "ab", false },
		{ "a//b (enforce)\n", "a", false },      { "a//&bb (enforce)\n", "b", false },
		{ "unconfined\n", "a", false },          { "", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (label_has(rows[i].shown, rows[i].wanted) != rows[i].has)
			fail_msg("\"%s\" in \"%s\"", rows[i].wanted, rows[i].shown);
}

static void the_list_is_of_lines(void **state)
{
	static const char list[] = "/usr/sbin/tcpdump (enforce)\nab (complain)\na b (enforce)\n"
				   "c//child (enforce)\nlast (enforce)";
	static const struct {
		const char *wanted, *missing;
	} rows[] = {
		{ "ab", NULL },
		{ "a b", NULL },
		{ "c//child", NULL },
		{ "last", NULL },
		{ "last//&ab", NULL },
		{ "unconfined", NULL },
		{ ":other:ab", NULL }, /* the kernel will say */
		{ "ab//&:other://x", NULL },
		{ "a", "a" },
		{ "b", "b" },
		{ "tcpdump", "tcpdump" },
		{ "c", "c" },
		{ "ab//&gone", "gone" },
		{ "gone//&ab", "gone" },
		{ "unconfined_x", "unconfined_x" },
		{ "ab (complain)", "ab (complain)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int size = -1;
		const char *missing = label_missing(list, rows[i].wanted, &size);

		if (!rows[i].missing != !missing)
			fail_msg("\"%s\"", rows[i].wanted);
		if (missing) {
			assert_int_equal(size, strlen(rows[i].missing));
			assert_memory_equal(missing, rows[i].missing, (size_t)size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unconfined_is_a_word),
		cmocka_unit_test(a_label_has_its_profiles),
		cmocka_unit_test(the_list_is_of_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
