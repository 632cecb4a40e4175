/* Command lines, as Go's package flag reads them. */
#include "command.h"

#include "command/arguments.h"
#include "task/identifier.h"

static int line(struct arguments *arguments, const char *const *words, struct ironbox_error *error)
{
	error_reset(error);
	return arguments_read(arguments, words, error);
}
#define LINE(...) line(&arguments, (const char *const[]){ __VA_ARGS__, NULL }, &error)

static void as_containerd_calls_start(void **state)
{
	struct arguments arguments;
	struct ironbox_error error;

	(void)state;
	assert_int_equal(LINE("-namespace", "default", "-address", "/run/c.sock", "-publish-binary",
	                      "/usr/bin/containerd", "-id", "t1", "-debug", "start"),
	                 0);
	assert_string_equal(arguments.namespace, "default");
	assert_string_equal(arguments.address, "/run/c.sock");
	assert_string_equal(arguments.publish_binary, "/usr/bin/containerd");
	assert_string_equal(arguments.id, "t1");
	assert_string_equal(arguments.action, "start");
	assert_true(arguments.debug);
	assert_null(arguments.bundle);
}

static void as_containerd_calls_delete(void **state)
{
	struct arguments arguments;
	struct ironbox_error error;

	(void)state;
	assert_int_equal(LINE("-namespace", "k8s.io", "-address", "", "-publish-binary", "", "-id",
	                      "t1", "-bundle", "/run/b/t1", "delete"),
	                 0);
	assert_string_equal(arguments.address, "");
	assert_string_equal(arguments.bundle, "/run/b/t1");
	assert_string_equal(arguments.action, "delete");
	assert_false(arguments.debug);
}

static void one_or_two_dashes_and_an_equals_sign(void **state)
{
	struct arguments arguments;
	struct ironbox_error error;

	(void)state;
	assert_int_equal(LINE("--namespace", "a", "--id=b=c", "-address=", "--debug=T", "start"),
	                 0);
	assert_string_equal(arguments.namespace, "a");
	assert_string_equal(arguments.id, "b=c");
	assert_string_equal(arguments.address, "");
	assert_true(arguments.debug);
	assert_int_equal(LINE("-debug", "-debug=false", "-id", "-x", "delete"), 0);
	assert_false(arguments.debug);
	assert_string_equal(arguments.id, "-x");
	assert_int_equal(LINE("-id=a", "--", "start"), 0);
	assert_string_equal(arguments.action, "start");
	assert_int_equal(LINE("-"), 0);
	assert_string_equal(arguments.action, "-");
	assert_int_equal(LINE("-v"), 0);
	assert_true(arguments.version);
	assert_null(arguments.action);
	assert_int_equal(LINE("-info"), 0);
	assert_true(arguments.info);
}

static void wrong_lines_are_told(void **state)
{
	struct arguments arguments;
	struct ironbox_error error;

	(void)state;
	assert_int_equal(LINE("-namespcae", "a", "start"), -1);
	assert_string_equal(error_text(&error), "-namespcae: no such option; did you mean "
	                                        "-namespace?");
	assert_int_equal(LINE("--zzz\n", "start"), -1);
	assert_string_equal(error_text(&error), "--zzz\\n: no such option; -h lists them");
	assert_int_equal(LINE("-=x"), -1);
	assert_int_equal(LINE("-id"), -1);
	assert_string_equal(error_text(&error), "-id: needs a value");
	assert_int_equal(LINE("-debug=maybe", "start"), -1);
	assert_string_equal(error_text(&error), "-debug=maybe: neither true nor false");
	assert_int_equal(LINE("start", "-id", "a"), -1);
	assert_string_equal(error_text(&error), "-id: nothing is expected behind the action start");
}

static void names_that_may_be_in_a_path(void **state)
{
	static const char *const good[] = { "a",       "default", "k8s.io",
		                            "a-b_c.d", "9",       "box-0123456789abcdef" };
	static const char *const bad[] = { "",   ".",    "..",  "/",   "a/b", "a..b",
		                           "-a", "a-",   "_",   "a b", "a\n", "a--b",
		                           "é",  "../a", "a/.", "a.",  "a%",  "\xff" };
	char longest[78];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(identifier_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(identifier_is_valid(bad[i]));
	memset(longest, 'a', sizeof(longest));
	longest[76] = '\0';
	assert_true(identifier_is_valid(longest));
	longest[76] = 'a';
	longest[77] = '\0';
	assert_false(identifier_is_valid(longest));
	assert_false(identifier_is_valid(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_containerd_calls_start),
		cmocka_unit_test(as_containerd_calls_delete),
		cmocka_unit_test(one_or_two_dashes_and_an_equals_sign),
		cmocka_unit_test(wrong_lines_are_told),
		cmocka_unit_test(names_that_may_be_in_a_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
