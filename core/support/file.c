#include "support/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

/* What to read at first: a regular file's size tells, others (procfs: 0) grow as they come. */
static size_t first_capacity(int fd, size_t most)
{
	struct stat status;

	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
	    (size_t)status.st_size <= most)
		return (size_t)status.st_size +
		       1; /* the byte more finds the end in the same read */
	return most < 4096 ? most + 1 : 4096;
}

char *file_read(int fd, size_t most, size_t *size)
{
	size_t capacity = first_capacity(fd, most), length = 0;
	cleanup_free char *text = malloc(capacity + 1);
	char *result;
	ssize_t got;

	while (text) {
		got = read(fd, text + length, capacity - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return NULL;
		length += (size_t)got;
		if (got == 0)
			break;
		if (length > most) {
			errno = EFBIG;
			return NULL;
		}
		if (length == capacity) {
			char *grown = realloc(text, capacity * 2 + 1);

			if (!grown)
				return NULL;
			text = grown;
			capacity *= 2;
		}
	}
	if (!text)
		return NULL;
	text[length] = '\0';
	*size = length;
	result = text;
	text = NULL;
	return result;
}

int file_write_all(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t written = write(fd, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

/* Where a file system knows no files without a name (NFS). */
static int replace_by_rename(int directory_fd, const char *name, const void *bytes, size_t size,
                             mode_t mode)
{
	char temporary[256];
	cleanup_close int fd = -1;
	int saved;

	snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());
	fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            mode);
	if (fd < 0)
		return -1;
	if (file_write_all(fd, bytes, size) == 0 &&
	    renameat(directory_fd, temporary, directory_fd, name) == 0)
		return 0;
	saved = errno;
	unlinkat(directory_fd, temporary, 0); /* the write's error is the one that matters */
	errno = saved;
	return -1;
}

int file_replace(int directory_fd, const char *name, const void *bytes, size_t size, mode_t mode)
{
	cleanup_close int fd = openat(directory_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	char self[64];

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return replace_by_rename(directory_fd, name, bytes, size, mode);
	if (fd < 0 || file_write_all(fd, bytes, size) < 0)
		return -1;
	/* as open(2) says for O_TMPFILE: by fd alone it takes CAP_DAC_READ_SEARCH */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, directory_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST || unlinkat(directory_fd, name, 0) < 0)
		return -1;
	return linkat(AT_FDCWD, self, directory_fd, name, AT_SYMLINK_FOLLOW);
}
