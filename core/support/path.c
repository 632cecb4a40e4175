#include "support/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#define RACES_MAX    128 /* EAGAIN in a row; a rename storm ends long before */
#define SYMLINKS_MAX 40  /* as the kernel's own limit, path_resolution(7) */

int path_open(int directory_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		                .resolve = resolve };
	int fd, races = 0;

	if (flags & (O_CREAT | __O_TMPFILE))
		how.mode = mode;
	do
		fd = (int)syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++races < RACES_MAX)));
	return fd;
}

int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode)
{
	return path_open(root_fd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* Puts a symlink's text in the place of what was walked: done + link + rest, in `path`. */
static int splice_link(int root_fd, char path[PATH_MAX], size_t done, size_t end)
{
	char link[PATH_MAX], rest[PATH_MAX], walked[PATH_MAX];
	ssize_t length;
	int written;
	cleanup_close int link_fd = -1;

	memcpy(walked, path, end);
	walked[end] = '\0';
	strncpy(rest, path + end, sizeof(rest) - 1);
	rest[sizeof(rest) - 1] = '\0';
	link_fd = path_open(root_fd, walked, O_PATH | O_NOFOLLOW, 0,
	                    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	if (link_fd < 0)
		return -1;
	length = readlinkat(link_fd, "", link, sizeof(link) - 1);
	if (length < 0)
		return -1;
	link[length] = '\0';
	if (length == 0 || (size_t)length + strlen(rest) + done + 2 > PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (link[0] == '/')
		done = 0;
	memmove(path + done, link, (size_t)length);
	written = (int)((size_t)length + done);
	memcpy(path + written, rest, strlen(rest) + 1);
	return 0;
}

/* Makes one component, and says whether what stands there is a symlink to nowhere. */
static int make_one(int root_fd, char path[PATH_MAX], size_t start, size_t end, mode_t mode,
                    int *links)
{
	char parent[PATH_MAX], leaf[NAME_MAX + 1];
	struct stat status;
	cleanup_close int parent_fd = -1;

	if (end - start > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(leaf, path + start, end - start);
	leaf[end - start] = '\0';
	memcpy(parent, path, start);
	memcpy(parent + start, ".", 2); /* never empty, and the slash before it is harmless */
	parent_fd = path_open_in_root(root_fd, parent, O_PATH | O_DIRECTORY, 0);
	if (parent_fd < 0)
		return -1;
	if (mkdirat(parent_fd, leaf, mode) == 0)
		return 0;
	if (errno != EEXIST || fstatat(parent_fd, leaf, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISDIR(status.st_mode)) /* somebody else made it since we looked */
		return 0;
	if (!S_ISLNK(status.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	if (++*links > SYMLINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	return splice_link(root_fd, path, start, end) < 0 ? -1 : 1;
}

int path_make_directories(int root_fd, const char *path, mode_t mode)
{
	char walk[PATH_MAX] = { 0 }, saved;
	size_t start = 0, end;
	int fd, made, links = 0;

	fd = path_open_in_root(root_fd, path, O_PATH | O_DIRECTORY, 0);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (strlen(path) >= sizeof(walk)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(walk, path, strlen(path) + 1);
	for (;;) {
		while (walk[start] == '/')
			start++;
		if (!walk[start])
			return path_open_in_root(root_fd, path, O_PATH | O_DIRECTORY, 0);
		end = start + strcspn(walk + start, "/");
		saved = walk[end];
		walk[end] = '\0';
		fd = path_open_in_root(root_fd, walk, O_PATH | O_DIRECTORY, 0);
		walk[end] = saved;
		if (fd >= 0) {
			close(fd);
			start = end;
			continue;
		}
		if (errno != ENOENT)
			return -1;
		made = make_one(root_fd, walk, start, end, mode, &links);
		if (made < 0)
			return -1;
		start = made == 1 ? 0 : end; /* a link was put in: walk anew from the root */
	}
}
