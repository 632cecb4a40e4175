#include "stdio/open_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/path.h"
#include "support/quote.h"
#include "support/time.h"

#define CLIENT_LOOK_US 500

/* The file of an O_PATH fd: proc_pid_fd(5). */
static int open_found(int path_fd, int flags)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	return open(link, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int open_again(int path_fd, int flags, const char *path, struct ironbox_error *error)
{
	int fd = open_found(path_fd, flags);

	return fd < 0 ? error_begin(error, errno, "open %s", QUOTE(path)) : fd;
}

/* Until a client has the FIFO open for reading, or waits in its open(2): to write alone, it is not
 * opened before (fifo(7)). It is seen by the fd's being there, which has to live until there is
 * one for both ways: else what the client sees is an end of file. -1: nobody came. */
static int await_reader(int path_fd, int patience_ms)
{
	int64_t until = time_now_ms() + patience_ms;
	int fd;

	while ((fd = open_found(path_fd, O_WRONLY)) < 0 && errno == ENXIO && time_now_ms() < until)
		usleep(CLIENT_LOOK_US);
	return fd;
}

enum named open_named(const char *path, const struct wanted *wanted, int *fifo_fd, int *file_fd,
                      struct ironbox_error *error)
{
	cleanup_close int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), client_fd = -1;
	bool any = wanted->any;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		error_begin(error, errno, "open %s", QUOTE(path));
		return NAMED_FAILED;
	}
	if (S_ISFIFO(status.st_mode)) {
		if (wanted->patience_ms > 0)
			client_fd = await_reader(fd, wanted->patience_ms);
		*fifo_fd = open_again(fd, O_RDWR, path, error);
		return *fifo_fd < 0 ? NAMED_FAILED : NAMED_FIFO;
	}
	if (any && S_ISREG(status.st_mode)) {
		*file_fd = open_again(fd, O_WRONLY | O_APPEND, path, error);
		return *file_fd < 0 ? NAMED_FAILED : NAMED_FILE;
	}
	if (any && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3))
		return NAMED_NULL;
	error_begin(error, 0, "%s: %s", QUOTE(path),
	            S_ISLNK(status.st_mode) ? "a symbolic link, which is not followed"
	            : any                   ? "neither a FIFO nor a regular file"
	                                    : "not a FIFO");
	return NAMED_FAILED;
}

int open_named_fifo(const char *path, int *fifo_fd, struct ironbox_error *error)
{
	const struct wanted wanted = { .any = false };
	int none = -1;

	return open_named(path, &wanted, fifo_fd, &none, error) == NAMED_FIFO ? 0 : -1;
}

/* The folder's fd. */
static int make_folder(const char *path, size_t size, struct ironbox_error *error)
{
	cleanup_close int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char folder[PATH_MAX];
	int fd;

	memcpy(folder, path, size);
	folder[size] = '\0';
	fd = root_fd < 0 ? -1 : path_make_directories(root_fd, folder, 0755);
	return fd < 0 ? error_begin(error, errno, "make the folder %s", QUOTE(folder)) : fd;
}

int open_log_file(const char *path, struct ironbox_error *error)
{
	const char *name = strrchr(path, '/') + 1;
	cleanup_close int folder_fd = make_folder(path, (size_t)(name - path), error), fd = -1;
	struct stat status;

	if (folder_fd < 0)
		return -1;
	/* first seen, then opened: to open a device may do something already */
	if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(status.st_mode))
		return error_begin(error, 0, "%s: not a regular file", QUOTE(path));
	fd = openat(folder_fd, name,
	            O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
	            0644);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_begin(error, errno, "open %s", QUOTE(path));
	if (!S_ISREG(status.st_mode))
		return error_begin(error, 0, "%s: not a regular file", QUOTE(path));
	return steal_fd(&fd);
}
