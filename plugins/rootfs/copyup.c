/*
 * copyup.c: `tmpcopyup`: what the image has in a directory is copied into the tmpfs that covers it.
 *
 * The image is hostile: each name is looked at without following it, each file opened as what it
 * was seen to be, and depth and number have an end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "internal.h"

enum {
	DEPTH_MAX = 64,
	FILES_MAX = 1000000,
	CHUNK = 1 << 30, /* below the most that one sendfile(2) moves */
};

struct copy {
	const struct ironbox_stage *stage;
	struct ironbox_error *error;
	unsigned depth, files;
};

static void close_directory_at_end(DIR **directory)
{
	int saved = errno;

	if (*directory)
		closedir(*directory);
	errno = saved;
}

static int copy_directory(struct copy *copy, int from_fd, int to_fd);

static int failed(struct copy *copy, const char *what, const char *name)
{
	return copy->stage->host->fail(copy->error, errno, "%s %s", what, name);
}

/* Owner first: chown(2) takes set-id bits away. */
static int copy_status(struct copy *copy, int fd, const struct stat *status, const char *name)
{
	if (fchown(fd, status->st_uid, status->st_gid) < 0)
		return failed(copy, "set the owner of", name);
	if (fchmod(fd, status->st_mode & 07777) < 0)
		return failed(copy, "set the mode of", name);
	return 0;
}

/* File capabilities are the one attribute without which a program does not work. A tmpfs of
 * before Linux 6.6 takes no user attributes, so these alone are copied. */
static int copy_capabilities(struct copy *copy, int from_fd, int to_fd, const char *name)
{
	char value[64];
	ssize_t size = fgetxattr(from_fd, "security.capability", value, sizeof(value));

	if (size < 0)
		return errno == ENODATA || errno == EOPNOTSUPP
		               ? 0
		               : failed(copy, "read the capabilities of", name);
	if (fsetxattr(to_fd, "security.capability", value, (size_t)size, 0) < 0)
		return failed(copy, "set the capabilities of", name);
	return 0;
}

static int copy_file(struct copy *copy, int from_directory, int to_directory, const char *name)
{
	struct stat status;
	ssize_t moved;
	/* O_NONBLOCK: it may be a FIFO by now */
	cleanup_close int from_fd =
		openat(from_directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_close int to_fd = -1;

	if (from_fd < 0 || fstat(from_fd, &status) < 0)
		return failed(copy, "open", name);
	if (!S_ISREG(status.st_mode)) {
		errno = ESTALE;
		return failed(copy, "read", name);
	}
	to_fd = openat(to_directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	               0600);
	if (to_fd < 0)
		return failed(copy, "make", name);
	do
		moved = sendfile(to_fd, from_fd, NULL, CHUNK);
	while (moved > 0 || (moved < 0 && errno == EINTR));
	if (moved < 0)
		return failed(copy, "copy", name);
	return copy_status(copy, to_fd, &status, name) < 0
	               ? -1
	               : copy_capabilities(copy, from_fd, to_fd, name);
}

static int copy_link(struct copy *copy, int from_directory, int to_directory, const char *name,
                     const struct stat *status)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(from_directory, name, text, sizeof(text) - 1);

	if (length < 0)
		return failed(copy, "read the link", name);
	text[length] = '\0';
	if (symlinkat(text, to_directory, name) < 0 ||
	    fchownat(to_directory, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(copy, "make the link", name);
	return 0;
}

/* The mode of mknod(2) is exact: init's umask is 0. */
static int copy_node(struct copy *copy, int to_directory, const char *name,
                     const struct stat *status)
{
	if (mknodat(to_directory, name, status->st_mode, status->st_rdev) < 0 ||
	    fchownat(to_directory, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(copy, "make the node", name);
	return 0;
}

static int copy_below(struct copy *copy, int from_directory, int to_directory, const char *name)
{
	struct stat status;
	int result;
	cleanup_close int from_fd =
		openat(from_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int to_fd = -1;

	if (from_fd < 0 || fstat(from_fd, &status) < 0)
		return failed(copy, "open", name);
	if (mkdirat(to_directory, name, 0700) < 0)
		return failed(copy, "make", name);
	to_fd = openat(to_directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to_fd < 0)
		return failed(copy, "open", name);
	if (++copy->depth > DEPTH_MAX) {
		errno = ELOOP;
		return failed(copy, "go down into", name);
	}
	result = copy_directory(copy, from_fd, to_fd);
	copy->depth--;
	return result < 0 ? -1 : copy_status(copy, to_fd, &status, name);
}

static int copy_entry(struct copy *copy, int from_directory, int to_directory, const char *name)
{
	struct stat status;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (++copy->files > FILES_MAX) {
		errno = E2BIG;
		return failed(copy, "copy", name);
	}
	if (fstatat(from_directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(copy, "look at", name);
	switch (status.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_below(copy, from_directory, to_directory, name);
	case S_IFREG:
		return copy_file(copy, from_directory, to_directory, name);
	case S_IFLNK:
		return copy_link(copy, from_directory, to_directory, name, &status);
	default:
		return copy_node(copy, to_directory, name, &status);
	}
}

static int copy_directory(struct copy *copy, int from_fd, int to_fd)
{
	__attribute__((cleanup(close_directory_at_end))) DIR *directory = NULL;
	cleanup_close int copy_fd = fcntl(from_fd, F_DUPFD_CLOEXEC, 0);
	struct dirent *entry;

	if (copy_fd >= 0)
		directory = fdopendir(copy_fd);
	if (!directory)
		return failed(copy, "read", "the directory");
	steal_fd(&copy_fd);
	while ((errno = 0, entry = readdir(directory)) != NULL)
		if (copy_entry(copy, from_fd, to_fd, entry->d_name) < 0)
			return -1;
	return errno ? failed(copy, "read", "the directory") : 0;
}

int copy_up(const struct ironbox_stage *stage, int from_fd, int to_fd, struct ironbox_error *error)
{
	struct copy copy = { .stage = stage, .error = error };

	return copy_directory(&copy, from_fd, to_fd);
}
