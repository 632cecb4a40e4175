/* hooks.*, typed. */
#include "document.h"

#include "oci/hooks.h"

static const char text[] =
	CONFIG(", \"hooks\": {\"prestart\": [{\"path\": \"/proc/12/exe\", \"args\": [\"setkey\", "
               "\"-x\"]}, "
               "{\"path\": \"/bin/b\", \"env\": [\"A=1\", \"B=\"], \"timeout\": 5}], "
               "\"poststart\": [], \"poststop\": [{\"path\": \"/bin/c\"}]}");

static void hooks_are_read_in_order(void **state)
{
	cleanup_spec struct spec spec = document(SPEC_CONFIG, text);
	cleanup_hooks struct oci_hooks hooks = { 0 };
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(hooks_read(&hooks, &spec, HOOK_PRESTART, &error), 0);
	assert_int_equal(hooks.count, 2);
	assert_string_equal(hooks.items[0].path, "/proc/12/exe");
	assert_string_equal(hooks.items[0].args[0], "setkey");
	assert_string_equal(hooks.items[0].args[1], "-x");
	assert_null(hooks.items[0].args[2]);
	assert_null(hooks.items[0].env[0]);
	assert_int_equal(hooks.items[0].timeout, 0);
	assert_string_equal(hooks.items[1].args[0], "/bin/b");
	assert_null(hooks.items[1].args[1]);
	assert_string_equal(hooks.items[1].env[1], "B=");
	assert_null(hooks.items[1].env[2]);
	assert_int_equal(hooks.items[1].timeout, 5);
}

static void absent_hooks_are_none(void **state)
{
	static const enum hook_kind absent[] = { HOOK_CREATE_RUNTIME, HOOK_CREATE_CONTAINER,
		                                 HOOK_START_CONTAINER, HOOK_POSTSTART };
	cleanup_spec struct spec spec = document(SPEC_CONFIG, text);
	cleanup_spec struct spec without = document(SPEC_CONFIG, CONFIG(""));

	(void)state;
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		cleanup_hooks struct oci_hooks hooks = { .count = 9 };
		ERROR_NONE(error);

		assert_false(hooks_asked(&spec, absent[i]));
		assert_int_equal(hooks_read(&hooks, &spec, absent[i], &error), 0);
		assert_int_equal(hooks.count, 0);
	}
	assert_true(hooks_asked(&spec, HOOK_PRESTART));
	assert_true(hooks_asked(&spec, HOOK_POSTSTOP));
	assert_false(hooks_asked(&without, HOOK_PRESTART));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hooks_are_read_in_order),
		cmocka_unit_test(absent_hooks_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
