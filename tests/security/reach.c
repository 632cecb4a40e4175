/*
 * reach [PATH...]: connects to each socket that /proc/net/unix of this network namespace names,
 * abstract or of a path, and to these paths; says Connect to it as containerd does to a shim, and
 * prints "answered NAME" for each that answers. Static: it runs in containers.
 */
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS 2000

/* containerd.task.v2.Task/Connect, stream 1. */
static const char request[] = "\0\0\0\x22\0\0\0\1\1\0"
			      "\x0a\x17"
			      "containerd.task.v2.Task"
			      "\x12\x07"
			      "Connect";

static int answers(int fd)
{
	struct pollfd answer = { .fd = fd, .events = POLLIN };
	char bytes[10];

	return send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
	       poll(&answer, 1, ANSWER_MS) == 1 && recv(fd, bytes, sizeof(bytes), 0) > 0;
}

/* An '@' that the kernel prints is a NUL of an abstract name, which /proc pads and we don't. */
static void reach(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || size == 0 || size > sizeof(address.sun_path)) {
		close(fd);
		return;
	}
	memcpy(address.sun_path, name, size);
	for (size_t i = 0; name[0] == '@' && i < size; i++)
		if (address.sun_path[i] == '@')
			address.sun_path[i] = '\0';
	if (connect(fd, (const struct sockaddr *)&address,
	            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) == 0 &&
	    answers(fd))
		printf("answered %s\n", name);
	close(fd);
}

static void reach_all(FILE *sockets)
{
	char line[512];

	while (sockets && fgets(line, sizeof(line), sockets)) {
		char name[256] = "";

		/* "Num: RefCount Protocol Flags Type St Inode Path", Flags: it listens */
		if (sscanf(line, "%*s %*s %*s 00010000 %*s %*s %*s %255s", name) == 1)
			reach(name);
	}
}

int main(int argc, char **argv)
{
	FILE *sockets = fopen("/proc/net/unix", "re");

	reach_all(sockets);
	for (int i = 1; i < argc; i++)
		reach(argv[i]);
	if (sockets)
		fclose(sockets);
	puts("done");
	return 0;
}
