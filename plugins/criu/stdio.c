/*
 * stdio.c: fds 0 to 2 of init, which its maker gave it: pipes, files and terminals of the outside.
 * Images hold their names; whoever restores has others in their place.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "internal.h"

#define DESCRIPTORS "descriptors.json"
#define KEY_SIZE    128

/* "mnt_id:\t31" of proc_pid_fdinfo(5); -1: not there. */
static int mount_of(const struct ironbox_stage *stage, int number, struct ironbox_error *error)
{
	char path[64], text[1024];
	cleanup_close int fd = -1;
	const char *line;
	ssize_t got;
	int mount;

	snprintf(path, sizeof(path), "%d/fdinfo/%d", stage->init_pid, number);
	fd = stage->host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got < 0)
		return -1;
	text[got] = '\0';
	line = strstr(text, "mnt_id:");
	return line && sscanf(line, "mnt_id:%d", &mount) == 1 ? mount : -1;
}

static char *read_all(const struct ironbox_stage *stage, const char *path,
                      struct ironbox_error *error)
{
	cleanup_close int fd = stage->host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	cleanup_free char *text = NULL;
	size_t size = 0, capacity = 1 << 20;
	ssize_t got;
	char *taken;

	text = fd < 0 ? NULL : malloc(capacity);
	if (!text)
		return NULL;
	while ((got = read(fd, text + size, capacity - 1 - size)) > 0)
		size += (size_t)got;
	if (got < 0)
		return NULL;
	text[size] = '\0';
	taken = text;
	text = NULL;
	return taken;
}

/* A line of proc_pid_mountinfo(5) begins with the mount's id. */
static bool is_inside(const char *mounts, int mount)
{
	char start[32];

	snprintf(start, sizeof(start), "\n%d ", mount);
	return strncmp(mounts, start + 1, strlen(start + 1)) == 0 || strstr(mounts, start);
}

static bool is_terminal(const struct stat *status)
{
	unsigned number = major(status->st_rdev);

	/* virtual consoles and serial lines, and both sides of pseudo terminals */
	return S_ISCHR(status->st_mode) && (number == 4 || (number >= 136 && number <= 143));
}

/* The key by which criu knows it. "": it is the container's own. */
static int make_key(const struct ironbox_stage *stage, int number, const char *mounts,
                    char key[KEY_SIZE], struct ironbox_error *error)
{
	char path[64], link[KEY_SIZE];
	struct stat status;
	ssize_t length;
	int mount;

	key[0] = '\0';
	/* a magic link, which open_proc does not follow; the pidfd says whose it is, and it is
	 * only looked at */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", stage->init_pid, number);
	length = readlink(path, link, sizeof(link) - 1);
	if (length < 0 || stat(path, &status) < 0)
		return errno == ENOENT ? 0 : stage->host->fail(error, errno, "look at %s", path);
	link[length] = '\0';
	if (S_ISFIFO(status.st_mode) && strncmp(link, "pipe:", 5) == 0) {
		snprintf(key, KEY_SIZE, "%s", link);
		return 0;
	}
	if (S_ISSOCK(status.st_mode))
		return 0; /* --ext-unix-sk */
	mount = mount_of(stage, number, error);
	if (mount < 0 || is_inside(mounts, mount))
		return 0;
	if (is_terminal(&status))
		snprintf(key, KEY_SIZE, "tty[%" PRIx64 ":%" PRIx64 "]", (uint64_t)status.st_rdev,
		         (uint64_t)status.st_dev);
	else
		snprintf(key, KEY_SIZE, "file[%x:%" PRIx64 "]", (unsigned)mount,
		         (uint64_t)status.st_ino);
	return 0;
}

static int write_keys(const struct ironbox_stage *stage, const struct images *images,
                      char keys[3][KEY_SIZE], struct ironbox_error *error)
{
	cleanup_close int fd = openat(images->image_fd, DESCRIPTORS,
	                              O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	/* runc's form; the keys have no character that JSON would escape */
	if (fd < 0 || dprintf(fd, "[\"%s\",\"%s\",\"%s\"]", keys[0], keys[1], keys[2]) < 0)
		return stage->host->fail(error, errno, "write " DESCRIPTORS);
	return 0;
}

int stdio_keep(const struct ironbox_stage *stage, struct request *request,
               const struct images *images, struct ironbox_error *error)
{
	cleanup_free char *mounts = NULL;
	char path[64], keys[3][KEY_SIZE];
	int i;

	snprintf(path, sizeof(path), "%d/mountinfo", stage->init_pid);
	mounts = read_all(stage, path, error);
	if (!mounts)
		return stage->host->fail(error, errno, "read /proc/%s", path);
	for (i = 0; i < 3; i++) {
		if (make_key(stage, i, mounts, keys[i], error) < 0)
			return -1;
		/* pipes need no word: their other end is outside, as criu sees by itself */
		if (keys[i][0] && strncmp(keys[i], "pipe:", 5) != 0 &&
		    request_external(stage, request, error, "%s", keys[i]) < 0)
			return -1;
	}
	return write_keys(stage, images, keys, error);
}

/* ["KEY","KEY","KEY"]: between each two quotes is a key, which may be empty. */
static bool split_keys(char *text, const char *keys[3])
{
	int i;

	strsep(&text, "\"");
	for (i = 0; i < 3; i++) {
		keys[i] = strsep(&text, "\"");
		if (!text)
			return false;
		strsep(&text, "\"");
	}
	return true;
}

int stdio_give(const struct ironbox_stage *stage, struct request *request,
               const struct images *images, struct ironbox_error *error)
{
	cleanup_close int fd = openat(images->image_fd, DESCRIPTORS,
	                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char text[4 * KEY_SIZE] = "";
	const char *keys[3];
	int i;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return stage->host->fail(error, errno, "read " DESCRIPTORS);
	if (!split_keys(text, keys))
		return stage->host->fail(error, 0, DESCRIPTORS " is not what a checkpoint writes");
	for (i = 0; i < 3; i++)
		if (*keys[i] && request_inherit(stage, request, i, error, "%s", keys[i]) < 0)
			return -1;
	return 0;
}
