#include "support/listen_fds.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#define LISTEN_FDS_MAX 4096

/* A decimal number and nothing else; -1 if it is not. */
static long number_of(const char *text)
{
	char *end;
	long number;

	if (!text || !isdigit((unsigned char)text[0]))
		return -1;
	number = strtol(text, &end, 10);
	return *end ? -1 : number;
}

uint32_t listen_fds_count(void)
{
	long count = number_of(getenv("LISTEN_FDS"));

	/* the launcher becomes the engine by execveat(2), which keeps the pid */
	if (count <= 0 || count > LISTEN_FDS_MAX || number_of(getenv("LISTEN_PID")) != getpid())
		return 0;
	return (uint32_t)count;
}
