/* Options as clients send them: which are taken, which mean nothing here, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ironbox/cleanup.h>

#include "messages/runc.pb-c.h"
#include "messages/runtimeoptions.pb-c.h"
#include "options/options.h"

#define RUNC    "containerd.runc.v1.Options"
#define RUNTIME "runtimeoptions.v1.Options"

static int read_message(struct task_options *options, const char *type_url,
                        const ProtobufCMessage *message, struct ironbox_error *error)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	cleanup_free uint8_t *bytes = malloc(size + 1);

	assert_non_null(bytes);
	protobuf_c_message_pack(message, bytes);
	return task_options_read(options, type_url, bytes, size, error);
}

static int read_body(struct task_options *options, const char *toml, struct ironbox_error *error)
{
	Runtimeoptions__V1__Options message = RUNTIMEOPTIONS__V1__OPTIONS__INIT;
	cleanup_free char *copy = strdup(toml);

	message.type_url = (char[]){ "cri" };
	message.config_body.data = (uint8_t *)copy;
	message.config_body.len = strlen(toml);
	return read_message(options, RUNTIME, &message.base, error);
}

static void are_defaults(const struct task_options *options)
{
	static const struct task_options defaults;

	assert_memory_equal(options, &defaults, sizeof(defaults));
}

static void types_that_are_not_known_give_defaults(void **state)
{
	static const char *const types[] = { "", "example.com/some.v3.Options",
		                             "containerd.runc.v1", "xcontainerd.runc.v1.Options" };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct task_options options;
		ERROR_NONE(error);

		memset(&options, 0xa5, sizeof(options));
		assert_int_equal(
			task_options_read(&options, types[i], (const uint8_t *)"\xff", 1, &error),
			0);
		are_defaults(&options);
		task_options_free(&options);
	}
}

static void empty_messages_give_defaults(void **state)
{
	static const char *const types[] = { RUNC, RUNTIME };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct task_options options;
		ERROR_NONE(error);

		assert_int_equal(task_options_read(&options, types[i], NULL, 0, &error), 0);
		are_defaults(&options);
	}
}

static void options_for_runc_are_taken(void **state)
{
	Containerd__Runc__V1__Options message = CONTAINERD__RUNC__V1__OPTIONS__INIT;
	struct task_options options;
	ERROR_NONE(error);

	(void)state;
	message.no_pivot_root = true;
	message.no_new_keyring = true;
	message.shim_cgroup = (char[]){ "/shims" };
	message.io_uid = 100000;
	message.io_gid = 4294967294;
	message.binary_name = (char[]){ "runc" };
	message.root = (char[]){ "/run/elsewhere" };
	message.criu_path = (char[]){ "criu" };
	message.criu_image_path = (char[]){ "/images" };
	message.criu_work_path = (char[]){ "/work" };
	assert_int_equal(read_message(&options, "types.containerd.io/" RUNC, &message.base, &error),
	                 0);
	assert_true(options.no_pivot && options.no_new_keyring && !options.systemd_cgroup);
	assert_string_equal(options.shim_cgroup, "/shims");
	assert_int_equal(options.io_uid, 100000);
	assert_int_equal(options.io_gid, 4294967294);
	assert_string_equal(options.root, "/run/elsewhere");
	assert_string_equal(options.criu_image_path, "/images");
	assert_string_equal(options.criu_work_path, "/work");
	assert_null(options.config_path);
	task_options_free(&options);
	are_defaults(&options);
}

static void a_config_path_wins_over_the_body(void **state)
{
	Runtimeoptions__V1__Options message = RUNTIMEOPTIONS__V1__OPTIONS__INIT;
	struct task_options options;
	ERROR_NONE(error);

	(void)state;
	message.config_path = (char[]){ "/etc/ironbox/strict.ini" };
	message.config_body.data = (uint8_t[]){ '[' };
	message.config_body.len = 1;
	assert_int_equal(read_message(&options, RUNTIME, &message.base, &error), 0);
	assert_string_equal(options.config_path, "/etc/ironbox/strict.ini");
	task_options_free(&options);
}

/* As containerd's encoders write it: go-toml's first version with double quotes, the second with
 * single ones. */
static void the_table_of_cri_is_taken(void **state)
{
	struct task_options options;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(read_body(&options,
	                           "\n"
	                           "BinaryName = \"\"\n"
	                           "  ConfigPath = \"\"\r\n"
	                           "CriuImagePath = '/im\\ages' # as it is\n"
	                           "CriuWorkPath=\"/w\\u00f6rk \\\"1\\\"\\t\\U0001F600\"\n"
	                           "# nothing\n"
	                           "IoGid = 4_294_967_295\n"
	                           "\"IoUid\" = +5\n"
	                           "'NoNewKeyring'\t=\ttrue\t\n"
	                           "noPivotRoot = false\n"
	                           "Root = '/run/it'",
	                           &error),
	                 0);
	assert_string_equal(options.criu_image_path, "/im\\ages");
	assert_string_equal(options.criu_work_path, "/w\xc3\xb6rk \"1\"\t\xf0\x9f\x98\x80");
	assert_int_equal(options.io_uid, 5);
	assert_int_equal(options.io_gid, 4294967295);
	assert_true(options.no_new_keyring && !options.no_pivot);
	assert_string_equal(options.root, "/run/it");
	assert_null(options.config_path);
	task_options_free(&options);
}

static void a_config_path_in_the_body_is_taken(void **state)
{
	struct task_options options;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(read_body(&options, "ConfigPath = '/etc/a.ini'\n", &error), 0);
	assert_string_equal(options.config_path, "/etc/a.ini");
	task_options_free(&options);
}

static const struct bad_body {
	const char *toml, *error; /* behind "line " */
} bad_bodies[] = {
	{ "SystemdCgroups = true", "1: SystemdCgroups: no such option" },
	{ "\n\"a\\nb\" = 1", "2: a\\nb: no such option" },
	{ "NoPivotRoot = 1", "1: NoPivotRoot: expected true or false" },
	{ "NoPivotRoot = 'true'", "1: NoPivotRoot: expected true or false" },
	{ "NoPivotRoot = True",
	  "1: NoPivotRoot: expected a string, true, false, or a decimal integer" },
	{ "NoPivotRoot = truely",
	  "1: NoPivotRoot: expected a string, true, false, or a decimal integer" },
	{ "NoPivotRoot =", "1: NoPivotRoot: expected a string, true, false, or a decimal integer" },
	{ "NoPivotRoot", "1: expected key = value" },
	{ "= true", "1: expected key = value" },
	{ "No Pivot = true", "1: expected key = value" },
	{ "NoPivotRoot = true false", "1: something else behind the value" },
	{ "NoPivotRoot = true\nNoPivotRoot = true", "2: NoPivotRoot: given twice" },
	{ "IoUid = 1\niouid = 1", "2: IoUid: given twice" },
	{ "IoUid = -1", "1: IoUid: expected an integer from 0 to 4294967295" },
	{ "IoUid = 4294967296", "1: IoUid: expected an integer from 0 to 4294967295" },
	{ "IoUid = 99999999999999999999", "1: IoUid: the integer is too large" },
	{ "IoUid = 9223372036854775808", "1: IoUid: the integer is too large" },
	{ "IoUid = 012", "1: IoUid: expected a string, true, false, or a decimal integer" },
	{ "IoUid = 0x10", "1: something else behind the value" },
	{ "IoUid = 1_", "1: something else behind the value" },
	{ "IoUid = 1.0", "1: something else behind the value" },
	{ "Root = 1", "1: Root: expected a string" },
	{ "Root = '/it''", "1: something else behind the value" },
	{ "Root = '/a", "1: Root: the string has no end" },
	{ "Root = '/a\n'", "1: Root: the string has no end" },
	{ "Root = \"/a\\\"", "1: Root: the string has no end" },
	{ "Root = \"/a\\q\"", "1: Root: no such escape in a string" },
	{ "Root = \"/\\u0000\"", "1: Root: no such escape in a string" },
	{ "Root = \"/\\ud800\"", "1: Root: no such escape in a string" },
	{ "Root = \"/\\U00110000\"", "1: Root: no such escape in a string" },
	{ "Root = \"/\\u00", "1: Root: no such escape in a string" },
	{ "Root = '/\x01'", "1: Root: a byte that no string may have" },
	{ "Root = '/\xff'", "1: Root: a byte that no string may have" },
	{ "Root = '''/a'''", "1: Root: strings of many lines are not understood" },
	{ "Root = ['/a']", "1: Root: lists and tables are not understood" },
	{ "Root = {}", "1: Root: lists and tables are not understood" },
	{ "\n\n[table]\n", "3: tables are not understood" },
	{ "Root.a = 'x'", "1: keys of keys are not understood" },
	{ "# a\x01", "1: a control character" },
	{ "NoPivotRoot = true\rIoUid = 1", "1: a control character" },
};

static void a_bad_line_is_refused_with_its_number(void **state)
{
	const struct bad_body *bad = *state;
	struct task_options options;
	char expected[512];
	ERROR_NONE(error);

	assert_int_equal(read_body(&options, bad->toml, &error), -1);
	snprintf(expected, sizeof(expected), "runtime options (" RUNTIME "): config_body: line %s",
	         bad->error);
	assert_string_equal(error_text(&error), expected);
	are_defaults(&options);
}

static void a_nul_is_refused(void **state)
{
	Runtimeoptions__V1__Options message = RUNTIMEOPTIONS__V1__OPTIONS__INIT;
	struct task_options options;
	char text[] = "Root = '/a\0'";
	ERROR_NONE(error);

	(void)state;
	message.config_body.data = (uint8_t *)text;
	message.config_body.len = sizeof(text) - 1;
	assert_int_equal(read_message(&options, RUNTIME, &message.base, &error), -1);
	assert_string_equal(error_text(&error),
	                    "runtime options (" RUNTIME "): config_body: a NUL byte");
}

static void relative_paths_are_refused(void **state)
{
	static const struct {
		const char *toml, *error;
	} bodies[] = {
		{ "ConfigPath = 'a.ini'", "ConfigPath: a.ini is no absolute path" },
		{ "Root = './a'", "Root: ./a is no absolute path" },
		{ "ShimCgroup = 'a'", "ShimCgroup: a is no absolute path" },
		{ "CriuImagePath = 'a'", "CriuImagePath: a is no absolute path" },
		{ "CriuWorkPath = 'a'", "CriuWorkPath: a is no absolute path" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct task_options options;
		char expected[256];
		ERROR_NONE(error);

		assert_int_equal(read_body(&options, bodies[i].toml, &error), -1);
		snprintf(expected, sizeof(expected), "runtime options (" RUNTIME "): %s",
		         bodies[i].error);
		assert_string_equal(error_text(&error), expected);
		are_defaults(&options);
	}
}

static void the_systemd_driver_is_taken_in_both_forms(void **state)
{
	Containerd__Runc__V1__Options message = CONTAINERD__RUNC__V1__OPTIONS__INIT;
	struct task_options options;
	ERROR_NONE(error);

	(void)state;
	message.systemd_cgroup = true;
	assert_int_equal(read_message(&options, RUNC, &message.base, &error), 0);
	assert_true(options.systemd_cgroup);
	assert_int_equal(read_body(&options, "SystemdCgroup = true", &error), 0);
	assert_true(options.systemd_cgroup);
	assert_int_equal(read_body(&options, "SystemdCgroup = false", &error), 0);
	assert_false(options.systemd_cgroup);
}

static void bytes_that_are_no_message_are_refused(void **state)
{
	static const char *const types[] = { RUNC, RUNTIME };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct task_options options;
		char expected[256];
		ERROR_NONE(error);

		assert_int_equal(task_options_read(&options, types[i], (const uint8_t *)"\x1a\x7f",
		                                   2, &error),
		                 -1);
		snprintf(expected, sizeof(expected),
		         "runtime options (%s): no message of that type", types[i]);
		assert_string_equal(error_text(&error), expected);
		are_defaults(&options);
	}
}

int main(void)
{
	enum { ROWS = sizeof(bad_bodies) / sizeof(bad_bodies[0]) };
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_that_are_not_known_give_defaults),
		cmocka_unit_test(empty_messages_give_defaults),
		cmocka_unit_test(options_for_runc_are_taken),
		cmocka_unit_test(a_config_path_wins_over_the_body),
		cmocka_unit_test(the_table_of_cri_is_taken),
		cmocka_unit_test(a_config_path_in_the_body_is_taken),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(relative_paths_are_refused),
		cmocka_unit_test(the_systemd_driver_is_taken_in_both_forms),
		cmocka_unit_test(bytes_that_are_no_message_are_refused),
	};
	struct CMUnitTest rows[ROWS];
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	for (size_t i = 0; i < ROWS; i++)
		rows[i] = (struct CMUnitTest){ .name = bad_bodies[i].toml,
			                       .test_func = a_bad_line_is_refused_with_its_number,
			                       .initial_state = (void *)(uintptr_t)&bad_bodies[i] };
	return failed + cmocka_run_group_tests(rows, NULL, NULL);
}
