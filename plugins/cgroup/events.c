/* Waits for cgroup.events to say what is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "internal.h"
#include "processes.h"

/* 1: it says so; 0: not yet; -1 with errno. pread(2) from 0 makes kernfs tell anew. */
static int look(int events_fd, const char *key, uint64_t wanted)
{
	char text[256];
	ssize_t size = pread(events_fd, text, sizeof(text) - 1, 0);
	uint64_t value;

	if (size < 0)
		return -1;
	text[size] = '\0';
	if (!cgroup_find_key(text, key, &value)) {
		errno = ENOTSUP;
		return -1;
	}
	return value == wanted;
}

int events_await(int cgroup_fd, const char *key, uint64_t value, unsigned deadline_ms)
{
	cleanup_close int fd = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd poll_fd = { .fd = fd, .events = POLLPRI }; /* cgroups(7) */
	uint64_t now = cgroup_now_ms(), deadline = now + deadline_ms;
	int seen = fd < 0 ? -1 : look(fd, key, value);

	while (seen == 0 && now < deadline) {
		if (poll(&poll_fd, 1, (int)(deadline - now)) < 0 && errno != EINTR)
			return -1;
		seen = look(fd, key, value);
		now = cgroup_now_ms();
	}
	if (seen == 0)
		errno = ETIMEDOUT;
	return seen == 1 ? 0 : -1;
}
