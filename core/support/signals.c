/* The names are libc's own, and three that signal(7) has beside them. */
#include "support/signals.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define SIGNAL_LAST 64 /* of Linux on all that we build for; SIGRTMAX leaves none out */

/* The number that the text is, decimal and nothing else, or -1. */
static int small_number(const char *text)
{
	int number = 0;

	if (!*text || strlen(text) > 3)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		number = number * 10 + (*text - '0');
	}
	return number;
}

/* "" is the base itself; "+3" or "-3", by the sign, so many beside it. */
static int realtime(int base, char sign, const char *text)
{
	int distance = 0;

	if (*text)
		distance = *text == sign ? small_number(text + 1) : -1;
	if (distance < 0 || distance > SIGRTMAX - SIGRTMIN)
		return -1;
	return sign == '+' ? base + distance : base - distance;
}

static int named(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} others[] = { { "IOT", SIGABRT }, { "IO", SIGIO }, { "CLD", SIGCHLD } };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasecmp(name, others[i].name) == 0)
			return others[i].number;
	for (int number = 1; number < SIGRTMIN; number++) {
		const char *abbreviation = sigabbrev_np(number); /* glibc 2.32 */

		if (abbreviation && strcasecmp(name, abbreviation) == 0)
			return number;
	}
	return -1;
}

int signal_from_text(const char *text)
{
	int number = small_number(text);

	if (number >= 0)
		return number <= SIGNAL_LAST ? number : -1; /* 0 sends nothing, and asks: kill(2) */
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return realtime(SIGRTMIN, '+', text + 5);
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return realtime(SIGRTMAX, '-', text + 5);
	return named(text);
}
