/*
 * path.c: paths below the container's root. All of it is hostile: symlinks that lead out, names
 * that another container exchanges while we look (CVE-2021-30465, CVE-2024-45310). So the kernel
 * resolves, once, and what comes after goes by the fd.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

enum {
	RACES_MAX = 128, /* EAGAIN in a row, by renames elsewhere; a storm ends long before */
	LINKS_MAX = 40,  /* as the kernel's own limit, path_resolution(7) */
};

int path_at(int directory_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC), .resolve = resolve };
	int fd, races = 0;

	do
		fd = (int)syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++races < RACES_MAX)));
	return fd;
}

int path_in_root(int root_fd, const char *path, int flags)
{
	return path_at(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int path_without_links(int root_fd, const char *path, int flags)
{
	return path_at(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

bool is_on(int fd, unsigned long magic)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && (unsigned long)status.f_type == magic;
}

/* Slashes and names of "." lead nowhere. */
static const char *skip_nothing(const char *path)
{
	for (;;) {
		path += strspn(path, "/");
		if (path[0] != '.' || (path[1] != '/' && path[1]))
			return path;
		path++;
	}
}

const char *path_below(const char *path, const char *name)
{
	size_t length = strlen(name);

	path = skip_nothing(path);
	if (strncmp(path, name, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return skip_nothing(path + length);
}

/* Where path_make stands: in current_fd, whose path is done, with rest still to go. */
struct walk {
	int root_fd;
	int current_fd;
	int links;
	char done[PATH_MAX]; /* without symlinks; "" is the root */
	char rest[PATH_MAX];
};

static int walk_to(struct walk *walk, const char *path)
{
	int fd = path_without_links(walk->root_fd, *path ? path : ".", O_PATH | O_DIRECTORY);

	if (fd < 0)
		return -1;
	replace_fd(&walk->current_fd, fd);
	return 0;
}

static int walk_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	*(slash ? slash : walk->done) = '\0';
	return walk_to(walk, walk->done);
}

static int walk_into(struct walk *walk, int fd, const char *name)
{
	size_t length = strlen(walk->done), added = strlen(name);

	replace_fd(&walk->current_fd, fd);
	if (length + added + 2 > sizeof(walk->done)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (length > 0)
		walk->done[length++] = '/';
	memcpy(walk->done + length, name, added + 1);
	return 0;
}

/* A symlink's text goes in front of what is left of the path, and the walk goes on with both. */
static int walk_link(struct walk *walk, int link_fd)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(link_fd, "", text, sizeof(text));
	size_t rest = strlen(walk->rest);

	if (length < 0)
		return -1;
	if (length == 0 || ++walk->links > LINKS_MAX) {
		errno = ELOOP;
		return -1;
	}
	if ((size_t)length + 1 + rest + 1 > sizeof(walk->rest)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memmove(walk->rest + length + 1, walk->rest, rest + 1);
	memcpy(walk->rest, text, (size_t)length);
	walk->rest[length] = '/';
	if (text[0] != '/')
		return 0;
	walk->done[0] = '\0';
	return walk_to(walk, "");
}

/* The next name of the rest goes to name. false: there is none left. */
static bool walk_name(struct walk *walk, char name[NAME_MAX + 1], bool *last, int *code)
{
	size_t start = strspn(walk->rest, "/");
	size_t length = strcspn(walk->rest + start, "/");
	size_t next = start + length + strspn(walk->rest + start + length, "/");

	*code = length > NAME_MAX ? ENAMETOOLONG : 0;
	if (length == 0 || *code)
		return false;
	memcpy(name, walk->rest + start, length);
	name[length] = '\0';
	memmove(walk->rest, walk->rest + next, strlen(walk->rest + next) + 1);
	*last = !walk->rest[0];
	return true;
}

/* Makes the one that is missing. Its mode is ours, and not that of a setgid neighbour. */
static int make_one(int parent_fd, const char *name, bool directory)
{
	cleanup_close int fd = -1;

	if (directory) {
		if (mkdirat(parent_fd, name, 0755) < 0)
			return -1;
		fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	} else {
		fd = openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		            0755);
	}
	return fd < 0 || fchmod(fd, 0755) < 0 ? -1 : steal_fd(&fd);
}

/* One name further. */
static int walk_step(struct walk *walk, const char *name, bool last, bool directory)
{
	struct stat status;
	cleanup_close int fd = -1;

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0)
		return walk_up(walk);
	fd = path_at(walk->current_fd, name, O_PATH | O_NOFOLLOW,
	             RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	if (fd < 0 && errno == ENOENT)
		fd = make_one(walk->current_fd, name, directory || !last);
	if (fd < 0 && errno == EEXIST) /* somebody was faster, with whatever */
		fd = path_at(walk->current_fd, name, O_PATH | O_NOFOLLOW,
		             RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (S_ISLNK(status.st_mode))
		return walk_link(walk, fd);
	if (!S_ISDIR(status.st_mode) && !last) {
		errno = ENOTDIR;
		return -1;
	}
	return walk_into(walk, steal_fd(&fd), name) < 0 ? -1 : 0;
}

static int walk_and_make(struct walk *walk, bool directory)
{
	char name[NAME_MAX + 1];
	bool last;
	int code;

	while (walk_name(walk, name, &last, &code))
		if (walk_step(walk, name, last, directory) < 0)
			return -1;
	errno = code;
	return code ? -1 : 0;
}

/* Most often all but the last name is there. -1 where it is not, or where a link is in the way. */
static int make_last(int root_fd, const char *path, bool directory)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	char parent[PATH_MAX];
	cleanup_close int parent_fd = -1;

	if (!slash || !slash[1] || length + 2 > sizeof(parent))
		return -1;
	memcpy(parent, path, length);
	memcpy(parent + length, "/", 2);
	parent_fd = path_in_root(root_fd, parent, O_PATH | O_DIRECTORY);
	return parent_fd < 0 ? -1 : make_one(parent_fd, slash + 1, directory);
}

int path_make(int root_fd, const char *path, bool directory)
{
	struct walk walk;
	int fd = make_last(root_fd, path, directory);

	if (fd >= 0)
		return fd;
	if (strlen(path) >= sizeof(walk.rest)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	walk = (struct walk){ .root_fd = root_fd, .current_fd = -1 };
	memcpy(walk.rest, path, strlen(path) + 1);
	if (walk_to(&walk, "") == 0 && walk_and_make(&walk, directory) == 0)
		return walk.current_fd;
	ironbox_close_at_end(&walk.current_fd);
	return -1;
}
