/* Removes a cgroup and all below it: by fd, depth-first, however deep and wide. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "listing.h"
#include "path.h"
#include "processes.h"

#define NAP_MOST_MS 100u

static int remove_busy(int parent_fd, const char *name, uint64_t deadline);

int cgroup_remove_empty(int mount_fd, const char *path)
{
	const char *name;
	cleanup_close int parent_fd = cgroup_open_parent(mount_fd, path, &name);

	if (parent_fd >= 0 && unlinkat(parent_fd, name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOENT ? 0 : -1;
}

int cgroup_remove(const struct ironbox_stage *stage, int mount_fd, const char *path,
                  unsigned deadline_ms, struct ironbox_error *error)
{
	const char *name;
	cleanup_close int parent_fd = cgroup_open_parent(mount_fd, path, &name);
	cleanup_close int fd = -1;
	char left[256];
	int code;

	if (parent_fd < 0)
		return errno == ENOENT ? 0 : stage->host->fail(error, errno, "open above %s", path);
	/* the usual case: one call, the last process is long gone */
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
	    (errno == EBUSY && remove_busy(parent_fd, name, cgroup_now_ms() + deadline_ms) == 0))
		return 0;
	code = errno;
	fd = cgroup_open(parent_fd, name);
	cgroup_describe_process(stage, fd, left, sizeof(left), error);
	return stage->host->fail(error, code, "remove cgroup %s (%s in it)", path, left);
}

/* A directory of a cgroup that could not be removed: its name, and what it is known by later. */
struct child {
	char name[NAME_MAX + 1];
	ino_t inode;
};

/* Removes each child that can be removed at once. 0: no other is left; 1: the first that is left is
 * in *left; -1 with errno. One that has children or processes gives EBUSY. */
static int remove_children(int directory_fd, struct child *left)
{
	cleanup_listing DIR *listing = open_listing(directory_fd);
	const struct dirent *entry;
	int found = 0;

	if (!listing)
		return -1;
	while ((entry = next_directory(listing))) {
		if (unlinkat(directory_fd, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != EBUSY)
			return -1;
		if (found)
			continue;
		found = 1;
		left->inode = entry->d_ino;
		memcpy(left->name, entry->d_name, strlen(entry->d_name) + 1);
	}
	return found;
}

/* Leaves *fd for the directory above it and tells in *inode where it came from. */
static int step_up(int *fd, ino_t *inode)
{
	struct stat status;

	if (fstat(*fd, &status) < 0)
		return -1;
	*inode = status.st_ino;
	replace_fd(fd, openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return *fd < 0 ? -1 : 0;
}

/*
 * Down to where nothing is below, and up again. That holds one fd however deep a container nests:
 * ".." of a cgroup does not move (v2 has no rename, v1 none to another parent), and the way up has
 * as many steps as the way down. -1 with EBUSY: a process is in the way, or time is up.
 */
static int remove_below(int top_fd, uint64_t deadline)
{
	cleanup_close int fd = cgroup_open(top_fd, "/");
	struct child child;
	ino_t came_from = 0;
	size_t depth = 0;

	while (fd >= 0) {
		int left = remove_children(fd, &child);

		if (left < 0 || (left == 0 && depth == 0))
			return left;
		if (left && (child.inode == came_from || cgroup_now_ms() > deadline)) {
			errno = EBUSY; /* nothing is below it any more: it is a process */
			return -1;
		}
		if (left) {
			came_from = 0;
			depth++;
			replace_fd(&fd, cgroup_open(fd, child.name));
		} else {
			depth--;
			if (step_up(&fd, &came_from) < 0)
				return -1;
		}
	}
	return -1;
}

/* The last process may be on its way out, or the kernel still letting go of it: back off. */
static int remove_busy(int parent_fd, const char *name, uint64_t deadline)
{
	cleanup_close int fd = cgroup_open(parent_fd, name);

	for (unsigned nap = 1; fd >= 0; nap = nap < NAP_MOST_MS ? nap * 2 : NAP_MOST_MS) {
		if (remove_below(fd, deadline) == 0 &&
		    (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT))
			return 0;
		if (errno != EBUSY || cgroup_now_ms() >= deadline)
			return -1;
		cgroup_sleep_ms(nap);
	}
	return errno == ENOENT ? 0 : -1;
}
