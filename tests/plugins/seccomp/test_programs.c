/* Each profile of profiles/ against a naive reading of it, call by call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference.h"
#include "support.h"

/* What the kernel can tell a filter: known ones, and one that no profile asks for. */
static const uint32_t architectures[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86,     SCMP_ARCH_AARCH64,
	                                  SCMP_ARCH_ARM,    SCMP_ARCH_RISCV64, SCMP_ARCH_S390X };
static const uint32_t bases[] = { 0, 0x40000000, 0xf0000, 0x80000000, UINT32_MAX - 599 };

/* Values around those that the profiles compare with. */
static const uint64_t values[] = { 0,      1,          4,          6,
	                           7,      8,          12,         131072,
	                           131080, 2114060288, 4294967295, 268435456,
	                           0x7fff, 4294967303, 8589934599, UINT64_MAX };
#define VALUES (sizeof(values) / sizeof(values[0]))

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223; /* Numerical Recipes: the same in each run */
	return *state >> 8;
}

static void set_arguments(struct seccomp_data *call, uint32_t *state)
{
	/* An argument of a 32-bit architecture has no upper half to compare. */
	uint64_t mask = call->arch & 0x80000000 ? UINT64_MAX : UINT32_MAX;
	size_t i;

	for (i = 0; i < 6; i++)
		call->args[i] = values[next_random(state) % VALUES] & mask;
}

static void check_call(const struct program *program, const struct reference *reference,
                       const struct seccomp_data *call)
{
	uint32_t expected, answer;

	if (reference_is_multiplexed(call))
		return;
	expected = reference_answer(reference, call);
	answer = interpret(program->filters, program->count, call);
	if (expected != answer)
		fail_msg("arch 0x%x number %d (0x%llx, 0x%llx, 0x%llx): 0x%x instead of 0x%x",
		         call->arch, call->nr, (unsigned long long)call->args[0],
		         (unsigned long long)call->args[1], (unsigned long long)call->args[2],
		         answer, expected);
	assert_int_equal(program_answer(program, call), answer); /* the plugin's own interpreter */
}

static void program_is_the_profile(void **state)
{
	const char *name = *state;
	char *text = profile_text(name);
	struct reference *reference = reference_new(text);
	struct seccomp_data call = { 0 };
	struct program program;
	uint32_t random = 1, base, number;
	size_t i, j;

	compile_text(&program, text);
	for (i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
		call.arch = architectures[i];
		for (base = 0; base < sizeof(bases) / sizeof(bases[0]); base++)
			for (number = 0; number < 600; number++) {
				call.nr = (int)(bases[base] + number);
				for (j = 0; j < 4; j++) {
					set_arguments(&call, &random);
					check_call(&program, reference, &call);
				}
			}
	}
	print_message("%s: %zu instructions\n", name, program.count);
	program_free(&program);
	reference_free(reference);
	free(text);
}

/* Each value of an argument that a profile looks at, with all others as they may be. */
static void conditions_are_the_profiles(void **state)
{
	static const char *const calls[] = {
		"personality", "clone", "socket", "dup",   "dup2",
		"dup3",        "lseek", "fchown", "flock", "ftruncate"
	};
	const char *name = *state;
	char *text = profile_text(name);
	struct reference *reference = reference_new(text);
	struct seccomp_data call = { .arch = SCMP_ARCH_X86_64 };
	struct program program;
	uint32_t random = 2;
	size_t i, j, k;

	compile_text(&program, text);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		call.nr = seccomp_syscall_resolve_name_arch(call.arch, calls[i]);
		for (j = 0; j < 3; j++)
			for (k = 0; k < VALUES * 16; k++) {
				set_arguments(&call, &random);
				call.args[j] = values[k % VALUES];
				check_call(&program, reference, &call);
			}
	}
	program_free(&program);
	reference_free(reference);
	free(text);
}

static uint32_t answer_of(const char *text, const struct seccomp_data *call)
{
	struct program program;
	uint32_t answer;

	compile_text(&program, text);
	answer = interpret(program.filters, program.count, call);
	program_free(&program);
	return answer;
}

#define NAMES "\"syscalls\":[{\"names\":[\"read\",\"execve\"],\"action\":\"SCMP_ACT_"

static void newer_calls_are_denied_and_never_allowed(void **state)
{
	const struct seccomp_data newer = { .nr = 460, .arch = SCMP_ARCH_X86_64 };

	(void)state;
	assert_int_equal(
		answer_of("{\"defaultAction\":\"SCMP_ACT_ERRNO\"," NAMES "ALLOW\"}]}", &newer),
		0x50000 | 38);
	assert_int_equal(
		answer_of("{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"," NAMES "LOG\"}]}", &newer),
		0x50000 | 38);
	assert_int_equal(
		answer_of("{\"defaultAction\":\"SCMP_ACT_TRAP\"," NAMES "ALLOW\"}]}", &newer),
		0x50000 | 38);
	/* it is the default's to decide */
	assert_int_equal(
		answer_of("{\"defaultAction\":\"SCMP_ACT_TRACE\"," NAMES "ALLOW\"}]}", &newer),
		0x7ff00001);
	assert_int_equal(
		answer_of("{\"defaultAction\":\"SCMP_ACT_LOG\"," NAMES "ERRNO\"}]}", &newer),
		0x7ffc0000);
	/* nothing to measure by */
	assert_int_equal(answer_of("{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", &newer), 0x50001);
}

static void x32_is_killed_unless_asked_for(void **state)
{
	const struct seccomp_data call = { .nr = 0x40000000, .arch = SCMP_ARCH_X86_64 };

	(void)state;
	assert_int_equal(
		answer_of("{\"defaultAction\":\"SCMP_ACT_ALLOW\"," NAMES "ERRNO\"}]}", &call),
		SECCOMP_RET_KILL_THREAD);
	assert_int_equal(answer_of("{\"defaultAction\":\"SCMP_ACT_ERRNO\","
	                           "\"architectures\":[\"SCMP_ARCH_X32\"]," NAMES "ALLOW\"}]}",
	                           &call),
	                 SECCOMP_RET_ALLOW);
}

/* libseccomp 2.5 loads no number at all where the first call of its list is one that x86-64 and x32
 * lack: all that was to be stopped would pass. */
static void x32_does_not_void_the_rules(void **state)
{
	static const char profile[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X32\"],"
		"\"syscalls\":[{\"names\":[\"socketcall\"],\"action\":\"SCMP_ACT_KILL\"},"
		"{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":"
		"[{\"index\":0,\"value\":4,\"op\":\"SCMP_CMP_NE\"}]}]}";
	struct seccomp_data call = { .nr = 101, .arch = SCMP_ARCH_X86_64, .args = { 16 } };

	(void)state;
	assert_int_equal(answer_of(profile, &call), 0x50001);
	call.nr = 0x40000209; /* x32 has one of its own */
	assert_int_equal(answer_of(profile, &call), 0x50001);
}

/* Of these two libseccomp 2.5 makes one tree, in which kill(0, …) meets half of each. */
static void rules_that_become_others_are_refused(void **state)
{
	static const char profile[] =
		"{\"defaultAction\":\"SCMP_ACT_LOG\",\"syscalls\":["
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
		"{\"index\":5,\"value\":147,\"op\":\"SCMP_CMP_LT\"},"
		"{\"index\":0,\"value\":102,\"op\":\"SCMP_CMP_NE\"},"
		"{\"index\":4,\"value\":2147483648,\"op\":\"SCMP_CMP_LT\"}]},"
		"{\"names\":[\"kill\"],\"action\":\"SCMP_ACT_TRAP\",\"args\":["
		"{\"index\":5,\"value\":62,\"op\":\"SCMP_CMP_GT\"},"
		"{\"index\":1,\"value\":87,\"op\":\"SCMP_CMP_NE\"},"
		"{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_NE\"}]}]}";
	struct ironbox_error error = { "" };
	struct libseccomp library = { 0 };
	struct program program = { 0 };
	struct read_profile read;

	(void)state;
	assert_int_equal(read_profile(&read, profile, &error), 0);
	assert_int_equal(libseccomp_open(&library, &test_host, &error), 0);
	assert_int_equal(program_compile(&program, &read.profile, &library, &test_host, &error),
	                 -1);
	assert_non_null(strstr(error.text, "p.syscalls: what libseccomp makes of the rules about "
	                                   "kill does not mean the same"));
	program_free(&program);
	library_close(&library);
	read_profile_free(&read);
}

static void blocked_calls_are_found(void **state)
{
	struct program program;

	(void)state;
	compile_text(&program, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
	                       "[\"setresuid\",\"capset\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
	assert_string_equal(blocked_name(program.blocked_in_confine), "setresuid");
	assert_null(blocked_name(program.blocked_in_seal));
	program_free(&program);
	/* done before the program is loaded */
	compile_text(&program, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
	                       "[\"close_range\",\"setgroups\"],\"action\":\"SCMP_ACT_KILL\"}]}");
	assert_null(blocked_name(program.blocked_in_confine));
	program_free(&program);
	compile_text(&program, "{\"defaultAction\":\"SCMP_ACT_ERRNO\"," NAMES "LOG\"}]}");
	assert_non_null(blocked_name(program.blocked_in_confine));
	assert_null(blocked_name(program.blocked_in_seal));
	program_free(&program);
	compile_text(&program, "{\"defaultAction\":\"SCMP_ACT_KILL\"}");
	assert_string_equal(blocked_name(program.blocked_in_seal), "execve");
	program_free(&program);
	compile_text(&program, "{\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"/x\"}");
	assert_null(blocked_name(program.blocked_in_confine));
	program_free(&program);
}

static struct CMUnitTest row(const char *kind, const char *profile, CMUnitTestFunction function)
{
	char *name = NULL;

	assert_true(asprintf(&name, "%s: %s", profile, kind) > 0);
	return (struct CMUnitTest){ .name = name,
		                    .test_func = function,
		                    .initial_state = (void *)(uintptr_t)profile };
}

int main(void)
{
	static const char *const profiles[] = { "docker", "podman", "ctr",         "operators",
		                                "strict", "arm",    "x86-64-alone" };
	struct CMUnitTest tests[32] = {
		cmocka_unit_test(newer_calls_are_denied_and_never_allowed),
		cmocka_unit_test(x32_is_killed_unless_asked_for),
		cmocka_unit_test(x32_does_not_void_the_rules),
		cmocka_unit_test(rules_that_become_others_are_refused),
		cmocka_unit_test(blocked_calls_are_found),
	};
	size_t i, first = 0, count;
	int result;

	while (tests[first].test_func)
		first++;
	count = first;
	for (i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		tests[count++] = row("all calls", profiles[i], program_is_the_profile);
		tests[count++] = row("conditions", profiles[i], conditions_are_the_profiles);
	}
	result = _cmocka_run_group_tests("programs", tests, count, NULL, NULL);
	for (i = first; i < count; i++)
		free((void *)(uintptr_t)tests[i].name); /* row's */
	return result;
}
