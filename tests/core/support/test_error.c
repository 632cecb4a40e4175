/* Errors: they grow outwards, are cut there, and are made safe for a log. */
#include "support.h"

#include <errno.h>

static void an_error_grows_outwards(void **state)
{
	ERROR_NONE(error);

	(void)state;
	assert_false(error_is_told(&error));
	assert_string_equal(error_text(&error), "");
	assert_int_equal(error_begin(&error, EPERM, "mount %s", "/proc"), -1);
	assert_true(error_is_told(&error));
	assert_int_equal(error.code, EPERM);
	assert_int_equal(error_context(&error, "rootfs"), -1);
	error_context(&error, "create %s", "web1");
	assert_string_equal(error_text(&error),
	                    "create web1: rootfs: mount /proc: Operation not permitted");
	error_begin(&error, 0, "no call is to blame");
	assert_string_equal(error_text(&error), "no call is to blame");
	assert_int_equal(error.code, 0);
}

static void a_code_that_is_none_has_words_too(void **state)
{
	ERROR_NONE(error);

	(void)state;
	error_begin(&error, 99999, "do it");
	assert_string_equal(error_text(&error), "do it: unknown error");
}

static void what_does_not_fit_is_cut_at_the_outer_end(void **state)
{
	char path[5000];
	ERROR_NONE(error);

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	error_begin(&error, ENOENT, "open it");
	for (int i = 0; i < 200; i++)
		error_context(&error, "layer %d", i);
	assert_int_equal(strlen(error_text(&error)), ERROR_TEXT_MAX - 1);
	assert_non_null(strstr(error_text(&error), "layer 0: open it: No such file or directory"));
	assert_null(strstr(error_text(&error), "layer 199"));
	error_begin(&error, ENOENT, "open %s", path);
	assert_true(strlen(error_text(&error)) < ERROR_TEXT_MAX);
	assert_non_null(strstr(error_text(&error), ": No such file or directory"));
	error_context(&error, "outside");
	assert_true(strlen(error_text(&error)) < ERROR_TEXT_MAX);
	/* a path of whatever length leaves room to say who tried what */
	assert_ptr_equal(strstr(error_text(&error), "outside: open pp"), error_text(&error));
}

static void bytes_of_control_reach_no_log(void **state)
{
	ERROR_NONE(error);

	(void)state;
	error_begin(&error, 0, "exec \"%s\"", "a\nb\033[31m\x7f\tc");
	assert_string_equal(error_text(&error), "exec \"a?b?[31m??c\"");
	error_context(&error, "in\r%s", "side");
	assert_string_equal(error_text(&error), "in?side: exec \"a?b?[31m??c\"");
	error_begin(&error, 0, "a name in UTF-8: %s", "b\xc3\xbcro");
	assert_string_equal(error_text(&error), "a name in UTF-8: b\xc3\xbcro");
}

/* What comes out of a container is bytes that someone there chose. */
static void what_came_over_a_socket_is_put_in_order(void **state)
{
	static const uint32_t starts[] = { ERROR_TEXT_MAX, ERROR_TEXT_MAX - 1, UINT32_MAX, 0,
		                           0x80000000 };
	struct ironbox_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (int byte = 0; byte < 256; byte += 51) {
			memset(&error, byte, sizeof(error));
			error.start = starts[i];
			error_accept(&error);
			assert_true(error_is_told(&error));
			assert_true(strlen(error_text(&error)) < ERROR_TEXT_MAX);
			for (const char *at = error_text(&error); *at; at++)
				assert_true((unsigned char)*at >= ' ' && *at != 0x7f);
			error_context(&error, "still works");
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_grows_outwards),
		cmocka_unit_test(a_code_that_is_none_has_words_too),
		cmocka_unit_test(what_does_not_fit_is_cut_at_the_outer_end),
		cmocka_unit_test(bytes_of_control_reach_no_log),
		cmocka_unit_test(what_came_over_a_socket_is_put_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
