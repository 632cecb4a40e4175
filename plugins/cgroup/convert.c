/* Numbers of the spec, which are those of cgroup v1, as cgroup v2 wants them. */
#include "internal.h"

/* log2(3) for 1 and above: each squaring of the mantissa gives a binary digit. libm would be one
 * more library to map for each container. */
static double logarithm2(uint64_t number)
{
	int whole = 63 - __builtin_clzll(number);
	double mantissa = (double)number / (double)(1ULL << whole);
	double result = whole;

	for (double digit = 0.5; digit > 1e-15; digit /= 2) {
		mantissa *= mantissa;
		if (mantissa >= 2) {
			mantissa /= 2;
			result += digit;
		}
	}
	return result;
}

/* exp10(3) for exponents of 0 to 9, by the series of e^x. */
static double power10(double exponent)
{
	const double ln10 = 2.302585092994045684;
	double x = exponent * ln10, term = 1, sum = 1;

	for (int n = 1; n < 80; n++) {
		term *= x / n;
		sum += term;
	}
	return sum;
}

/*
 * A straight line from 2..262144 to 1..10000 would make the default of 1024 a weight of 39, less
 * than the 100 of a cgroup that asked for nothing. This curve goes through (2, 1), (1024, 100) and
 * (262144, 10000); newer runc and crun have the same, rounded up.
 */
uint64_t convert_shares(uint64_t shares)
{
	double l, weight;
	uint64_t below;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = logarithm2(shares);
	weight = power10((l * l + 125 * l) / 612 - 7.0 / 34);
	below = (uint64_t)weight;
	return weight - (double)below > 1e-9 ? below + 1 : below;
}

uint64_t convert_block_io_weight(uint32_t weight)
{
	return 1 + ((uint64_t)weight - 10) * 9999 / 990;
}

bool convert_swap(int64_t memory, int64_t memory_and_swap, int64_t *swap)
{
	if (memory_and_swap < 0) {
		*swap = -1;
		return true;
	}
	/* v1 knows no sum without a limit on its first part, and the sum is the larger one */
	if (memory <= 0 || memory_and_swap < memory)
		return false;
	*swap = memory_and_swap - memory;
	return true;
}
