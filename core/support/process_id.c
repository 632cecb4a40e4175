#include "support/process_id.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

int process_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0); /* O_CLOEXEC by itself; Linux 5.3 */
}

uint64_t process_start_time(pid_t pid, char *state)
{
	char path[32], text[1024];
	cleanup_close int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	return process_stat_start_time(text, state);
}

uint64_t process_stat_start_time(const char *text, char *state)
{
	/* comm, field 2, may hold blanks and parentheses: the last one ends it */
	const char *at = strrchr(text, ')');
	int field;

	if (!at || at[1] != ' ')
		return 0;
	if (state)
		*state = at[2];
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at + 1, NULL, 10) : 0;
}

int process_open_exactly(pid_t pid, uint64_t start_time)
{
	cleanup_close int pidfd = -1;
	uint64_t found;
	char state = '?';

	if (pid <= 0) {
		errno = ESRCH;
		return -1;
	}
	pidfd = process_open(pid);
	if (pidfd < 0)
		return -1;
	/* read after the open: if it fits, the pid had not been reused when we opened it */
	found = process_start_time(pid, &state);
	if (found == 0 && errno != ENOENT && errno != ESRCH)
		return -1; /* EMFILE, say: nothing is known of it */
	if (found != start_time || state == 'Z' || state == 'X') {
		errno = ESRCH;
		return -1;
	}
	return steal_fd(&pidfd);
}

int process_signal(int pidfd, int number)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

bool process_wait_dead(int pidfd, int timeout_ms)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	for (;;) {
		int ready = poll(&poller, 1, timeout_ms);

		if (ready > 0)
			return true;
		if (ready == 0 || errno != EINTR)
			return false;
	}
}
