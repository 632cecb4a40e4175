/* Small files, whole: bounded when read, never half there when written. */
#ifndef IRONBOX_SUPPORT_FILE_H
#define IRONBOX_SUPPORT_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Reads to the end, at most `most` bytes (else -1 with EFBIG). The text is malloc'ed and ends in a
 * NUL that *size does not count. */
char *file_read(int fd, size_t most, size_t *size);

/* write(2) until all is written. */
int file_write_all(int fd, const void *bytes, size_t size);

/* Writes a file without a name and then gives it that one, in the place of who has it: a reader
 * sees the old file, for a moment none, or the new one, and who is killed leaves no half of one. -1
 * with errno, and nothing is left. */
int file_replace(int directory_fd, const char *name, const void *bytes, size_t size, mode_t mode);

#endif
