/*
 * What may tell a runtime with root's rights what to do: files and folders that nobody but root can
 * change. To an ordinary user his own are as good: what they make of the runtime they do by his
 * rights, which he has without it. A folder is checked by its path, from / downwards: once a folder
 * is found to be root's alone, what its entries are can't change behind our back any more, so
 * neither fds nor a second look are needed. That costs one newfstatat(2) a folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "config/config.h"
#include "support/file.h"

#define OVERFLOW_UID     65534 /* /proc/sys/kernel/overflowuid, which nobody changes */
#define SYMLINKS_MAX     40    /* path_resolution(7) */
#define UID_MAP_SIZE_MAX 16384

/* Whether root of the user namespace around ours is nobody in ours, so that its files show the
 * overflow uid. Second number of each line of uid_map: see user_namespaces(7). */
static bool outer_root_is_unmapped(void)
{
	cleanup_close int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	cleanup_free char *text = NULL;
	size_t size;

	text = fd < 0 ? NULL : file_read(fd, UID_MAP_SIZE_MAX, &size);
	for (char *line = text; line && *line; line = strchr(line, '\n') + 1) {
		char *outside;

		strtoul(line, &outside, 10);
		if (strtoul(outside, NULL, 10) == 0)
			return false;
		if (!strchr(line, '\n'))
			break;
	}
	return text != NULL;
}

/* at, path and flags as fstatat(2) takes them. */
static int check_inode(int at, const char *path, int flags, const struct stat *status,
                       const char *what, struct ironbox_error *error)
{
	/* others may add files in a sticky folder such as /tmp, but not replace those of root */
	bool sticky = S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX);

	if (status->st_uid != 0 && status->st_uid != geteuid()) {
		if (status->st_uid != OVERFLOW_UID || !outer_root_is_unmapped())
			return error_begin(error, 0, "%s: owned by user %u and not by root%s", what,
			                   status->st_uid, geteuid() ? " or by us" : "");
		if (!sticky && faccessat(at, path, W_OK, AT_EACCESS | flags) == 0)
			return error_begin(error, 0, "%s: not root's, as we may write to it", what);
	}
	if ((status->st_mode & (S_IWGRP | S_IWOTH)) && !sticky)
		return error_begin(error, 0, "%s: others than root may write to it (mode %04o)",
		                   what, status->st_mode & 07777);
	return 0;
}

int config_check_trusted(int fd, const char *what, struct ironbox_error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_begin(error, errno, "stat %s", what);
	return check_inode(fd, "", AT_EMPTY_PATH, &status, what, error);
}

/* A walk along a path: `done` is known to be root's and has no symlinks, `left` is to come. */
struct walk {
	char done[PATH_MAX], left[PATH_MAX];
	unsigned symlinks;
};

static int fail_walk(const struct walk *walk, int code, struct ironbox_error *error)
{
	return error_begin(error, code, "check who may write to %s",
	                   *walk->done ? walk->done : "/");
}

/* Puts a text in front of what is left. False: too long. */
static bool prepend(struct walk *walk, const char *text, size_t size)
{
	size_t left = strlen(walk->left);

	if (size + 1 + left >= sizeof(walk->left))
		return false;
	memmove(walk->left + size + 1, walk->left, left + 1);
	memcpy(walk->left, text, size);
	walk->left[size] = '/';
	return true;
}

/* Moves the first name of what is left to name. False: none is left. */
static bool take_name(struct walk *walk, char name[NAME_MAX + 1], bool *too_long)
{
	const char *start = walk->left + strspn(walk->left, "/");
	size_t size = strcspn(start, "/");

	*too_long = size > NAME_MAX || strlen(walk->done) + 1 + size >= sizeof(walk->done);
	if (!size || *too_long)
		return false;
	memcpy(name, start, size);
	name[size] = '\0';
	memmove(walk->left, start + size, strlen(start + size) + 1);
	return true;
}

/* Goes on at the target of the symlink that `done` has become. */
static int follow(struct walk *walk, struct ironbox_error *error)
{
	char target[PATH_MAX];
	ssize_t size = readlink(walk->done, target, sizeof(target));

	if (size < 0)
		return fail_walk(walk, errno, error);
	if (++walk->symlinks > SYMLINKS_MAX)
		return fail_walk(walk, ELOOP, error);
	if (!prepend(walk, target, (size_t)size))
		return fail_walk(walk, ENAMETOOLONG, error);
	*(target[0] == '/' ? walk->done : strrchr(walk->done, '/')) = '\0';
	return 0;
}

/* Checks what `done` names. */
static int check_done(struct walk *walk, struct ironbox_error *error)
{
	const char *path = *walk->done ? walk->done : "/";
	struct stat status;
	bool link;

	if (fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_walk(walk, errno, error);
	link = S_ISLNK(status.st_mode);
	if (link)
		status.st_mode = S_IFLNK; /* its permission bits mean nothing */
	if (check_inode(AT_FDCWD, path, link ? AT_SYMLINK_NOFOLLOW : 0, &status, path, error) < 0)
		return -1;
	return link ? follow(walk, error) : 0;
}

static int step(struct walk *walk, const char *name, struct ironbox_error *error)
{
	size_t done = strlen(walk->done);

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		if (done)
			*strrchr(walk->done, '/') = '\0'; /* checked on the way here */
		return 0;
	}
	walk->done[done] = '/';
	memcpy(walk->done + done + 1, name, strlen(name) + 1);
	return check_done(walk, error);
}

int config_check_trusted_path(const char *path, struct ironbox_error *error)
{
	struct walk walk = { .symlinks = 0 };
	char name[NAME_MAX + 1], here[PATH_MAX];
	bool too_long;

	if (!prepend(&walk, path, strlen(path)))
		return error_begin(error, ENAMETOOLONG, "check who may write to %.80s", path);
	if (path[0] != '/' && (!getcwd(here, sizeof(here)) || !prepend(&walk, here, strlen(here))))
		return error_begin(error, errno, "check who may write to %s", path);
	if (check_done(&walk, error) < 0)
		return -1;
	while (take_name(&walk, name, &too_long))
		if (step(&walk, name, error) < 0)
			return -1;
	return too_long ? fail_walk(&walk, ENAMETOOLONG, error) : 0;
}
