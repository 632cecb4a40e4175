#include "holder.h"

#include <errno.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "processes.h"

#define START_MS  30000u /* systemd may be busy: a node that boots starts all its pods at once */
#define MARGIN_MS 2000

/*
 * It ends with its parent. And it has none of its fds: a lock, or the end of a line, would be held
 * for longer than by who is to hold it.
 */
static _Noreturn void hold(const struct libsystemd *library, const struct unit *unit,
                           const char *description, const struct properties *properties,
                           int socket_fd, pid_t parent)
{
	struct bus_result result;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || dup2(socket_fd, 0) < 0 ||
	    close_range(1, ~0U, 0) < 0)
		_exit(1);
	bus_start_scope(library, unit, description, properties, START_MS, &result);
	if (send(0, &result, sizeof(result), MSG_NOSIGNAL) != sizeof(result))
		_exit(1);
	for (;;)
		pause();
}

/* By its own deadline the child tells why; a little later it is not listened to any more. */
static void take_result(int socket_fd, struct bus_result *result)
{
	struct pollfd polled = { .fd = socket_fd, .events = POLLIN };
	uint64_t now = cgroup_now_ms(), deadline = now + START_MS + MARGIN_MS;
	int ready = 0;

	*result = (struct bus_result){ .status = BUS_FAILED, .code = ETIMEDOUT };
	snprintf(result->words, sizeof(result->words), "wait for the process in it");
	while (ready == 0 && now < deadline) {
		ready = poll(&polled, 1, (int)(deadline - now));
		if (ready < 0 && errno == EINTR)
			ready = 0;
		now = cgroup_now_ms();
	}
	if (ready > 0 && recv(socket_fd, result, sizeof(*result), 0) != sizeof(*result)) {
		*result = (struct bus_result){ .status = BUS_FAILED };
		snprintf(result->words, sizeof(result->words), "the process in it died");
	}
	result->words[sizeof(result->words) - 1] = '\0';
}

void holder_begin(const struct libsystemd *library, const struct unit *unit,
                  const char *description, const struct properties *properties, pid_t *pid,
                  struct bus_result *result)
{
	cleanup_close int ours = -1, child = -1;
	pid_t parent = getpid();
	int ends[2];

	*pid = 0;
	*result = (struct bus_result){ .status = BUS_FAILED };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		result->code = errno;
		snprintf(result->words, sizeof(result->words), "make a pair of sockets");
		return;
	}
	ours = ends[0];
	child = ends[1];
	*pid = fork();
	if (*pid < 0) {
		*pid = 0;
		result->code = errno;
		snprintf(result->words, sizeof(result->words), "fork a process to be in it");
		return;
	}
	if (*pid == 0)
		hold(library, unit, description, properties, child, parent);
	replace_fd(&child, -1); /* so that its death is the end of the line */
	take_result(ours, result);
	if (result->status != BUS_DONE)
		holder_end(pid);
}

void holder_end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGKILL);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}
