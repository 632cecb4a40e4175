#include "support/progress.h"

#include <stdio.h>
#include <string.h>

/* Whoever reads at this moment finds an end: the byte behind comes first. */
static size_t put(char *half, size_t at, const char *text)
{
	size_t length = strlen(text);

	if (length > PROGRESS_HALF - 1 - at)
		length = PROGRESS_HALF - 1 - at;
	half[at + length] = '\0';
	memcpy(half + at, text, length);
	return at + length;
}

void progress_write(char half[PROGRESS_HALF], const char *what, const char *name)
{
	size_t at;

	if (!half)
		return;
	at = put(half, 0, what);
	if (name)
		put(half, put(half, at, ": "), name);
}

static void take(const char *half, char text[PROGRESS_HALF])
{
	size_t i;

	for (i = 0; i < PROGRESS_HALF - 1 && half[i]; i++)
		text[i] = (unsigned char)half[i] < ' ' || half[i] == 0x7f ? '?' : half[i];
	text[i] = '\0';
}

void progress_read(const char progress[PROGRESS_SIZE], char *text, size_t size)
{
	char outer[PROGRESS_HALF], inner[PROGRESS_HALF];

	take(progress, outer);
	take(progress + PROGRESS_HALF, inner);
	if (*inner && strncmp(outer, PROGRESS_WAIT, strlen(PROGRESS_WAIT)) == 0)
		snprintf(text, size, "%s, which is at %s", outer, inner);
	else
		snprintf(text, size, "%s", outer);
}
