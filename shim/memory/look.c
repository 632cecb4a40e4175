#include "memory/look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "memory/kmsg.h"
#include "support/file.h"
#include "support/log.h"

/* ---- opening ---- */

/* A description of its own: it keeps its place in the record, also when a worker reads from it. */
static int open_kmsg(void)
{
	cleanup_close int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	errno = ENODEV;
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 11) ||
	    lseek(fd, 0, SEEK_END) < 0)
		return -1;
	return steal_fd(&fd);
}

static bool has_memory(const char *controllers, size_t size)
{
	static const char name[] = "memory";

	while (size >= sizeof(name) - 1) {
		const char *comma = memchr(controllers, ',', size);
		size_t length = comma ? (size_t)(comma - controllers) : size;

		if (length == sizeof(name) - 1 && memcmp(controllers, name, length) == 0)
			return true;
		if (!comma)
			return false;
		controllers += length + 1;
		size -= length + 1;
	}
	return false;
}

/* cgroups(7): "4:cpu,memory:/web1" of v1, "0::/web1" of v2. */
const char *look_find_cgroup(const char *text, size_t *size)
{
	const char *found = "";

	*size = 0;
	while (*text) {
		size_t line = strcspn(text, "\n");
		const char *first = memchr(text, ':', line), *second;

		second = first ? memchr(first + 1, ':', line - (size_t)(first + 1 - text)) : NULL;
		if (second) {
			size_t controllers = (size_t)(second - first) - 1;
			bool is_v1 = has_memory(first + 1, controllers);

			if (is_v1 || (controllers == 0 && *text == '0')) {
				found = second + 1;
				*size = line - (size_t)(found - text);
			}
			if (is_v1)
				return found;
		}
		text += line + (text[line] == '\n');
	}
	return found;
}

/* One beyond the root of our cgroup namespace ("/../x") has another name to the kernel, and the
 * root itself is nobody's own. */
static void find_cgroup(pid_t init, char cgroup[MEMORY_CGROUP_SIZE])
{
	char path[32], name[MEMORY_CGROUP_SIZE];
	cleanup_close int fd = -1;
	cleanup_free char *text = NULL;
	const char *found;
	size_t size;

	cgroup[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cgroup", init);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	text = fd < 0 ? NULL : file_read(fd, 65536, &size);
	if (!text)
		return;
	found = look_find_cgroup(text, &size);
	if (size <= 1 || size >= sizeof(name) || strncmp(found, "/../", 4) == 0)
		return;
	memcpy(name, found, size);
	name[size] = '\0';
	if (!kmsg_escape(cgroup, MEMORY_CGROUP_SIZE, name))
		cgroup[0] = '\0';
}

int memory_open(const struct runtime *runtime, const char *id, pid_t init, struct memory_ends *ends,
                struct ironbox_error *error)
{
	*ends = MEMORY_ENDS_NONE;
	if (container_watch_memory(runtime, id, &ends->watch_fd, &ends->oom_kills, error) < 0)
		return -1;
	if (ends->watch_fd < 0)
		return 0;
	find_cgroup(init, ends->cgroup);
	ends->kmsg_fd = open_kmsg();
	if (ends->kmsg_fd < 0)
		log_write(IRONBOX_LOG_DEBUG, "%s: /dev/kmsg: %s", id, strerrordesc_np(errno));
	return 0;
}

/* ---- looking ---- */

#define RECORDS_MOST 100000 /* someone may write faster than we read */

static void scan(int kmsg_fd, struct kmsg_scan *scan)
{
	char record[KMSG_RECORD_MAX];

	for (unsigned i = 0; i < RECORDS_MOST; i++) {
		ssize_t size = read(kmsg_fd, record, sizeof(record));

		if (size > 0)
			kmsg_scan_record(scan, record, (size_t)size);
		else if (size == 0 || (errno != EPIPE && errno != EINTR && errno != EINVAL))
			return; /* EAGAIN: that was the last */
				/* EPIPE: some are overwritten, the place is the oldest's now */
	}
}

/* The kernel counts first and prints then; and while we read, more may be killed. */
#define WAIT_TIMES 5
#define WAIT_NS    10000000

static int describe(const struct look *look, uint64_t *kills, char words[LOOK_WORDS_SIZE],
                    struct ironbox_error *error)
{
	const struct memory_ends *ends = look->ends;
	struct kmsg_scan found;

	kmsg_scan_begin(&found, ends->cgroup);
	for (unsigned i = 0; ends->kmsg_fd >= 0 && ends->cgroup[0] && i < WAIT_TIMES; i++) {
		scan(ends->kmsg_fd, &found);
		if (found.found > *kills - ends->oom_kills &&
		    look->oom_kills(look->container, kills, error) < 0)
			return -1;
		if (found.found == *kills - ends->oom_kills)
			break;
		nanosleep(&(struct timespec){ .tv_nsec = WAIT_NS }, NULL);
	}
	kmsg_tell(words, LOOK_WORDS_SIZE, &found.first, *kills - ends->oom_kills);
	return 0;
}

/*
 * The cgroup has gone, and what it had counted: systemd takes away that of a scope as soon as its
 * last process is dead. What the kernel has on record of it is all that is left; it may be in the
 * middle of writing that.
 */
static void look_back(const struct look *look, uint64_t *kills, char words[LOOK_WORDS_SIZE])
{
	const struct memory_ends *ends = look->ends;
	struct kmsg_scan found;

	*kills = ends->oom_kills;
	if (ends->kmsg_fd < 0 || !ends->cgroup[0])
		return;
	kmsg_scan_begin(&found, ends->cgroup);
	scan(ends->kmsg_fd, &found);
	if (!found.found) {
		nanosleep(&(struct timespec){ .tv_nsec = WAIT_NS }, NULL);
		scan(ends->kmsg_fd, &found);
	}
	*kills += found.found;
	if (found.found)
		kmsg_tell(words, LOOK_WORDS_SIZE, &found.first, found.found);
}

int look(const struct look *look, uint64_t *kills, char words[LOOK_WORDS_SIZE],
         struct ironbox_error *error)
{
	int counted = look->oom_kills(look->container, kills, error);

	words[0] = '\0';
	if (counted < 0)
		return -1;
	if (counted == 0) {
		look_back(look, kills, words);
		return 0;
	}
	/* fewer: it is another container's count by now */
	return *kills > look->ends->oom_kills ? describe(look, kills, words, error) : 0;
}
