#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#define AGENT_SECONDS 10 /* an agent that hangs must not hang a container for ever */
#define COURIER_STACK (64 << 10)

int listener_open(struct listener *listener, struct ironbox_stage *stage,
                  const struct profile *profile, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct timeval patience = { .tv_sec = AGENT_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(profile->listener_path) >= sizeof(address.sun_path))
		return host->fail(error, 0, "%s.listenerPath: longer than unix(7) allows",
		                  profile->where);
	memcpy(address.sun_path, profile->listener_path, strlen(profile->listener_path) + 1);
	/* the time-out of sending is also that of connect(2) */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return host->fail(error, errno, "%s.listenerPath: connect to the seccomp agent %s",
		                  profile->where, profile->listener_path);
	/* The symlink itself, which leads nowhere, and tells who reads it which pid he has in the
	 * runtime's pid namespace: from inside there is no other way to know. */
	listener->self_fd = host->open_proc(stage, "self", O_PATH | O_NOFOLLOW, error);
	if (listener->self_fd < 0)
		return -1;
	stage->seal_fd = steal_fd(&fd);
	return 0;
}

void listener_close(struct listener *listener, struct ironbox_stage *stage)
{
	replace_fd(&listener->self_fd, -1);
	replace_fd(&stage->seal_fd, -1);
	free(listener->message);
	listener->message = NULL;
}

int listener_introduce(struct listener *listener, const struct ironbox_stage *stage,
                       const struct profile *profile, bool joins, struct ironbox_error *error)
{
	const char *told = joins ? stage->host->recall(stage, "ironbox.joiner_pid") : NULL;
	char pid[16] = "";

	if (!told && readlinkat(listener->self_fd, "", pid, sizeof(pid) - 1) < 0)
		return stage->host->fail(error, errno, "learn our pid for the seccomp agent");
	if (!joins) /* in a joiner the engine has closed it */
		replace_fd(&listener->self_fd, -1);
	listener->message =
		message_make(stage, profile, (pid_t)strtol(told ? told : pid, NULL, 10), joins);
	if (!listener->message)
		return stage->host->fail(error, errno, "write the state for the seccomp agent");
	return 0;
}

/*
 * The courier takes the listener to the agent. Once the filter is loaded, sendmsg(2) may be a call
 * that it stops, or hands to the very agent that has no listener yet. So a thread that is older
 * than the filter, and therefore free of it, does it; and since a futex might be stopped as well,
 * the two look at memory. A thread, not a process: it leaves no zombie to a container's init.
 */
struct courier {
	const char *message;
	int socket_fd;
	atomic_int listener_fd; /* or one of these two: */
	atomic_int result;      /* errno, or COURIER_WAITS until it is done */
};

#define COURIER_WAITS     (-1)
#define COURIER_DISMISSED (-2)

/* One message on the connection, then its end: so says the spec. */
static int send_listener(const struct courier *courier, int listener_fd)
{
	size_t left = strlen(courier->message);
	struct iovec part = { (char *)(uintptr_t)courier->message, left }; /* only read */
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &listener_fd, sizeof(listener_fd));
	while (part.iov_len) {
		ssize_t sent = sendmsg(courier->socket_fd, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno;
		part.iov_base = (char *)part.iov_base + sent;
		part.iov_len -= (size_t)sent;
		message.msg_control = NULL; /* the fd went with the first byte */
		message.msg_controllen = 0;
	}
	return 0;
}

static int courier_main(void *argument)
{
	struct courier *courier = argument;
	int listener_fd, result;

	while ((listener_fd = atomic_load(&courier->listener_fd)) == COURIER_WAITS)
		sched_yield();
	if (listener_fd == COURIER_DISMISSED)
		return 0;
	result = send_listener(courier, listener_fd);
	/* the end of the message, though the runtime has a copy of the socket till settle: it may
	 * wait for a call of ours, and that for an agent which still reads */
	shutdown(courier->socket_fd, SHUT_RDWR);
	/* for both of us: the fds are shared, and close(2) may be stopped too */
	close(listener_fd);
	close(courier->socket_fd);
	atomic_store(&courier->result, result);
	return 0;
}

/* Its memory is given back by execve(2): the courier stands on it a moment longer than we know. */
static struct courier *courier_send_off(const struct listener *listener, int socket_fd)
{
	struct courier *courier = malloc(sizeof(*courier) + COURIER_STACK);
	char *stack = (char *)(courier + 1) + COURIER_STACK;

	if (!courier)
		return NULL;
	courier->message = listener->message;
	courier->socket_fd = socket_fd;
	atomic_init(&courier->listener_fd, COURIER_WAITS);
	atomic_init(&courier->result, COURIER_WAITS);
	stack -= (uintptr_t)stack % 16; /* as the ABI of calls wants it */
	if (clone(courier_main, stack,
	          CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
	          courier) < 0) {
		free(courier);
		return NULL;
	}
	return courier;
}

int listener_load(const struct listener *listener, struct ironbox_stage *stage,
                  const struct program *program, unsigned flags, struct ironbox_error *error)
{
	struct courier *courier = courier_send_off(listener, stage->seal_fd);
	int fd, result;

	if (!courier)
		return stage->host->fail(error, errno, "make the courier to the seccomp agent");
	fd = filter_load(program, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (fd < 0) {
		result = errno;
		atomic_store(&courier->listener_fd, COURIER_DISMISSED);
		return stage->host->fail(error, result, "load the seccomp filter with a listener");
	}
	/* From here on no call of ours is sure to pass. AGENT_SECONDS end it at the latest. */
	atomic_store(&courier->listener_fd, fd);
	while ((result = atomic_load(&courier->result)) == COURIER_WAITS)
		;
	stage->seal_fd = -1; /* the courier closed it: the number is anyone's now */
	if (result)
		return stage->host->fail(error, result, "send the listener to the seccomp agent");
	return 0;
}
