/* Paths below a container's root, in a tree that the input makes: folders, files and symlinks, one
 * a line, then the paths. What openat2(2) finds for support/path.c is what a walk step by step
 * finds. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "support/path.h"

#define NODES_MAX 20
#define LINKS_MAX 40

static void remove_tree(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_tree(fd, entry->d_name);
	if (folder)
		closedir(folder);
	CHECK(unlinkat(parent_fd, name, folder ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT,
	      "%s: %s", name, strerror(errno));
}

/* "d PATH", "f PATH" or "l PATH TARGET", made at its place without following anything. What can't
 * be made is not in the tree. */
static bool make_node(int root_fd, char *line)
{
	char kind = line[0], *path = line[0] ? line + 1 : line, *target = strchr(path, ' ');
	const char *name = path + strspn(path, "/");
	cleanup_close int fd = -1;

	if (target)
		*target++ = '\0';
	if (!*name || strstr(name, "..") || strlen(name) > 200)
		return false;
	if (kind == 'd')
		return mkdirat(root_fd, name, 0700) == 0;
	if (kind == 'l' && target)
		return symlinkat(target, root_fd, name) == 0;
	fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd >= 0;
}

struct walk {
	int fds[256]; /* the root, and the folders on the way */
	size_t depth;
	int links;
};

static bool walk_path(struct walk *walk, const char *path);

/* One name. True: *walk stands there. */
static bool step(struct walk *walk, const char *name, bool is_last)
{
	struct stat status;
	char target[4096];
	ssize_t length;
	int fd;

	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) { /* the root is its own parent, as in chroot(2) */
		if (walk->depth > 0)
			close(walk->fds[walk->depth--]);
		return true;
	}
	fd = openat(walk->fds[walk->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return false;
	if (S_ISLNK(status.st_mode)) {
		length = readlinkat(fd, "", target, sizeof(target) - 1);
		close(fd);
		if (length <= 0 || ++walk->links > LINKS_MAX)
			return false;
		target[length] = '\0';
		return walk_path(walk, target);
	}
	if ((!S_ISDIR(status.st_mode) && !is_last) || walk->depth == 254) {
		close(fd);
		return false;
	}
	walk->fds[++walk->depth] = fd;
	return true;
}

static bool is_folder(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool walk_path(struct walk *walk, const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *rest = copy, *name;

	CHECK(copy, "no memory");
	while (*path == '/' && walk->depth > 0)
		close(walk->fds[walk->depth--]);
	while ((name = strsep(&rest, "/"))) {
		if (!is_folder(walk->fds[walk->depth]))
			return false; /* "file/" and what is behind it */
		if (*name && !step(walk, name, !rest))
			return false;
	}
	return true;
}

static ino_t inode_of(int fd)
{
	struct stat status;

	CHECK(fstat(fd, &status) == 0, "%s", strerror(errno));
	return status.st_ino;
}

/* 0: there is none. */
static ino_t walked_to(int root_fd, const char *path)
{
	struct walk walk = { .fds = { root_fd } };
	bool found = *path && walk_path(&walk, path);
	ino_t inode = found ? inode_of(walk.fds[walk.depth]) : 0;

	while (walk.depth > 0)
		close(walk.fds[walk.depth--]);
	return inode;
}

static unsigned count_entries(int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fdopendir(fd);
	unsigned count = 0;

	CHECK(folder, "%s", strerror(errno));
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void check_path(int root_fd, const char *path)
{
	cleanup_close int fd = path_open_in_root(root_fd, path, O_PATH, 0), made_fd = -1;
	ino_t expected = walked_to(root_fd, path);

	CHECK((fd < 0 ? 0 : inode_of(fd)) == expected, "%s: %s, walked to %llu", path,
	      fd < 0 ? strerror(errno) : "found", (unsigned long long)expected);
	made_fd = path_make_directories(root_fd, path, 0700);
	if (made_fd >= 0)
		CHECK(is_folder(made_fd) && inode_of(made_fd) == walked_to(root_fd, path), "%s",
		      path);
	CHECK(count_entries(private_folder()) == 3, "%s: something is outside of the root", path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	cleanup_close int root_fd = -1;
	unsigned nodes = 0, fds;

	remove_tree(private_folder(), "root");
	fds = count_fds();
	CHECK(mkdirat(private_folder(), "root", 0700) == 0, "%s", strerror(errno));
	root_fd = openat(private_folder(), "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (input.left) {
		cleanup_free char *line = input_text(&input, '\n');

		if (line[0] == 'p' && strlen(line) < 1000)
			check_path(root_fd, line + 1);
		else if (nodes < NODES_MAX)
			nodes += make_node(root_fd, line);
	}
	CHECK(count_fds() == fds + 1, "an fd is left");
	return 0;
}
