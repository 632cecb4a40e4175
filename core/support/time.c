#include "support/time.h"

#include <stdio.h>

/* The proleptic Gregorian calendar, counted from 0000-03-01: then leap days come last. */
static void date_of(int64_t days_since_1970, int *year, int *month, int *day)
{
	int64_t days = days_since_1970 + 719468; /* from 0000-03-01 to 1970-01-01 */
	int64_t era = days / 146097;             /* of 400 years */
	int64_t day_of_era = days % 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted_month = (5 * day_of_year + 2) / 153; /* 0 is March */

	*day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
	*month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

void time_format(char text[TIME_TEXT_SIZE], const struct timespec *time, int with_nanoseconds)
{
	int year, month, day, seconds = (int)(time->tv_sec % 86400);
	int length;

	date_of(time->tv_sec / 86400, &year, &month, &day);
	length = snprintf(text, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", year % 10000,
	                  month, day, seconds / 3600, seconds / 60 % 60, seconds % 60);
	if (with_nanoseconds)
		snprintf(text + length, (size_t)(TIME_TEXT_SIZE - length), ".%09ldZ",
		         time->tv_nsec);
	else
		snprintf(text + length, (size_t)(TIME_TEXT_SIZE - length), "Z");
}

int64_t time_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}
