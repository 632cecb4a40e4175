/* process, typed. */
#include "document.h"

#include "oci/process.h"

static struct oci_process read_process(const struct spec *spec)
{
	struct oci_process process;
	ERROR_NONE(error);

	if (process_read(&process, spec, &error) < 0)
		fail_msg("%s", error_text(&error));
	return process;
}

static void a_whole_process(void **state)
{
	cleanup_spec struct spec spec = document(
		SPEC_CONFIG,
		CONFIG(", \"process\": {\"terminal\": true, \"consoleSize\": {\"height\": 25, "
	               "\"width\": 80}, \"user\": {\"uid\": 4294967294, \"gid\": 5, \"umask\": 18, "
	               "\"additionalGids\": [5, 0, 4294967294]}, \"args\": [\"sh\", \"-c\", \"\"], "
	               "\"env\": [\"A=b\", \"=x\", \"B=c=d\"], \"cwd\": \"/tmp\", "
	               "\"noNewPrivileges\": true, \"oomScoreAdj\": -1000, "
	               "\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1024, \"hard\": "
	               "18446744073709551615}, {\"type\": \"RLIMIT_CORE\", \"soft\": "
	               "18446744073709551615, \"hard\": 18446744073709551615}]}"));
	struct oci_process process = read_process(&spec);

	(void)state;
	assert_true(process.terminal);
	assert_true(process.has_console_size);
	assert_int_equal(process.console_width, 80);
	assert_int_equal(process.console_height, 25);
	assert_true(process.uid == 4294967294);
	assert_int_equal(process.gid, 5);
	assert_true(process.has_umask);
	assert_int_equal(process.umask, 022);
	assert_int_equal(process.additional_gids_count, 3);
	assert_true(process.additional_gids[0] == 5 && process.additional_gids[1] == 0 &&
	            process.additional_gids[2] == 4294967294);
	assert_int_equal(process.args_count, 3);
	assert_string_equal(process.args[1], "-c");
	assert_string_equal(process.args[2], "");
	assert_null(process.args[3]);
	assert_int_equal(process.env_count, 3);
	assert_string_equal(process.env[2], "B=c=d");
	assert_null(process.env[3]);
	assert_string_equal(process.cwd, "/tmp");
	assert_true(process.no_new_privileges);
	assert_true(process.has_oom_score_adj);
	assert_int_equal(process.oom_score_adj, -1000);
	assert_int_equal(process.rlimits_count, 2);
	assert_int_equal(process.rlimits[0].resource, RLIMIT_NOFILE);
	assert_string_equal(process.rlimits[0].type, "RLIMIT_NOFILE");
	assert_true(process.rlimits[0].limit.rlim_cur == 1024);
	assert_true(process.rlimits[0].limit.rlim_max == RLIM64_INFINITY);
	assert_true(process.rlimits[1].limit.rlim_cur == RLIM64_INFINITY);
	process_free(&process);
}

static void the_least_process(void **state)
{
	cleanup_spec struct spec spec = document(SPEC_CONFIG, PROCESS(""));
	struct oci_process process = read_process(&spec);

	(void)state;
	assert_false(process.terminal || process.has_console_size || process.has_umask ||
	             process.no_new_privileges || process.has_oom_score_adj ||
	             process.scheduler.given || process.has_io_priority ||
	             process.has_affinity_initial || process.has_affinity_final);
	assert_int_equal(process.uid, 0);
	assert_int_equal(process.additional_gids_count, 0);
	assert_int_equal(process.rlimits_count, 0);
	assert_int_equal(process.env_count, 0);
	assert_null(process.env[0]);
	process_free(&process);
	assert_null(process.args);
}

/* As runc and crun have it: getenv(3) would take the first. */
static void of_each_variable_the_last_counts(void **state)
{
	static const char *const expected[] = { "=y", "AB=2", "C=", "A=3", "B=A=4" };
	cleanup_spec struct spec spec =
		document(SPEC_CONFIG,
	                 PROCESS(", \"env\": [\"A=1\", \"=x\", \"=y\", \"AB=2\", \"B=\", \"A=1\", "
	                         "\"C=\", \"A=3\", \"B=A=4\"]"));
	struct oci_process process = read_process(&spec);

	(void)state;
	assert_int_equal(process.env_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(process.env[i], expected[i]);
	assert_null(process.env[5]);
	process_free(&process);
}

/* Some hundred thousand: what looked at each pair would not come to an end here. */
static void a_large_environment(void **state)
{
	enum { COUNT = 100000 };
	cleanup_spec struct spec spec = SPEC_NONE;
	struct oci_process process;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	fprintf(stream, "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"}, \"process\": "
	                "{\"cwd\": \"/\", \"args\": [\"true\"], \"env\": [\"N0=\"");
	for (int i = 0; i < 2 * COUNT; i++)
		fprintf(stream, ", \"N%d=%d\"", i % COUNT, i);
	fprintf(stream, "]}}");
	assert_int_equal(fclose(stream), 0);
	spec = document(SPEC_CONFIG, text);
	free(text);
	process = read_process(&spec);
	assert_int_equal(process.env_count, COUNT);
	assert_string_equal(process.env[0], "N0=100000");
	assert_string_equal(process.env[COUNT - 1], "N99999=199999");
	process_free(&process);
}

static void each_rlimit_has_its_number(void **state)
{
	static const struct {
		const char *type;
		int resource;
	} rows[] = {
		{ "RLIMIT_AS", 9 },      { "RLIMIT_CORE", 4 },      { "RLIMIT_CPU", 0 },
		{ "RLIMIT_DATA", 2 },    { "RLIMIT_FSIZE", 1 },     { "RLIMIT_LOCKS", 10 },
		{ "RLIMIT_MEMLOCK", 8 }, { "RLIMIT_MSGQUEUE", 12 }, { "RLIMIT_NICE", 13 },
		{ "RLIMIT_NOFILE", 7 },  { "RLIMIT_NPROC", 6 },     { "RLIMIT_RSS", 5 },
		{ "RLIMIT_RTPRIO", 14 }, { "RLIMIT_RTTIME", 15 },   { "RLIMIT_SIGPENDING", 11 },
		{ "RLIMIT_STACK", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_spec struct spec spec = SPEC_NONE;
		struct oci_process process;
		char text[256];

		snprintf(text, sizeof(text),
		         PROCESS(", \"rlimits\": [{\"type\": \"%s\", \"soft\": 0, \"hard\": 1}]"),
		         rows[i].type);
		spec = document(SPEC_CONFIG, text);
		process = read_process(&spec);
		assert_int_equal(process.rlimits[0].resource, rows[i].resource);
		process_free(&process);
	}
}

static void a_scheduler(void **state)
{
	cleanup_spec struct spec spec = document(
		SPEC_CONFIG,
		PROCESS(", \"scheduler\": {\"policy\": \"SCHED_DEADLINE\", \"nice\": -20, "
	                "\"flags\": [\"SCHED_FLAG_RESET_ON_FORK\", \"SCHED_FLAG_DL_OVERRUN\"], "
	                "\"runtime\": 1000000, \"deadline\": 18446744073709551615, \"period\": 3}, "
	                "\"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 4}, "
	                "\"execCPUAffinity\": {\"initial\": \"0-3, 7\", \"final\": \"1023\"}"));
	struct oci_process process = read_process(&spec);

	(void)state;
	assert_true(process.scheduler.given);
	assert_int_equal(process.scheduler.policy, 6);
	assert_int_equal(process.scheduler.nice, -20);
	assert_int_equal(process.scheduler.flags, 0x01 | 0x04);
	assert_int_equal(process.scheduler.runtime, 1000000);
	assert_true(process.scheduler.deadline == UINT64_MAX);
	assert_int_equal(process.scheduler.period, 3);
	assert_true(process.has_io_priority);
	assert_int_equal(process.io_priority, 2 << 13 | 4);
	assert_true(process.has_affinity_initial && process.has_affinity_final);
	assert_int_equal(CPU_COUNT(&process.affinity_initial), 5);
	assert_true(CPU_ISSET(7, &process.affinity_initial));
	assert_int_equal(CPU_COUNT(&process.affinity_final), 1);
	assert_true(CPU_ISSET(1023, &process.affinity_final));
	process_free(&process);
}

/* What only the whole process can tell, or what only a container that starts has to have. */
static void wrong_processes(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ CONFIG(""), "process: missing" },
		{ CONFIG(", \"process\": null"), "process: missing" },
		{ CONFIG(", \"process\": {\"cwd\": \"/\"}"), "process.args: missing, or empty" },
		{ CONFIG(", \"process\": {\"cwd\": \"/\", \"args\": []}"),
		  "process.args: missing, or empty" },
		{ PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 2, \"hard\": 1}]"),
		  "process.rlimits[0]: soft is above hard" },
		{ PROCESS(", \"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 1, \"hard\": 1}, "
		          "{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": 1}, "
		          "{\"type\": \"RLIMIT_CPU\", \"soft\": 1, \"hard\": 1}]"),
		  "process.rlimits[2]: its type was given before" },
		{ PROCESS(", \"scheduler\": {\"policy\": \"SCHED_ISO\"}"),
		  "process.scheduler.policy: SCHED_ISO: Linux has none such" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_spec struct spec spec = document(SPEC_CONFIG, rows[i].text);
		struct oci_process process;
		ERROR_NONE(error);

		assert_int_equal(process_read(&process, &spec, &error), -1);
		assert_string_equal(error_text(&error), rows[i].error);
		assert_null(process.args);
	}
}

static void empty_values_are_not_given(void **state)
{
	cleanup_spec struct spec spec = document(
		SPEC_CONFIG, PROCESS(", \"consoleSize\": {\"height\": 0, \"width\": 0}, "
	                             "\"execCPUAffinity\": {\"initial\": \"\"}, \"rlimits\": [], "
	                             "\"user\": {\"umask\": 0}, \"oomScoreAdj\": 0, "
	                             "\"scheduler\": {}, \"ioPriority\": {}, \"env\": null, "
	                             "\"capabilities\": {}"));
	struct oci_process process = read_process(&spec);

	(void)state;
	assert_false(process.has_console_size || process.has_affinity_initial ||
	             process.scheduler.given || process.has_io_priority);
	assert_true(process.has_umask);         /* 0 is an umask */
	assert_true(process.has_oom_score_adj); /* docker's 0 replaces what the shim has */
	process_free(&process);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_process),
		cmocka_unit_test(the_least_process),
		cmocka_unit_test(of_each_variable_the_last_counts),
		cmocka_unit_test(a_large_environment),
		cmocka_unit_test(each_rlimit_has_its_number),
		cmocka_unit_test(a_scheduler),
		cmocka_unit_test(wrong_processes),
		cmocka_unit_test(empty_values_are_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
