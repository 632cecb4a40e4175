/* What `exec` says on its command line, applied to the container's process. */
#include "document.h"

#include "oci/process.h"

static const char text[] =
	PROCESS(", \"terminal\": true, \"env\": [\"A=1\"], \"user\": {\"uid\": 7, \"gid\": 8, "
                "\"additionalGids\": [9]}, \"capabilities\": {\"bounding\": [\"CAP_KILL\"], "
                "\"inheritable\": [\"CAP_CHOWN\"], \"effective\": [\"CAP_KILL\"]}, "
                "\"apparmorProfile\": \"old\"");

static int apply(struct spec *spec, const struct process_options *options,
                 struct ironbox_error *error)
{
	*spec = document(SPEC_CONFIG, text);
	return process_apply_options(spec, options, error);
}

static void everything_is_applied(void **state)
{
	static const char *const args[] = { "id", "-u", "caf\xe9", NULL };
	static const char *const env[] = { "B=2", "C=", NULL };
	static const char *const capabilities[] = { "CAP_CHOWN", "CAP_SYS_ADMIN", NULL };
	static const char *const gids[] = { "10", "0", NULL };
	static const struct process_options options = {
		.args = args,
		.cwd = "/tmp",
		.user = "1000:100",
		.env = env,
		.capabilities = capabilities,
		.additional_gids = gids,
		.apparmor = "new",
		.process_label = "label",
		.no_new_privileges = true,
	};
	cleanup_spec struct spec spec = SPEC_NONE;
	struct oci_process process;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(apply(&spec, &options, &error), 0);
	assert_int_equal(process_read(&process, &spec, &error), 0);
	assert_int_equal(process.args_count, 3);
	assert_string_equal(process.args[0], "id");
	assert_string_equal(process.args[2], "caf\xe9");
	assert_int_equal(process.env_count, 3);
	assert_string_equal(process.env[0], "A=1");
	assert_string_equal(process.env[2], "C=");
	assert_string_equal(process.cwd, "/tmp");
	assert_int_equal(process.uid, 1000);
	assert_int_equal(process.gid, 100);
	assert_int_equal(process.additional_gids_count, 3);
	assert_int_equal(process.additional_gids[1], 10);
	assert_true(process.no_new_privileges);
	assert_false(process.terminal); /* only where this exec asks for one */
	assert_string_equal(spec_text(&spec, "process.apparmorProfile"), "new");
	assert_string_equal(spec_text(&spec, "process.selinuxLabel"), "label");
	process_free(&process);
}

/* CVE-2022-29162: --cap reaches three sets, ambient only what was inheritable before. */
static void capabilities_go_where_they_may(void **state)
{
	static const char *const capabilities[] = { "CAP_CHOWN", "CAP_SYS_ADMIN", NULL };
	static const struct {
		const char *path;
		size_t count;
	} sets[] = {
		{ "process.capabilities.bounding", 3 },  { "process.capabilities.effective", 3 },
		{ "process.capabilities.permitted", 2 }, { "process.capabilities.inheritable", 1 },
		{ "process.capabilities.ambient", 1 },
	};
	cleanup_spec struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(
		apply(&spec, &(struct process_options){ .capabilities = capabilities }, &error), 0);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		assert_int_equal(value_count(spec_at(&spec, sets[i].path)), sets[i].count);
	assert_string_equal(spec_text(&spec, "process.capabilities.ambient[0]"), "CAP_CHOWN");
}

static void nothing_said_keeps_the_rest(void **state)
{
	cleanup_spec struct spec spec = SPEC_NONE;
	struct oci_process process;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(apply(&spec,
	                       &(struct process_options){
				       .terminal = true, .apparmor = "", .process_label = "" },
	                       &error),
	                 0);
	assert_int_equal(process_read(&process, &spec, &error), 0);
	assert_true(process.terminal);
	assert_false(process.no_new_privileges);
	assert_int_equal(process.uid, 7);
	assert_int_equal(process.gid, 8);
	assert_string_equal(process.args[0], "true");
	assert_int_equal(process.env_count, 1);
	assert_string_equal(spec_text(&spec, "process.apparmorProfile"), "old");
	assert_null(spec_text(&spec, "process.selinuxLabel"));
	process_free(&process);
}

static void a_process_without_user_gets_one(void **state)
{
	static const char *const gids[] = { "3", NULL };
	static const char *const capabilities[] = { "CAP_KILL", NULL };
	cleanup_spec struct spec spec = document(SPEC_CONFIG, PROCESS(", \"user\": null"));
	struct oci_process process;
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(process_apply_options(&spec,
	                                       &(struct process_options){
						       .user = "5",
						       .additional_gids = gids,
						       .capabilities = capabilities,
					       },
	                                       &error),
	                 0);
	assert_int_equal(process_read(&process, &spec, &error), 0);
	assert_int_equal(process.uid, 5);
	assert_int_equal(process.gid, 0);
	assert_int_equal(process.additional_gids[0], 3);
	assert_int_equal(value_count(spec_at(&spec, "process.capabilities.ambient")), 0);
	process_free(&process);
}

/* TD2: what -u takes, and that it becomes that number and no other. */
static void users_that_are_numbers(void **state)
{
	static const struct {
		const char *user;
		uint32_t uid, gid;
	} rows[] = {
		{ "0", 0, 8 },
		{ "1", 1, 8 },
		{ "10", 10, 8 },
		{ "65535", 65535, 8 },
		{ "65536", 65536, 8 },
		{ "2147483647", 2147483647, 8 },
		{ "2147483648", 2147483648, 8 },
		{ "4294967294", 4294967294, 8 },
		{ "0:0", 0, 0 },
		{ "1:1", 1, 1 },
		{ "1:0", 1, 0 },
		{ "4294967294:4294967294", 4294967294, 4294967294 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct process_options options = { .user = rows[i].user };
		cleanup_spec struct spec spec = SPEC_NONE;
		struct oci_process process;
		ERROR_NONE(error);

		assert_int_equal(apply(&spec, &options, &error), 0);
		assert_int_equal(process_read(&process, &spec, &error), 0);
		assert_true(process.uid == rows[i].uid);
		assert_true(process.gid == rows[i].gid);
		process_free(&process);
	}
}

static const char *const bad_users[] = {
	"",
	"01",
	"00",
	"+1",
	"-1",
	"-0",
	" 1",
	"1 ",
	"1\n",
	"1:",
	":1",
	":",
	"::",
	"1:1:",
	"1:1:1",
	"1::1",
	"1:01",
	"1:-1",
	"1: 1",
	"1:root",
	"root",
	"root:root",
	"root:1",
	"1.0",
	"1e3",
	"0x1",
	"1,2",
	"true",
	"4294967295",
	"4294967296",
	"4294967297",
	"1:4294967295",
	"1:4294967296",
	"8589934592",
	"9223372036854775807",
	"9223372036854775808",
	"18446744073709551615",
	"18446744073709551616",
	"18446744073709551617",
	"99999999999999999999999999999999999999",
	"\xd9\xa1", /* a digit, in Arabic */
};

static void users_that_are_no_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_users) / sizeof(bad_users[0]); i++) {
		struct process_options options = { .user = bad_users[i] };
		cleanup_spec struct spec spec = SPEC_NONE;
		char expected[256];
		ERROR_NONE(error);

		if (apply(&spec, &options, &error) == 0)
			fail_msg("\"%s\" was taken", bad_users[i]);
		snprintf(expected, sizeof(expected),
		         "user \"%s\": expected UID or UID:GID, each from 0 to 4294967294",
		         strcmp(bad_users[i], "1\n") == 0 ? "1?" : bad_users[i]);
		assert_string_equal(error_text(&error), expected);
	}
}

static void other_options_are_checked(void **state)
{
	static const char *const env[] = { "B=1", "SECRET", NULL };
	static const char *const gids[] = { "1", "4294967295", NULL };
	static const char *const none[] = { NULL };
	const struct {
		struct process_options options;
		const char *error;
	} rows[] = {
		{ { .env = env }, "process.env[2]: \"SECRET\" has no =" },
		{ { .additional_gids = gids },
		  "additional group \"4294967295\": expected a number from 0 to 4294967294" },
		{ { .cwd = "tmp" }, "process.cwd: \"tmp\" is no absolute path" },
		{ { .cwd = "" }, "process.cwd: \"\" is no absolute path" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_spec struct spec spec = SPEC_NONE;
		ERROR_NONE(error);

		assert_int_equal(apply(&spec, &rows[i].options, &error), -1);
		assert_string_equal(error_text(&error), rows[i].error);
	}
	{
		cleanup_spec struct spec spec = SPEC_NONE;
		struct oci_process process;
		ERROR_NONE(error);

		assert_int_equal(apply(&spec, &(struct process_options){ .args = none }, &error),
		                 0);
		assert_int_equal(process_read(&process, &spec, &error), -1);
		assert_string_equal(error_text(&error), "process.args: missing, or empty");
	}
}

/* A process file: what it does not ask for is as the container has it. */
static void what_is_not_given_is_inherited(void **state)
{
	static const char own[] =
		PROCESS(", \"noNewPrivileges\": true, \"capabilities\": {\"bounding\": "
	                "[\"CAP_KILL\"]}, \"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 1, "
	                "\"hard\": 2}], \"apparmorProfile\": \"a\", \"selinuxLabel\": \"s\"");
	static const struct {
		const char *members;
		bool is_inherited;
	} rows[] = {
		{ "", true },
		{ ", \"noNewPrivileges\": null, \"capabilities\": null, \"rlimits\": null, "
		  "\"apparmorProfile\": null, \"selinuxLabel\": null",
		  true },
		{ ", \"rlimits\": [], \"apparmorProfile\": \"\", \"selinuxLabel\": \"\"", true },
		{ ", \"noNewPrivileges\": false, \"capabilities\": {}, \"rlimits\": [{\"type\": "
		  "\"RLIMIT_CORE\", \"soft\": 1, \"hard\": 2}], \"apparmorProfile\": \"b\", "
		  "\"selinuxLabel\": \"t\"",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_spec struct spec spec = document(SPEC_CONFIG, own), given = SPEC_NONE;
		bool is_inherited = rows[i].is_inherited;
		struct oci_process process;
		char json[512];
		ERROR_NONE(error);

		snprintf(json, sizeof(json), "{\"cwd\": \"/\", \"args\": [\"id\"]%s}",
		         rows[i].members);
		given = document(SPEC_PROCESS, json);
		spec_replace_process(&spec, &given);
		assert_int_equal(process_read(&process, &spec, &error), 0);
		assert_string_equal(process.args[0], "id");
		assert_int_equal(process.no_new_privileges, is_inherited);
		assert_int_equal(process.rlimits_count, 1);
		assert_int_equal(process.rlimits[0].resource,
		                 is_inherited ? RLIMIT_CPU : RLIMIT_CORE);
		assert_int_equal(value_count(spec_at(&spec, "process.capabilities.bounding")),
		                 is_inherited);
		assert_string_equal(spec_text(&spec, "process.apparmorProfile"),
		                    is_inherited ? "a" : "b");
		assert_string_equal(spec_text(&spec, "process.selinuxLabel"),
		                    is_inherited ? "s" : "t");
		process_free(&process);
	}
}

static void a_config_without_process(void **state)
{
	cleanup_spec struct spec spec = document(SPEC_CONFIG, CONFIG(""));
	ERROR_NONE(error);

	(void)state;
	assert_int_equal(
		process_apply_options(&spec, &(struct process_options){ .cwd = "/" }, &error), -1);
	assert_string_equal(error_text(&error), "process: missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_applied),
		cmocka_unit_test(capabilities_go_where_they_may),
		cmocka_unit_test(nothing_said_keeps_the_rest),
		cmocka_unit_test(a_process_without_user_gets_one),
		cmocka_unit_test(users_that_are_numbers),
		cmocka_unit_test(users_that_are_no_numbers),
		cmocka_unit_test(other_options_are_checked),
		cmocka_unit_test(what_is_not_given_is_inherited),
		cmocka_unit_test(a_config_without_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
