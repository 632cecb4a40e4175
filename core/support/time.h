/* Times as texts. */
#ifndef IRONBOX_SUPPORT_TIME_H
#define IRONBOX_SUPPORT_TIME_H

#include <stdint.h>
#include <time.h>

#define TIME_TEXT_SIZE 40

/* "2026-11-23T22:35:09Z" (RFC 3339, UTC), with nine digits behind the seconds if asked. Without
 * gmtime_r(3), which opens /etc/localtime even for UTC: a file of the container's, in init. */
void time_format(char text[TIME_TEXT_SIZE], const struct timespec *time, int with_nanoseconds);

/* CLOCK_MONOTONIC in milliseconds, for deadlines. */
int64_t time_now_ms(void);

#endif
