/* images.c: the folder of the images, and the one of criu's log. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

#define INCOMPLETE   "ironbox.incomplete"
#define PARENT       "/parent" /* criu's link to the images that these ones go on from */
#define PARENTS_MOST 64        /* a pre-dump each */
#define LOG_TAIL     65536

/* Who can write the images can say what root's processes do. */
static int check(const struct ironbox_stage *stage, int fd, const char *path,
                 struct ironbox_error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return stage->host->fail(error, errno, "look at %s", path);
	if (status.st_uid != geteuid() || status.st_mode & 022)
		return stage->host->fail(error, 0, "%s: not a folder that only uid %u can write",
		                         path, geteuid());
	return 0;
}

/* All on which these images stand. folder_fd, of `path`, is checked already. */
static int check_parents(const struct ironbox_stage *stage, int folder_fd, const char *path,
                         struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	char parent[PATH_MAX + PARENTS_MOST * sizeof(PARENT)];
	size_t length = (size_t)snprintf(parent, PATH_MAX, "%s", path);

	if (length >= PATH_MAX)
		return stage->host->fail(error, ENAMETOOLONG, "%s", path);
	for (unsigned depth = 0; depth < PARENTS_MOST; depth++) {
		int parent_fd = openat(folder_fd, &PARENT[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		memcpy(parent + length, PARENT, sizeof(PARENT));
		length += strlen(PARENT);
		if (parent_fd < 0)
			return errno == ENOENT ? 0
			                       : stage->host->fail(error, errno,
			                                           "open the folder %s", parent);
		replace_fd(&fd, parent_fd);
		folder_fd = fd;
		if (check(stage, fd, parent, error) < 0)
			return -1;
	}
	return stage->host->fail(error, ELOOP, "%s", parent);
}

int images_check_parent(const struct ironbox_stage *stage, const struct images *images,
                        const char *path, struct ironbox_error *error)
{
	cleanup_close int fd = openat(images->image_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return stage->host->fail(error, errno, "open the folder %s", path);
	return check(stage, fd, path, error) < 0 ? -1 : check_parents(stage, fd, path, error);
}

static int open_folder(const struct ironbox_stage *stage, const char *path, bool make,
                       struct ironbox_error *error)
{
	cleanup_close int fd = -1;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return stage->host->fail(error, errno, "make the folder %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return stage->host->fail(error, errno, "open the folder %s", path);
	return check(stage, fd, path, error) < 0 ? -1 : steal_fd(&fd);
}

int images_open(const struct ironbox_stage *stage, struct images *images, bool make,
                struct ironbox_error *error)
{
	const char *image_path = option(stage, "ironbox.image_path");
	const char *work_path = option(stage, "ironbox.work_path");

	if (!image_path || !*image_path)
		return stage->host->fail(error, 0, "--image-path: empty");
	images->log = make ? "dump.log" : "restore.log";
	images->work_path = work_path && *work_path ? work_path : image_path;
	images->image_fd = open_folder(stage, image_path, make, error);
	if (images->image_fd < 0)
		return stage->host->context(error, "--image-path");
	/* callers name a folder for the log that nobody has made: containerd's BUNDLE/work */
	images->work_fd = open_folder(stage, images->work_path, true, error);
	if (images->work_fd < 0)
		return stage->host->context(error, "--work-path");
	if (!make && faccessat(images->image_fd, INCOMPLETE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return stage->host->fail(error, 0,
		                         "--image-path %s: its checkpoint did not come to its end "
		                         "(" INCOMPLETE ")",
		                         image_path);
	if (!make && check_parents(stage, images->image_fd, image_path, error) < 0)
		return stage->host->context(error, "--image-path");
	return 0;
}

static int open_again(const struct ironbox_stage *stage, int fd, struct ironbox_error *error)
{
	char link[32], path[PATH_MAX];
	struct stat before, now;
	cleanup_close int again_fd = -1;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	again_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (again_fd < 0 || fstat(fd, &before) < 0 || fstat(again_fd, &now) < 0)
		return stage->host->fail(error, errno, "open %s", path);
	if (before.st_dev != now.st_dev || before.st_ino != now.st_ino)
		return stage->host->fail(error, 0, "%s: another folder lies over it", path);
	return steal_fd(&again_fd);
}

int images_move(const struct ironbox_stage *stage, struct images *images, int mounts_fd,
                struct ironbox_error *error)
{
	cleanup_close int own_fd = -1, directory_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int work_fd;

	own_fd = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (own_fd < 0 || directory_fd < 0)
		return stage->host->fail(error, errno, "remember where we are");
	if (setns(mounts_fd, CLONE_NEWNS) < 0)
		return stage->host->fail(error, errno, "enter the mount namespace of the root");
	work_fd = open_again(stage, images->work_fd, error);
	replace_fd(&images->work_fd, work_fd);
	if (setns(own_fd, CLONE_NEWNS) < 0 || fchdir(directory_fd) < 0)
		return stage->host->fail(error, errno, "come back to the host's mount namespace");
	return work_fd < 0 ? -1 : 0;
}

int images_mark(const struct ironbox_stage *stage, const struct images *images,
                struct ironbox_error *error)
{
	cleanup_close int fd = openat(images->image_fd, INCOMPLETE,
	                              O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? stage->host->fail(error, errno, "make " INCOMPLETE) : 0;
}

int images_unmark(const struct ironbox_stage *stage, const struct images *images,
                  struct ironbox_error *error)
{
	if (unlinkat(images->image_fd, INCOMPLETE, 0) < 0)
		return stage->host->fail(error, errno, "remove " INCOMPLETE);
	return 0;
}

static bool is_wanted(const char *line, size_t size)
{
	return memmem(line, size, "Error", strlen("Error")) != NULL;
}

void images_last_error(const struct images *images, char *line, size_t size)
{
	cleanup_close int fd = openat(images->work_fd, images->log,
	                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *text = malloc(LOG_TAIL);
	struct stat status;
	size_t start, end;
	ssize_t got;

	line[0] = '\0';
	if (fd < 0 || !text || fstat(fd, &status) < 0)
		return;
	got = pread(fd, text, LOG_TAIL, status.st_size > LOG_TAIL ? status.st_size - LOG_TAIL : 0);
	for (end = got < 0 ? 0 : (size_t)got; end > 0; end = start) {
		start = end - 1;
		while (start > 0 && text[start - 1] != '\n')
			start--;
		if (is_wanted(text + start, end - start)) {
			snprintf(line, size, "%.*s", (int)(end - start), text + start);
			line[strcspn(line, "\n")] = '\0';
			return;
		}
	}
}

void images_close(struct images *images)
{
	ironbox_close_at_end(&images->image_fd);
	ironbox_close_at_end(&images->work_fd);
}
