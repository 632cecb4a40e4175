/* Programs that libseccomp does not write: they are left as they are, or mean what they meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reference.h"
#include "support.h"

#define LOAD(offset)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define NUMBER              LOAD(0)
#define ARCH                LOAD(4)
#define ARGUMENT(i)         LOAD(16 + 8 * (i))
#define IF(test, k, jt, jf) BPF_JUMP(BPF_JMP | (test) | BPF_K, (k), (jt), (jf))
#define GO(k)               BPF_STMT(BPF_JMP | BPF_JA, (k))
#define AND(k)              BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (k))
#define RETURN(k)           BPF_STMT(BPF_RET | BPF_K, (k))

static const struct odd_program {
	const char *name;
	struct sock_filter filters[24];
} odd_programs[] = {
	{ "one answer", { RETURN(SECCOMP_RET_ALLOW) } },
	{ "bits of a number", { NUMBER, IF(BPF_JSET, 4, 0, 1), RETURN(1), RETURN(2) } },
	{ "a masked number", { NUMBER, AND(0xff), IF(BPF_JEQ, 5, 0, 1), RETURN(1), RETURN(2) } },
	{ "an order of architectures", { ARCH, IF(BPF_JGE, 9, 0, 1), RETURN(1), RETURN(2) } },
	{ "a way that joins",
	  { ARCH, IF(BPF_JEQ, 7, 1, 0), NUMBER, IF(BPF_JEQ, 7, 0, 1), RETURN(1), RETURN(2) } },
	{ "arguments alone",
	  { ARGUMENT(0), IF(BPF_JSET, 6, 0, 1), RETURN(1), AND(1), IF(BPF_JGT, 0, 0, 1), RETURN(2),
	    RETURN(3) } },
	{ "a number after an argument",
	  { NUMBER, IF(BPF_JGT, 9, 0, 4), ARGUMENT(1), IF(BPF_JEQ, 7, 0, 1), RETURN(1), NUMBER,
	    IF(BPF_JGE, 12, 0, 1), RETURN(2), RETURN(3) } },
	{ "two doors to one argument",
	  { NUMBER, IF(BPF_JEQ, 3, 2, 0), IF(BPF_JEQ, 9, 1, 0), RETURN(1), ARGUMENT(0),
	    IF(BPF_JEQ, 1, 0, 2), NUMBER, IF(BPF_JEQ, 9, 0, 1), RETURN(2), RETURN(3) } },
	{ "long jumps",
	  { ARCH, IF(BPF_JEQ, 1, 0, 1), GO(5), IF(BPF_JEQ, 2, 0, 1), GO(7), RETURN(1), RETURN(9),
	    RETURN(9), NUMBER, IF(BPF_JEQ, 1, 0, 1), RETURN(2), RETURN(3), NUMBER,
	    IF(BPF_JGT, 0xfffffffe, 0, 1), RETURN(4), RETURN(5) } },
	{ "all numbers the same",
	  { NUMBER, IF(BPF_JEQ, 3, 0, 1), RETURN(1), IF(BPF_JEQ, 5, 0, 1), RETURN(1), RETURN(1) } },
};

static size_t count_filters(const struct sock_filter *filters, size_t room)
{
	while (room && !filters[room - 1].code && !filters[room - 1].k)
		room--;
	return room;
}

static void answers_stay(void **state)
{
	static const uint32_t numbers[] = { 0,   1,   2,   3,          4,          5,         6,
		                            7,   8,   9,   10,         11,         12,        13,
		                            255, 256, 261, 0x7fffffff, 0x80000000, UINT32_MAX };
	const struct odd_program *odd = *state;
	size_t count = count_filters(odd->filters, sizeof(odd->filters) / sizeof(odd->filters[0]));
	struct program program = { .memory = malloc(sizeof(odd->filters)), .count = count };
	struct seccomp_data call = { 0 };
	size_t i;

	assert_non_null(program.memory);
	program.filters = program.memory;
	memcpy(program.filters, odd->filters, sizeof(odd->filters));
	assert_int_equal(program_optimise(&program), 0);
	assert_true(program.count <= count);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (call.arch = 0; call.arch < 12; call.arch++)
			for (call.args[0] = 0; call.args[0] < 8; call.args[0]++)
				for (call.args[1] = 6; call.args[1] < 9; call.args[1]++) {
					call.nr = (int)numbers[i];
					assert_int_equal(
						interpret(program.filters, program.count, &call),
						interpret(odd->filters, count, &call));
				}
	program_free(&program);
}

/* As many stretches as there are numbers: jumps become too long for one byte. */
static void a_wide_search_reaches_its_ends(void **state)
{
	enum { CALLS = 700 };
	struct program program = { .count = 0 };
	struct seccomp_data call = { 0 };
	struct sock_filter *filters = calloc(BPF_MAXINSNS, sizeof(*filters));
	size_t i, count = 0;

	(void)state;
	assert_non_null(filters);
	filters[count++] = (struct sock_filter)NUMBER;
	for (i = 0; i < CALLS; i++) {
		filters[count++] = (struct sock_filter)IF(BPF_JEQ, (uint32_t)i, 0, 1);
		filters[count++] = (struct sock_filter)RETURN((uint32_t)(i % 3 + i));
		filters[count++] = (struct sock_filter)GO(0);
	}
	filters[count++] = (struct sock_filter)RETURN(77777);
	program.memory = program.filters = filters;
	program.count = count;
	assert_int_equal(program_optimise(&program), 0);
	assert_true(program.count < count);
	for (i = 0; i < CALLS + 20; i++) {
		call.nr = (int)i;
		assert_int_equal(interpret(program.filters, program.count, &call),
		                 i < CALLS ? i % 3 + i : 77777);
	}
	program_free(&program);
}

int main(void)
{
	enum { ROWS = sizeof(odd_programs) / sizeof(odd_programs[0]) };
	struct CMUnitTest tests[ROWS + 1] = {
		[ROWS] = cmocka_unit_test(a_wide_search_reaches_its_ends),
	};
	size_t i;

	for (i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){
			.name = odd_programs[i].name,
			.test_func = answers_stay,
			.initial_state = (void *)(uintptr_t)&odd_programs[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
