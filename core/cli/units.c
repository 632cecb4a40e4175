/* strtoull(3) takes signs, spaces and half of a word: these do not. */
#include "cli/units.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The digits that text begins with, moving it behind them; -1 where there are none or too many. */
static int take_digits(const char **text, uint64_t *number)
{
	uint64_t sum = 0;

	if (!is_digit(**text))
		return -1;
	for (; is_digit(**text); (*text)++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(**text - '0'), &sum))
			return -1;
	*number = sum;
	return 0;
}

int number_from_text(const char *text, uint64_t most, uint64_t *number)
{
	uint64_t taken;

	if (take_digits(&text, &taken) < 0 || *text || taken > most)
		return -1;
	*number = taken;
	return 0;
}

int signed_from_text(const char *text, int64_t *number)
{
	bool negative = *text == '-';
	uint64_t taken;

	if (number_from_text(text + negative, INT64_MAX, &taken) < 0)
		return -1;
	*number = negative ? -(int64_t)taken : (int64_t)taken;
	return 0;
}

/* 12.34 as a number, the text moved behind it. Fractions are few digits: a double holds them. */
static int take_decimal(const char **text, double *number)
{
	uint64_t whole;
	double place = 1;

	if (take_digits(text, &whole) < 0)
		return -1;
	*number = (double)whole;
	if (**text != '.')
		return 0;
	if (!is_digit(*++*text))
		return -1;
	for (; is_digit(**text); (*text)++)
		*number += (**text - '0') * (place /= 10);
	return 0;
}

int size_from_text(const char *text, int64_t *bytes)
{
	static const char letters[] = "kmgtp";
	const char *letter;
	double number;

	if (signed_from_text(text, bytes) == 0) /* exact: a double ends at 2^53 */
		return *bytes >= -1 ? 0 : -1;
	if (take_decimal(&text, &number) < 0)
		return -1;
	if (*text == ' ')
		text++;
	letter = *text ? strchr(letters, *text | 0x20) : NULL;
	if (letter) {
		number *= (double)(1ULL << (10 * (letter - letters + 1)));
		text++;
	}
	if (letter && (*text | 0x20) == 'i')
		text++;
	if ((*text | 0x20) == 'b')
		text++;
	if (*text || number >= 0x1p63)
		return -1;
	*bytes = (int64_t)number;
	return 0;
}

/* The unit that text begins with, in milliseconds; 0: none. Longer names stand first. */
static double take_unit(const char **text)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {
		{ "ns", 1e-6 }, { "us", 1e-3 }, { "\302\265s", 1e-3 }, { "\316\274s", 1e-3 },
		{ "ms", 1 },    { "s", 1e3 },   { "m", 60e3 },         { "h", 3600e3 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t size = strlen(units[i].name);

		if (strncmp(*text, units[i].name, size) == 0) {
			*text += size;
			return units[i].ms;
		}
	}
	return 0;
}

int duration_from_text(const char *text, uint64_t *ms)
{
	double sum = 0, number, unit;

	if (strcmp(text, "0") == 0) {
		*ms = 0;
		return 0;
	}
	do {
		if (take_decimal(&text, &number) < 0)
			return -1;
		unit = take_unit(&text);
		if (unit <= 0)
			return -1;
		sum += number * unit;
	} while (*text);
	if (sum >= 0x1p53)
		return -1;
	*ms = sum > 0 && sum < 1 ? 1 : (uint64_t)sum;
	return 0;
}
