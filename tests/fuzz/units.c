/* Numbers, sizes, durations and signals of a command line, against regular expressions and sums of
 * another kind. The first byte says which. */
#include <regex.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "cli/units.h"
#include "harness.h"
#include "support/signals.h"

static bool matches(const char *text, const char *pattern)
{
	regex_t compiled;
	int result;

	CHECK(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0, "%s", pattern);
	result = regexec(&compiled, text, 0, NULL, 0);
	regfree(&compiled);
	return result == 0;
}

/* In binary digits that are not lost: true, or more than any type holds. */
static bool sum_digits(const char *text, unsigned __int128 *sum)
{
	*sum = 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		*sum = *sum * 10 + (unsigned)(*text - '0');
		if (*sum >> 100)
			return false;
	}
	return true;
}

static void check_number(const char *text, uint64_t most)
{
	unsigned __int128 sum;
	uint64_t number = 0;
	bool right = matches(text, "^[0-9]+$") && sum_digits(text, &sum) && sum <= most;

	CHECK((number_from_text(text, most, &number) == 0) == right, "%s", text);
	CHECK(!right || number == sum, "%s is not %llu", text, (unsigned long long)number);
}

static void check_signed(const char *text)
{
	unsigned __int128 sum;
	int64_t number = 0;
	bool right = matches(text, "^-?[0-9]+$") && sum_digits(text + (*text == '-'), &sum) &&
	             sum <= INT64_MAX;

	CHECK((signed_from_text(text, &number) == 0) == right, "%s", text);
	CHECK(!right || number == (*text == '-' ? -(int64_t)sum : (int64_t)sum), "%s is not %lld",
	      text, (long long)number);
}

static long double decimal(const char **text)
{
	unsigned __int128 whole;
	long double number, place = 1;

	number = sum_digits(*text, &whole) && whole <= UINT64_MAX ? (long double)whole : 1e30L;
	*text += strspn(*text, "0123456789");
	if (**text == '.')
		for ((*text)++; **text >= '0' && **text <= '9'; (*text)++)
			number += (**text - '0') * (place /= 10);
	return number;
}

static bool is_near(long double one, long double other)
{
	long double distance = one > other ? one - other : other - one;

	return distance <= 1.001L + one * 1e-12L;
}

static void check_size(const char *text)
{
	static const char units[] = "kmgtp";
	const char *at = text, *unit;
	long double right;
	int64_t bytes = 0;

	if (matches(text, "^-?[0-9]+$")) {
		int64_t number = 0;
		bool fits = signed_from_text(text, &number) == 0 && number >= -1;

		CHECK((size_from_text(text, &bytes) == 0) == fits || *text != '-', "%s", text);
		CHECK(!fits || bytes == number, "%s is not %lld", text, (long long)bytes);
		return;
	}
	if (!matches(text, "^[0-9]+(\\.[0-9]+)? ?([kKmMgGtTpP][iI]?)?[bB]?$")) {
		CHECK(size_from_text(text, &bytes) < 0, "%s is taken", text);
		return;
	}
	right = decimal(&at);
	at += *at == ' ';
	unit = *at ? strchr(units, *at | 0x20) : NULL;
	for (size_t i = 0; unit && i <= (size_t)(unit - units); i++)
		right *= 1024;
	if (size_from_text(text, &bytes) < 0)
		CHECK(right >= 0x1p63L * 0.999999L, "%s is refused", text);
	else
		CHECK(bytes >= 0 && is_near((long double)bytes, right), "%s is not %lld", text,
		      (long long)bytes);
}

static long double unit_ms(const char **text)
{
	static const struct {
		const char *name;
		long double ms;
	} units[] = { { "ns", 1e-6L },        { "us", 1e-3L }, { "\302\265s", 1e-3L },
		      { "\316\274s", 1e-3L }, { "ms", 1 },     { "h", 3600000 },
		      { "m", 60000 },         { "s", 1000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strncmp(*text, units[i].name, strlen(units[i].name)) == 0) {
			*text += strlen(units[i].name);
			return units[i].ms;
		}
	return 0;
}

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* "0", or numbers with their units (a regular expression of it takes regexec(3) seconds). */
static bool is_duration(const char *text)
{
	if (strcmp(text, "0") == 0)
		return true;
	do {
		if (!digits(text))
			return false;
		text += digits(text);
		if (*text == '.') {
			if (!digits(text + 1))
				return false;
			text += 1 + digits(text + 1);
		}
		if (unit_ms(&text) <= 0)
			return false;
	} while (*text);
	return true;
}

static void check_duration(const char *text)
{
	const char *at = text;
	long double sum = 0, number;
	uint64_t ms = 0;

	if (!is_duration(text)) {
		CHECK(duration_from_text(text, &ms) < 0, "%s is taken", text);
		return;
	}
	while (*at && strcmp(text, "0") != 0) {
		number = decimal(&at);
		sum += number * unit_ms(&at);
	}
	if (duration_from_text(text, &ms) < 0)
		CHECK(sum >= 0x1p53L * 0.999999L, "%s is refused", text);
	else
		CHECK(is_near((long double)ms, sum) && (ms > 0 || sum <= 0), "%s is not %llu ms",
		      text, (unsigned long long)ms);
}

/* signal(7) on x86-64 and arm64 */
static const char *const signal_names[] = {
	"",     "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "POLL", "PWR",  "SYS",
};

static int signal_by_name(const char *text)
{
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int i = 1; i < 32; i++)
		if (strcasecmp(text, signal_names[i]) == 0)
			return i;
	if (strcasecmp(text, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(text, "IO") == 0)
		return SIGIO;
	return strcasecmp(text, "CLD") == 0 ? SIGCHLD : -1;
}

static void check_signal(const char *text)
{
	int number = signal_from_text(text), distance = 0;
	const char *sign = strpbrk(text, "+-");

	CHECK(number >= -1 && number <= 64, "%s is %d", text, number);
	if (matches(text, "^[0-9]{1,3}$")) {
		CHECK(number == (atoi(text) <= 64 ? atoi(text) : -1), "%s is %d", text, number);
	} else if (matches(text, "^([sS][iI][gG])?[rR][tT][mM]([iI][nN](\\+[0-9]{1,3})?|[aA][xX]"
	                         "(-[0-9]{1,3})?)$")) {
		distance = sign ? atoi(sign + 1) : 0;
		if (distance > SIGRTMAX - SIGRTMIN)
			CHECK(number == -1, "%s is %d", text, number);
		else if (strcasestr(text, "MIN"))
			CHECK(number == SIGRTMIN + distance, "%s is %d", text, number);
		else
			CHECK(number == SIGRTMAX - distance, "%s is %d", text, number);
	} else {
		CHECK(number == signal_by_name(text), "%s is %d", text, number);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t kind = input_choice(&input, 6);
	cleanup_free char *text = input_rest(&input);

	if (kind == 0)
		check_number(text, UINT32_MAX);
	else if (kind == 1)
		check_number(text, UINT64_MAX);
	else if (kind == 2)
		check_signed(text);
	else if (kind == 3)
		check_size(text);
	else if (kind == 4)
		check_duration(text);
	else
		check_signal(text);
	return 0;
}
