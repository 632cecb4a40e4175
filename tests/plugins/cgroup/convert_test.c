/* Numbers of v1 as v2 wants them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <math.h>

#include "internal.h"

static void weights_are_those_of_the_curve(void **state)
{
	(void)state;
	assert_int_equal(convert_shares(1), 1);
	assert_int_equal(convert_shares(2), 1);
	assert_int_equal(convert_shares(1024), 100); /* v1's default is v2's */
	assert_int_equal(convert_shares(262144), 10000);
	assert_int_equal(convert_shares(UINT64_MAX), 10000);
}

/* Every one of them, against libm. */
static void weights_are_exact(void **state)
{
	(void)state;
	for (uint64_t shares = 3; shares < 262144; shares++) {
		double l = log2((double)shares);

		assert_int_equal(convert_shares(shares),
		                 (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34)));
	}
}

static void io_weights_span_the_range(void **state)
{
	(void)state;
	assert_int_equal(convert_block_io_weight(10), 1);
	assert_int_equal(convert_block_io_weight(500), 4950);
	assert_int_equal(convert_block_io_weight(1000), 10000);
}

static const struct swap_case {
	int64_t memory, sum;
	bool possible;
	int64_t swap;
} swap_cases[] = {
	{ 100, 150, true, 50 }, { 100, 100, true, 0 },
	{ 100, -1, true, -1 },  { -1, -1, true, -1 },
	{ 100, 99, false, 0 },  { -1, 100, false, 0 },
	{ 0, 100, false, 0 },   { INT64_MAX, INT64_MAX, true, 0 },
};

static void swap_is_the_sum_without_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(swap_cases) / sizeof(swap_cases[0]); i++) {
		int64_t swap = 0;

		assert_int_equal(convert_swap(swap_cases[i].memory, swap_cases[i].sum, &swap),
		                 swap_cases[i].possible);
		if (swap_cases[i].possible)
			assert_int_equal(swap, swap_cases[i].swap);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_those_of_the_curve),
		cmocka_unit_test(weights_are_exact),
		cmocka_unit_test(io_weights_span_the_range),
		cmocka_unit_test(swap_is_the_sum_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
