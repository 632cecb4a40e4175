/*
 * A seccomp agent for the tests. `agent SOCKET MESSAGES ANSWER` listens, and for each connection
 * appends its message to MESSAGES and serves the listener that came with it till no process has the
 * filter any more: "continue" lets calls pass, a number is the errno that they get. A call is told
 * to MESSAGES as "call NR". With ANSWER "leave" it takes the connection and ends.
 */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int say(const char *what, const char *on)
{
	fprintf(stderr, "agent: %s %s: %s\n", what, on, strerror(errno));
	return 1;
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 8) < 0)
		return -1;
	return fd;
}

/* The message to its end, and the fd in it. */
static int take_message(int connection, char *text, size_t room)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	int listener = -1;
	size_t size = 0;

	for (;;) {
		struct iovec part = { text + size, room - 1 - size };
		struct msghdr message = { .msg_iov = &part,
			                  .msg_iovlen = 1,
			                  .msg_control = &control,
			                  .msg_controllen = sizeof(control) };
		ssize_t got = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);

		if (got <= 0)
			break;
		if (message.msg_controllen >= sizeof(control.header))
			memcpy(&listener, CMSG_DATA(&control.header), sizeof(listener));
		size += (size_t)got;
	}
	text[size] = '\0';
	return listener;
}

static void answer(int listener, const char *how, FILE *messages)
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp response = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return; /* who called is dead by now */
	fprintf(messages, "call %d\n", call.data.nr);
	response.id = call.id;
	if (strcmp(how, "continue") == 0)
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	else
		response.error = -atoi(how); /* a test's own word */
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void serve(int connection, const char *path, const char *how)
{
	static char text[1 << 17];
	FILE *messages = fopen(path, "ae");
	int listener;

	if (!messages)
		exit(say("open", path));
	setvbuf(messages, NULL, _IOLBF, 0);
	listener = take_message(connection, text, sizeof(text));
	fprintf(messages, "%s\n", text);
	close(connection);
	for (;;) {
		struct pollfd event = { .fd = listener, .events = POLLIN };

		if (poll(&event, 1, -1) < 0 || event.revents & POLLHUP)
			break; /* no process has the filter */
		if (event.revents & POLLIN)
			answer(listener, how, messages);
	}
	fputs("end\n", messages);
	fclose(messages);
	exit(0);
}

int main(int count, char **arguments)
{
	int fd, connection;

	if (count != 4)
		return 64;
	fd = listen_at(arguments[1]);
	if (fd < 0)
		return say("listen at", arguments[1]);
	signal(SIGCHLD, SIG_IGN);
	while ((connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (strcmp(arguments[3], "leave") == 0)
			return 0;
		if (fork() == 0) {
			close(fd);
			serve(connection, arguments[2], arguments[3]);
		}
		close(connection);
	}
	return say("accept at", arguments[1]);
}
