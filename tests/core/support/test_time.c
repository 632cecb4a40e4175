/* Dates without gmtime_r(3), against a table and against gmtime_r(3). */
#include "support.h"

#include "support/time.h"

static const struct date {
	const char *text;
	int64_t seconds;
	long nanoseconds;
} dates[] = {
	{ "1970-01-01T00:00:00.000000000Z", 0, 0 },
	{ "1970-01-01T00:00:00.000000001Z", 0, 1 },
	{ "1972-02-29T23:59:59.999999999Z", 68255999, 999999999 },
	{ "1999-12-31T23:59:59.000000000Z", 946684799, 0 },
	{ "2000-02-29T00:00:00.000000000Z", 951782400, 0 }, /* a century that leaps */
	{ "2000-03-01T00:00:00.000000000Z", 951868800, 0 },
	{ "2024-02-29T12:00:00.120000000Z", 1709208000, 120000000 },
	{ "2024-12-31T00:00:00.000000000Z", 1735603200, 0 },
	{ "2038-01-19T03:14:08.000000000Z", 2147483648, 0 }, /* 32 bits end */
	{ "2100-02-28T23:59:59.000000000Z", 4107542399, 0 }, /* a century that does not */
	{ "2100-03-01T00:00:00.000000000Z", 4107542400, 0 },
	{ "9999-12-31T23:59:59.000000000Z", 253402300799, 0 },
};

static void dates_of_the_table(void **state)
{
	char text[TIME_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct timespec time = { dates[i].seconds, dates[i].nanoseconds };

		time_format(text, &time, 1);
		assert_string_equal(text, dates[i].text);
		time_format(text, &time, 0);
		assert_memory_equal(text, dates[i].text, 19);
		assert_string_equal(text + 19, "Z");
	}
}

static void each_day_of_four_centuries(void **state)
{
	char text[TIME_TEXT_SIZE], expected[TIME_TEXT_SIZE];
	struct tm fields;

	(void)state;
	for (int64_t day = 0; day < 146097; day++) {
		struct timespec time = { day * 86400 + day % 86400, 0 };

		assert_non_null(gmtime_r(&time.tv_sec, &fields));
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &fields);
		time_format(text, &time, 0);
		assert_string_equal(text, expected);
	}
}

static void a_deadline_is_ahead(void **state)
{
	int64_t before = time_now_ms();
	struct timespec pause = { 0, 20000000 };

	(void)state;
	nanosleep(&pause, NULL);
	assert_true(time_now_ms() - before >= 19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_of_the_table),
		cmocka_unit_test(each_day_of_four_centuries),
		cmocka_unit_test(a_deadline_is_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
