/*
 * A file of the node's, which weakens what it is to protect if someone else can write it: so none
 * but root can, nor the folders that lead to it. What is checked is what is read: hence not the
 * engine's fact(), which looks the path up again. Symbolic links are not followed: their folders
 * would have to be root's alone, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "internal.h"

#define FILE_SIZE_MAX (1 << 20)
#define OVERFLOW_UID  65534 /* /proc/sys/kernel/overflowuid, which nobody changes */

static int fail(const struct ironbox_stage *stage, int code, const char *path, const char *what,
                struct ironbox_error *error)
{
	return stage->host->fail(error, code, "default_profile %s%s", path, what);
}

static int open_file(const struct ironbox_stage *stage, const char *path,
                     struct ironbox_error *error)
{
	/* O_NONBLOCK: a fifo in its place must not hold us */
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd;

	if (path[0] != '/')
		return fail(stage, 0, path, ": not an absolute path", error);
	fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd < 0 && errno == ELOOP)
		return fail(stage, 0, path,
		            ": it is a symbolic link or behind one, which is not followed", error);
	return fd < 0 ? fail(stage, errno, path, "", error) : fd;
}

/* Root's, or to an ordinary user his own. In a user namespace the host's root shows as nobody:
 * what we as root of it may not write to is not ours to give away. */
static bool has_trusted_owner(const char *path, const struct stat *status)
{
	if (status->st_uid == 0 || status->st_uid == geteuid())
		return true;
	return status->st_uid == OVERFLOW_UID && geteuid() == 0 &&
	       faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 && errno == EACCES;
}

/* Others may make files in a sticky folder such as /tmp, but not replace those of root. */
static bool is_trusted(const char *path, const struct stat *status)
{
	bool shared_folder = S_ISDIR(status->st_mode) && status->st_mode & S_ISVTX;

	return has_trusted_owner(path, status) && (shared_folder || !(status->st_mode & 022));
}

static int check_folders(const struct ironbox_stage *stage, const char *path,
                         struct ironbox_error *error)
{
	char folder[PATH_MAX];
	struct stat status;
	char *slash;

	if (strlen(path) >= sizeof(folder))
		return fail(stage, ENAMETOOLONG, path, "", error);
	memcpy(folder, path, strlen(path) + 1);
	while (folder[1] && (slash = strrchr(folder, '/'))) {
		slash[slash == folder] = '\0';
		if (stat(folder, &status) < 0)
			return stage->host->fail(error, errno, "default_profile %s: look at %s",
			                         path, folder);
		if (!is_trusted(folder, &status))
			return stage->host->fail(error, 0,
			                         "default_profile %s: others may write to %s", path,
			                         folder);
	}
	return 0;
}

static char *read_text(int fd)
{
	cleanup_free char *text = malloc(FILE_SIZE_MAX + 1);
	size_t size = 0;
	ssize_t got;

	if (!text)
		return NULL;
	while ((got = read(fd, text + size, FILE_SIZE_MAX + 1 - size)) != 0) {
		if (got < 0 && errno != EINTR)
			return NULL;
		size += got < 0 ? 0 : (size_t)got;
		if (size > FILE_SIZE_MAX) {
			errno = EFBIG;
			return NULL;
		}
	}
	text[size] = '\0';
	return strdup(text);
}

char *trusted_read(const struct ironbox_stage *stage, const char *path, struct ironbox_error *error)
{
	cleanup_close int fd = open_file(stage, path, error);
	struct stat status;
	char *text;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) < 0) {
		fail(stage, errno, path, "", error);
		return NULL;
	}
	if (!S_ISREG(status.st_mode)) {
		fail(stage, 0, path, ": not a regular file", error);
		return NULL;
	}
	if (!is_trusted(path, &status)) {
		fail(stage, 0, path, ": others may write it", error);
		return NULL;
	}
	if (check_folders(stage, path, error) < 0)
		return NULL;
	text = read_text(fd);
	if (!text)
		fail(stage, errno, path, ": read it", error);
	return text;
}
