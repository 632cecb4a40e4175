#include "lifecycle/explain_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/path.h"

#define SYMLINKS_MAX 40   /* as the kernel's own limit, path_resolution(7) */
#define OPENS_MAX    1000 /* an image can make a walk long; nothing here is worth more */

/* A path on its way from link to link. */
struct walk {
	char path[PATH_MAX]; /* what links say is put in */
	size_t start, end;   /* the component that can't be opened */
	unsigned opens, links;
	char link[PATH_MAX];     /* the first symlink that led astray; "": none */
	char target[PATH_MAX];   /* what it says */
	char aimed_at[PATH_MAX]; /* where that is */
};

static int open_path(const char *path, int flags)
{
	/* as find_program does it: /proc/self/fd may lead out of the container (CVE-2024-21626) */
	return path_open(AT_FDCWD, path, O_PATH | flags, 0, RESOLVE_NO_MAGICLINKS);
}

/* Opens what leads to `end`, which may be "" for the working directory. */
static int open_until(struct walk *walk, size_t end, int flags)
{
	char saved = walk->path[end];
	int fd;

	walk->path[end] = '\0';
	fd = open_path(end ? walk->path : ".", flags);
	walk->path[end] = saved;
	return fd;
}

/* Goes on from walk->start to the first component that can't be opened: its errno; 0: there is
 * none, or too many. */
static int find_bad_component(struct walk *walk)
{
	for (;;) {
		cleanup_close int fd = -1;

		while (walk->path[walk->start] == '/')
			walk->start++;
		if (!walk->path[walk->start] || ++walk->opens > OPENS_MAX)
			return 0;
		walk->end = walk->start + strcspn(walk->path + walk->start, "/");
		fd = open_until(walk, walk->end, 0);
		if (fd < 0)
			return errno;
		walk->start = walk->end;
	}
}

/* Puts the link's text in its place. False: that does not fit. */
static bool splice_link(struct walk *walk, const char *target)
{
	size_t done = target[0] == '/' ? 0 : walk->start, length = strlen(target);
	char rest[PATH_MAX];

	memcpy(rest, walk->path + walk->end, strlen(walk->path + walk->end) + 1);
	if (done + length + strlen(rest) >= PATH_MAX)
		return false;
	if (!walk->links++) {
		memcpy(walk->link, walk->path, walk->end);
		memcpy(walk->target, target, length + 1);
		memcpy(walk->aimed_at, walk->path, done);
		memcpy(walk->aimed_at + done, target, length + 1);
	}
	memcpy(walk->path + done, target, length);
	memcpy(walk->path + done + length, rest, strlen(rest) + 1);
	walk->start = done;
	return true;
}

static void set_subject(struct finding *finding, const struct walk *walk, size_t end)
{
	if (end == 0) { /* what a relative path begins at */
		memcpy(finding->subject, walk->path[0] == '/' ? "/" : ".", 2);
		return;
	}
	memcpy(finding->subject, walk->path, end);
	finding->subject[end] = '\0';
}

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)    ? "directory"
	       : S_ISREG(mode)  ? "regular file"
	       : S_ISFIFO(mode) ? "FIFO"
	       : S_ISSOCK(mode) ? "socket"
	       : S_ISCHR(mode)  ? "character device"
	       : S_ISBLK(mode)  ? "block device"
	                        : "symlink";
}

static void tell_rights(struct finding *finding, const char *verb, const struct stat *status)
{
	/* no user: then these tell who it is that files are opened as, see process_look_up */
	unsigned uid = (unsigned)setfsuid((uid_t)-1), gid = (unsigned)setfsgid((gid_t)-1);

	snprintf(finding->predicate, sizeof(finding->predicate),
	         "may not be %s by uid %u, gid %u (mode %04o, owner %u:%u)", verb, uid, gid,
	         status->st_mode & 07777, status->st_uid, status->st_gid);
}

/* The directory before the bad component: it is none, or may not be searched. */
static bool tell_parent(struct finding *finding, struct walk *walk)
{
	size_t end = walk->start;
	cleanup_close int fd = -1;
	struct stat status;

	while (end > 0 && walk->path[end - 1] == '/')
		end--;
	set_subject(finding, walk, end);
	fd = open_path(finding->subject, 0);
	if (fd < 0 || fstat(fd, &status) < 0)
		return false;
	if (finding->code == EACCES)
		tell_rights(finding, "searched", &status);
	else
		snprintf(finding->predicate, sizeof(finding->predicate), "is a %s",
		         kind_of(status.st_mode));
	return true;
}

/* The whole path is, and so may be a folder on the way to it. */
static void tell_missing(struct finding *finding, const struct walk *walk)
{
	char first[PATH_MAX];

	memcpy(first, finding->subject, sizeof(first));
	snprintf(finding->predicate, sizeof(finding->predicate), "is not in the image");
	if (!strcmp(first, walk->aimed_at) || !strcmp(first, walk->path))
		return;
	memcpy(finding->subject, walk->path, sizeof(finding->subject));
	snprintf(finding->predicate, sizeof(finding->predicate), "is not in the image, nor is %s",
	         QUOTE(first));
}

static bool tell_component(struct finding *finding, struct walk *walk)
{
	set_subject(finding, walk, walk->end);
	switch (finding->code) {
	case ENOENT:
		tell_missing(finding, walk);
		return true;
	case ENAMETOOLONG:
		snprintf(finding->predicate, sizeof(finding->predicate),
		         "has a name of more than %d bytes", NAME_MAX);
		return true;
	case ENOTDIR:
	case EACCES:
		return tell_parent(finding, walk);
	default:
		return false;
	}
}

static bool tell_link(struct finding *finding, const struct walk *walk, const char *what)
{
	set_subject(finding, walk, walk->end);
	finding->code = ELOOP;
	snprintf(finding->predicate, sizeof(finding->predicate), "%s", what);
	return true;
}

/* What is wrong on the way: false when all can be opened, or nothing can be said. */
static bool find_bad_way(struct finding *finding, struct walk *walk)
{
	while ((finding->code = find_bad_component(walk)) != 0) {
		cleanup_close int fd = open_until(walk, walk->end, O_NOFOLLOW);
		char target[PATH_MAX];
		struct statfs system;
		ssize_t length;

		if (fd < 0)
			return errno == finding->code && tell_component(finding, walk);
		length = readlinkat(fd, "", target, sizeof(target) - 1);
		if (length <= 0) /* it is no symlink, or is one no more */
			return false;
		target[length] = '\0';
		if (finding->code == ELOOP && fstatfs(fd, &system) == 0 &&
		    system.f_type == PROC_SUPER_MAGIC)
			return tell_link(finding, walk,
			                 "is a magic link of proc(5), and such are not followed");
		if (walk->links >= SYMLINKS_MAX)
			return tell_link(
				finding, walk,
				"is a symlink that leads round in a circle, or through more "
				"than 40 others");
		if (!splice_link(walk, target))
			return false;
	}
	return false;
}

void explain_join(char out[PREDICATE_MAX], const char *clause, const char *about,
                  const struct finding *finding)
{
	bool same = !strcmp(about, finding->subject);
	size_t end = PREDICATE_MAX - sizeof("…");

	if (snprintf(out, PREDICATE_MAX, "%s, %s%s %s", clause, same ? "which" : "and ",
	             same ? "" : QUOTE(finding->subject), finding->predicate) < PREDICATE_MAX)
		return;
	while ((out[end] & 0xc0) == 0x80) /* not within a sequence of UTF-8 */
		end--;
	memcpy(out + end, "…", sizeof("…"));
}

/* The sentence begins with the link that led there. */
static void tell_way_by_link(struct finding *finding, const struct walk *walk)
{
	char clause[QUOTED_MAX + 32], joined[PREDICATE_MAX];

	if (!walk->link[0])
		return;
	snprintf(clause, sizeof(clause), "is a symlink to %s", QUOTE(walk->target));
	if (finding->code == ELOOP && !strcmp(walk->link, finding->subject))
		return;
	explain_join(joined, clause, walk->aimed_at, finding);
	memcpy(finding->subject, walk->link, sizeof(finding->subject));
	memcpy(finding->predicate, joined, sizeof(finding->predicate));
}

/* The mount point on the way to the file, or "": what stands before the last symlink may not be in
 * the path. STATX_ATTR_MOUNT_ROOT: Linux 5.8. */
static void find_mount(char point[PATH_MAX], const char *path, int fd)
{
	size_t end = 0;
	struct statx file, status;
	unsigned opens = 0;

	point[0] = '\0';
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &file) < 0)
		return;
	while (path[end] && ++opens < OPENS_MAX) {
		char prefix[PATH_MAX];
		cleanup_close int prefix_fd = -1;

		end += strspn(path + end, "/");
		end += strcspn(path + end, "/");
		memcpy(prefix, path, end);
		prefix[end] = '\0';
		prefix_fd = open_path(prefix, 0);
		if (prefix_fd >= 0 &&
		    statx(prefix_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) == 0 &&
		    status.stx_attributes & STATX_ATTR_MOUNT_ROOT &&
		    status.stx_mnt_id == file.stx_mnt_id)
			memcpy(point, prefix, end + 1);
	}
}

static void tell_noexec(struct finding *finding, const char *path, int fd)
{
	char point[PATH_MAX];

	find_mount(point, path, fd);
	if (!strcmp(point, path))
		snprintf(finding->predicate, sizeof(finding->predicate), "is mounted noexec");
	else
		snprintf(finding->predicate, sizeof(finding->predicate),
		         "lies on %s, which is mounted noexec",
		         point[0] ? QUOTE(point) : "a file system");
}

static void tell_denied(struct finding *finding, const char *path, int fd,
                        const struct stat *status)
{
	struct statfs system;

	if (fstatfs(fd, &system) == 0 && system.f_flags & ST_NOEXEC)
		tell_noexec(finding, path, fd);
	else if (!(status->st_mode & 0111))
		snprintf(finding->predicate, sizeof(finding->predicate),
		         "has no x bit (mode %04o, owner %u:%u)", status->st_mode & 07777,
		         status->st_uid, status->st_gid);
	else
		tell_rights(finding, "executed", status);
}

/* It can be opened: is it a program that may be executed? */
static bool find_bad_file(struct finding *finding, const char *path)
{
	cleanup_close int fd = open_path(path, 0);
	struct stat status;

	if (strlen(path) >= PATH_MAX)
		return false;
	memcpy(finding->subject, path, strlen(path) + 1);
	finding->code = EACCES;
	if (fd < 0) {
		/* each component can be opened: it is the slash behind the last */
		finding->code = errno;
		snprintf(finding->predicate, sizeof(finding->predicate),
		         "ends in a slash, but is no directory");
		return errno == ENOTDIR;
	}
	if (fstat(fd, &status) < 0)
		return false;
	if (!S_ISREG(status.st_mode)) {
		snprintf(finding->predicate, sizeof(finding->predicate), "is a %s",
		         kind_of(status.st_mode));
		return true;
	}
	if (faccessat(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0 || errno != EACCES)
		return false;
	tell_denied(finding, path, fd, &status);
	return true;
}

bool explain_path(struct finding *finding, const char *path)
{
	struct walk walk = { .links = 0 };

	*finding = (struct finding){ .code = 0 };
	if (!*path || strlen(path) >= sizeof(walk.path))
		return false;
	memcpy(walk.path, path, strlen(path) + 1);
	if (find_bad_way(finding, &walk)) {
		tell_way_by_link(finding, &walk);
		return true;
	}
	return walk.opens <= OPENS_MAX && find_bad_file(finding, path);
}
