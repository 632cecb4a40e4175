/* fd_receiver SOCKET pidfd|terminal: listens on a Unix socket, takes one fd and tells what it is.
 * terminal: copies what the terminal says to stdout until it ends; stdin's bytes go in. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(const char *path)
{
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer, fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64], space[CMSG_SPACE(sizeof(int))];
	struct iovec part = { name, sizeof(name) };
	struct msghdr packet = { .msg_iov = &part,
		                 .msg_iovlen = 1,
		                 .msg_control = space,
		                 .msg_controllen = sizeof(space) };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 1) < 0)
		return -1;
	peer = accept(listener, NULL, NULL);
	if (peer < 0 || recvmsg(peer, &packet, 0) <= 0 || !CMSG_FIRSTHDR(&packet))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&packet)), sizeof(fd));
	return fd;
}

static void carry(int master)
{
	char bytes[4096];
	ssize_t got;

	for (;;) {
		struct pollfd polled[] = { { .fd = master, .events = POLLIN },
			                   { .fd = 0, .events = POLLIN } };

		if (poll(polled, 2, -1) < 0)
			return;
		if (polled[1].revents & POLLIN && (got = read(0, bytes, sizeof(bytes))) > 0 &&
		    write(master, bytes, (size_t)got) < 0)
			return;
		if (polled[0].revents) {
			got = read(master, bytes, sizeof(bytes));
			if (got <= 0 || write(1, bytes, (size_t)got) < 0)
				return;
		}
	}
}

int main(int count, char **arguments)
{
	int fd;

	if (count != 3)
		return 2;
	fd = receive(arguments[1]);
	if (fd < 0) {
		perror("fd_receiver");
		return 1;
	}
	if (!strcmp(arguments[2], "terminal")) {
		carry(fd);
		return 0;
	}
	/* signal 0 to a pidfd: it is one, and its process lives */
	if (syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) < 0)
		return 1;
	printf("a pidfd\n");
	return 0;
}
