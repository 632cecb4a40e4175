/*
 * What is being done, in words, in memory that outlives who does it: for who finds a verb hanging,
 * or dead. Two write, the runtime and the process that it makes, each into a half of its own; of
 * what one of them says the last word stands. Nothing is kept where there is no such memory.
 */
#ifndef IRONBOX_SUPPORT_PROGRESS_H
#define IRONBOX_SUPPORT_PROGRESS_H

#include <stddef.h>

enum { PROGRESS_SIZE = 256, PROGRESS_HALF = PROGRESS_SIZE / 2 };

/* "rootfs: setup" of these two, or the first alone if name is NULL; cut where the half ends. half
 * NULL: nothing is kept. */
void progress_write(char half[PROGRESS_HALF], const char *what, const char *name);

/* The half of the process that the runtime makes. */
static inline char *progress_inner(char *progress)
{
	return progress ? progress + PROGRESS_HALF : NULL;
}

/* "wait for init, which is at rootfs: setup"; "" if nobody said anything. The bytes may be written
 * at this moment, or be anyone's that the writers have become: they come out as one printable
 * line. */
void progress_read(const char progress[PROGRESS_SIZE], char *text, size_t size);

/* How what the runtime says begins where it can only wait for the other. */
#define PROGRESS_WAIT "wait for "

#endif
