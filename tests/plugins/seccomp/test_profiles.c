/* What is no profile, row by row: the error names the place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

#define ALLOWED  "{\"defaultAction\":\"SCMP_ACT_ALLOW\","
#define DENIED   "{\"defaultAction\":\"SCMP_ACT_ERRNO\","
#define RULE(it) "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"}," it "]}"
#define ARG(it)  RULE("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[" it "]}")

static const struct bad_profile {
	const char *name, *text, *error;
} bad_profiles[] = {
	{ "not JSON", "{", "p:1: string or '}' expected near end of file" },
	{ "a key twice", "{\"a\":1,\"a\":2}", "p:1: duplicate object key near '\"a\"'" },
	{ "no object", "[]", "p: expected an object" },
	{ "no default", "{}", "p: defaultAction is required" },
	{ "default of a wrong type", "{\"defaultAction\":1}",
	  "p: defaultAction: expected a string" },
	{ "unknown default", "{\"defaultAction\":\"SCMP_ACT_DENY\"}",
	  "p.defaultAction: no such action" },
	{ "lower case", "{\"defaultAction\":\"scmp_act_allow\"}",
	  "p.defaultAction: no such action" },
	{ "errno of an action without", ALLOWED "\"defaultErrnoRet\":1}",
	  "p.defaultErrnoRet: the action answers no errno" },
	{ "errno too large", DENIED "\"defaultErrnoRet\":4096}",
	  "p.defaultErrnoRet: no errno is so large" },
	{ "errno below 0", DENIED "\"defaultErrnoRet\":-1}",
	  "p: defaultErrnoRet: expected an integer of 0 or more that is not too large" },
	{ "unknown architecture",
	  ALLOWED "\"architectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_VAX\"]}",
	  "p.architectures[1]: no such architecture" },
	{ "architecture of a wrong type", ALLOWED "\"architectures\":[1]}",
	  "p.architectures[0]: no such architecture" },
	{ "architectures of a wrong type", ALLOWED "\"architectures\":\"SCMP_ARCH_X86\"}",
	  "p: architectures: expected an array" },
	{ "other byte order", ALLOWED "\"architectures\":[\"SCMP_ARCH_S390X\"]}",
	  "p.architectures[0]: libseccomp can't have SCMP_ARCH_S390X here" },
	{ "newer than libseccomp 2.5", ALLOWED "\"architectures\":[\"SCMP_ARCH_LOONGARCH64\"]}",
	  "p.architectures[0]: libseccomp can't have SCMP_ARCH_LOONGARCH64 here" },
	{ "unknown flag", ALLOWED "\"flags\":[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]}",
	  "p.flags[0]: no such flag" },
	{ "flag that waits for nothing",
	  ALLOWED "\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
	  "p.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV waits for SCMP_ACT_NOTIFY, which no "
	  "rule "
	  "has" },
	{ "rule without names", ALLOWED RULE("{\"action\":\"SCMP_ACT_LOG\"}"),
	  "p: names is required" },
	{ "rule of no names", ALLOWED RULE("{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}"),
	  "p.syscalls[1].names: expected at least one name" },
	{ "name of a wrong type", ALLOWED RULE("{\"names\":[3],\"action\":\"SCMP_ACT_LOG\"}"),
	  "p.syscalls[1].names: expected strings" },
	{ "rule without action", ALLOWED RULE("{\"names\":[\"dup\"]}"), "p: action is required" },
	{ "unknown action", ALLOWED RULE("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_X\"}"),
	  "p.syscalls[1].action: no such action" },
	{ "errno of a rule without",
	  ALLOWED RULE("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":5}"),
	  "p.syscalls[1].errnoRet: the action answers no errno" },
	{ "seventh argument", ALLOWED ARG("{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"),
	  "p.syscalls[1].args[0].index: a call has six" },
	{ "unknown operator", ALLOWED ARG("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_IN\"}"),
	  "p.syscalls[1].args[0].op: no such operator" },
	{ "value below 0", ALLOWED ARG("{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}"),
	  "p: value: expected an integer of 0 or more that is not too large" },
	{ "condition without operator", ALLOWED ARG("{\"index\":0,\"value\":1}"),
	  "p: op is required" },
	{ "a range on one argument",
	  ALLOWED ARG("{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_GE\"},"
	              "{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_LE\"}"),
	  "p.syscalls[1].args: libseccomp takes one condition an argument" },
	{ "unknown call to be denied",
	  ALLOWED RULE("{\"names\":[\"dup\",\"dup9\"],\"action\":\"SCMP_ACT_ERRNO\"}"),
	  "p.syscalls[1].names: libseccomp does not know dup9, which it is to restrict" },
	{ "denied on a condition, and allowed",
	  DENIED RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"args\":"
	              "[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}"),
	  "p.syscalls[1].names: read is to be stopped here, but another rule lets it pass" },
	{ "docker's own format", ALLOWED "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\"}]}",
	  "p.archMap: docker's own format: expected an object such as linux.seccomp, with all "
	  "conditions resolved" },
	{ "docker's own format: a rule for some",
	  ALLOWED RULE("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_LOG\",\"includes\":{\"caps\":"
	               "[\"CAP_BPF\"]}}"),
	  "p.syscalls[1].includes: docker's own format: expected an object such as "
	  "linux.seccomp, with all conditions resolved" },
	{ "docker's own format: a rule for others",
	  ALLOWED RULE("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_LOG\",\"excludes\":{\"arches\":"
	               "[\"s390\"]}}"),
	  "p.syscalls[1].excludes: docker's own format: expected an object such as "
	  "linux.seccomp, with all conditions resolved" },
	{ "null is not given", "{\"defaultAction\":null}", "p: defaultAction is required" },
	{ "notify without an agent", "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
	  "p: SCMP_ACT_NOTIFY asks for listenerPath" },
	{ "notify without an agent, in a rule",
	  DENIED RULE("{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_NOTIFY\"}"),
	  "p: SCMP_ACT_NOTIFY asks for listenerPath" },
	{ "an agent of no path", "{\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"\"}",
	  "p: SCMP_ACT_NOTIFY asks for listenerPath" },
	{ "metadata for nobody", ALLOWED "\"listenerMetadata\":\"x\"}",
	  "p.listenerMetadata: not without listenerPath" },
};

static void bad_profile_is_refused(void **state)
{
	const struct bad_profile *row = *state;
	struct ironbox_error error = { "" };
	struct libseccomp library = { 0 };
	struct program program = { 0 };
	struct read_profile read;
	int result = read_profile(&read, row->text, &error);

	if (result == 0) {
		assert_int_equal(libseccomp_open(&library, &test_host, &error), 0);
		result = program_compile(&program, &read.profile, &library, &test_host, &error);
	}
	assert_int_equal(result, -1);
	assert_string_equal(error.text, row->error);
	program_free(&program);
	library_close(&library);
	read_profile_free(&read);
}

static void words_are_those_of_the_spec(void **state)
{
	struct ironbox_error error = { "" };
	struct read_profile read;

	(void)state;
	assert_int_equal(
		read_profile(&read,
	                     "{\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":65535,"
	                     "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\","
	                     "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\","
	                     "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],"
	                     "\"architectures\":[\"SCMP_ARCH_PARISC64\",\"SCMP_ARCH_MIPSEL64N32\"],"
	                     "\"listenerPath\":\"/a\",\"listenerMetadata\":\"m\","
	                     "\"syscalls\":[{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}",
	                     &error),
		0);
	assert_int_equal(read.profile.default_action, 0x7ff0ffff);
	assert_int_equal(read.profile.flags, 0x26); /* no TSYNC: there is one thread */
	assert_int_equal(read.profile.architectures[0], SCMP_ARCH_PARISC64);
	assert_int_equal(read.profile.architectures[1], SCMP_ARCH_MIPSEL64N32);
	assert_true(read.profile.notifies);
	assert_string_equal(read.profile.listener_path, "/a");
	assert_string_equal(read.profile.listener_metadata, "m");
	read_profile_free(&read);
}

/* As in config.json; and docker's members that ask for nothing are no others than "comment". */
static void what_is_null_or_empty_is_not_given(void **state)
{
	struct ironbox_error error = { "" };
	struct read_profile read;

	(void)state;
	if (read_profile(&read,
	                 ALLOWED "\"defaultErrnoRet\":null,\"architectures\":null,\"flags\":null,"
	                         "\"listenerPath\":null,\"archMap\":null,\"syscalls\":[{\"names\":"
	                         "[\"dup\"],\"action\":\"SCMP_ACT_LOG\",\"args\":null,\"errnoRet\":"
	                         "null,\"comment\":\"\",\"includes\":{},\"excludes\":[]}]}",
	                 &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(read.profile.rules_count, 1);
	assert_int_equal(read.profile.architectures_count, 0);
	read_profile_free(&read);
}

static void a_flood_of_names_is_refused(void **state)
{
	enum { NAMES = 16385, SIZE = NAMES * 6 + 128 };
	char *text = calloc(1, SIZE), *at = text;
	struct ironbox_error error = { "" };
	struct read_profile read;
	int i;

	(void)state;
	assert_non_null(text);
	at = stpcpy(at, ALLOWED "\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\",\"names\":[");
	for (i = 0; i < NAMES; i++)
		at = stpcpy(at, i ? ",\"dup\"" : "\"dup\"");
	stpcpy(at, "]}]}");
	assert_int_equal(read_profile(&read, text, &error), -1);
	assert_string_equal(error.text, "p.syscalls: more than 16384 names");
	read_profile_free(&read);
	free(text);
}

/* podman's default profile has such calls. */
static void of_two_answers_the_first_holds(void **state)
{
	const struct seccomp_data call = { .nr = 0, .arch = SCMP_ARCH_X86_64 };
	struct program program;

	(void)state;
	compile_text(&program, DENIED RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\"}"));
	assert_int_equal(program_answer(&program, &call), SECCOMP_RET_LOG);
	program_free(&program);
}

/* "If the SCMP_ACT_NOTIFY action is not used this value is ignored": config-linux.md */
static void a_path_without_notify_is_ignored(void **state)
{
	struct ironbox_error error = { "" };
	struct read_profile read;

	(void)state;
	assert_int_equal(read_profile(&read, ALLOWED "\"listenerPath\":\"/a\"}", &error), 0);
	assert_false(read.profile.notifies);
	read_profile_free(&read);
}

int main(void)
{
	enum { ROWS = sizeof(bad_profiles) / sizeof(bad_profiles[0]) };
	struct CMUnitTest tests[ROWS + 5] = {
		[ROWS] = cmocka_unit_test(words_are_those_of_the_spec),
		[ROWS + 1] = cmocka_unit_test(a_path_without_notify_is_ignored),
		[ROWS + 2] = cmocka_unit_test(of_two_answers_the_first_holds),
		[ROWS + 3] = cmocka_unit_test(a_flood_of_names_is_refused),
		[ROWS + 4] = cmocka_unit_test(what_is_null_or_empty_is_not_given),
	};
	size_t i;

	for (i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){
			.name = bad_profiles[i].name,
			.test_func = bad_profile_is_refused,
			.initial_state = (void *)(uintptr_t)&bad_profiles[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
