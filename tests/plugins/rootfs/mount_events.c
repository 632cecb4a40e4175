/* mount_events: one line for each change of this process's mount table (proc_pid_mountinfo(5)),
 * till the end of stdin; the first line, "ready", is of none. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	struct pollfd pollers[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), .events = POLLPRI },
	};
	char byte;

	if (pollers[1].fd < 0)
		return 1;
	poll(&pollers[1], 1, 0); /* what was before */
	dprintf(STDOUT_FILENO, "ready\n");
	for (;;) {
		if (poll(pollers, 2, -1) < 0)
			return 1;
		if (pollers[1].revents & POLLPRI)
			dprintf(STDOUT_FILENO, "event\n");
		else if (pollers[0].revents && read(STDIN_FILENO, &byte, 1) <= 0)
			return 0;
	}
}
