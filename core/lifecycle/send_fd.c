#include "lifecycle/send_fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <ironbox/cleanup.h>

int send_fd(const char *socket_path, int fd, const char *name, struct ironbox_error *error)
{
	cleanup_close int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { (void *)(uintptr_t)name, strlen(name) }; /* only read */
	struct msghdr packet = { .msg_iov = &part,
		                 .msg_iovlen = 1,
		                 .msg_control = control.space,
		                 .msg_controllen = sizeof(control.space) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&packet);

	if (strlen(socket_path) >= sizeof(address.sun_path))
		return error_begin(error, ENAMETOOLONG, "connect to %s", socket_path);
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	if (socket_fd < 0 ||
	    connect(socket_fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return error_begin(error, errno, "connect to %s", socket_path);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(rights), &fd, sizeof(int));
	if (sendmsg(socket_fd, &packet, MSG_NOSIGNAL) < 0)
		return error_begin(error, errno, "send %s to %s", name, socket_path);
	return 0;
}
