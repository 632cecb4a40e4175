/* The one clone that makes init, or a joiner. */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "support/file.h"
#include "support/process_id.h"

/* clone3(2) without CLONE_VM: a fork, so the child may go on as if it had been called. */
static pid_t clone3_fork(uint64_t flags, int *pidfd, int cgroup_fd, int exit_signal)
{
	struct clone_args arguments = {
		.flags = flags,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = (uint64_t)exit_signal,
	};

	if (pidfd)
		arguments.flags |= CLONE_PIDFD;
	if (cgroup_fd >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP; /* Linux 5.7 */
		arguments.cgroup = (uint64_t)cgroup_fd;
	}
	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static int move_into_cgroup(pid_t pid, int cgroup_fd, struct ironbox_error *error)
{
	cleanup_close int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
		return error_begin(error, errno, "put process %s into its cgroup", text);
	return 0;
}

/* Into the cgroup at birth; where the kernel refuses that, moved there by hand before it may do
 * anything: it waits for our first message. */
static int clone_directly(struct container *container,
                          void (*child)(struct container *container, const void *request),
                          const void *request, struct ironbox_error *error)
{
	const struct clone_wishes *wishes = &container->pipeline.clone;
	bool move = false;
	pid_t pid = clone3_fork(wishes->flags, &container->pidfd, wishes->cgroup_fd, SIGCHLD);

	if (pid < 0 && wishes->cgroup_fd >= 0 &&
	    (errno == EBUSY || errno == EACCES || errno == EOPNOTSUPP || errno == EPERM)) {
		move = true;
		container->has_attach = true; /* so that it waits */
		pid = clone3_fork(wishes->flags, &container->pidfd, -1, SIGCHLD);
	}
	if (pid < 0)
		return error_begin(error, errno, "clone3 with flags 0x%llx",
		                   (unsigned long long)wishes->flags);
	if (pid == 0)
		child(container, request);
	container->pid = pid;
	return move ? move_into_cgroup(pid, wishes->cgroup_fd, error) : 0;
}

/* Hands the runtime our pidfd. Not its maker's to do: should that be killed right after the clone,
 * the runtime would wait for ever, with us at the other end of the line. */
static int tell_of_oneself(struct channel *channel, struct ironbox_error *error)
{
	cleanup_close int pidfd = process_open(getpid());

	if (pidfd < 0)
		return error_begin(error, errno, "open a pidfd of oneself");
	return channel_send_bytes(channel, MESSAGE_CLONED, 0, NULL, 0, pidfd, error);
}

int clone_successor(struct container *container, struct channel *channel, uint64_t flags,
                    void (*child)(struct container *container, const void *request),
                    const void *request, struct ironbox_error *error)
{
	/* shared, so that the successor too sees what the kernel writes before it may run: its
	 * number outside of its pid namespace, which it has no other way to know */
	pid_t *outer_pid = mmap(NULL, sizeof(*outer_pid), PROT_READ | PROT_WRITE,
	                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct clone_args arguments = {
		/* with CLONE_PARENT the exit signal is the parent's own and must not be given */
		.flags = flags | CLONE_PARENT | CLONE_PARENT_SETTID,
		.parent_tid = (uint64_t)(uintptr_t)outer_pid,
	};
	pid_t pid;

	if (outer_pid == MAP_FAILED)
		return error_begin(error, errno, "map a page to share");
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid < 0)
		return error_begin(error, errno, "clone3 with flags 0x%llx from inside",
		                   (unsigned long long)flags);
	if (pid > 0)
		_exit(0);
	container->pid = *outer_pid;
	if (tell_of_oneself(channel, error) < 0)
		return -1;
	child(container, request);
	return -1; /* it never comes back */
}

static const char *type_of_namespace(int fd)
{
	switch (ioctl(fd, NS_GET_NSTYPE)) {
	case CLONE_NEWUSER:
		return "user";
	case CLONE_NEWPID:
		return "pid";
	case CLONE_NEWNET:
		return "network";
	case CLONE_NEWIPC:
		return "ipc";
	case CLONE_NEWUTS:
		return "uts";
	case CLONE_NEWCGROUP:
		return "cgroup";
	default:
		return "given";
	}
}

static int enter_wished(const struct clone_wishes *wishes, struct ironbox_error *error)
{
	for (unsigned i = 0; i < wishes->namespaces; i++)
		if (setns(wishes->namespace_fds[i], 0) < 0)
			return error_begin(error, errno, "join the %s namespace",
			                   type_of_namespace(wishes->namespace_fds[i]));
	return 0;
}

/* In a process of the joined namespaces, so that the new ones belong to the user namespace among
 * them. Its own child is init, and by CLONE_PARENT the runtime's. */
static _Noreturn void cloner_main(struct container *container,
                                  void (*child)(struct container *container, const void *request),
                                  const void *request)
{
	const struct clone_wishes *wishes = &container->pipeline.clone;
	ERROR_NONE(error);

	if (enter_wished(wishes, &error) == 0)
		clone_successor(container, &container->inner_channel, wishes->flags, child, request,
		                &error);
	channel_send_bytes(&container->inner_channel, MESSAGE_ERROR, 0, &error, sizeof(error), -1,
	                   &error);
	_exit(1);
}

/* The number of a pidfd's process, as our own pid namespace counts: proc_pid_fdinfo(5). Where a pid
 * namespace is joined as well, the cloner is in it, and knows init by another number. */
static pid_t pid_of_pidfd(int pidfd)
{
	char path[48], text[512], *line;
	cleanup_close int fd = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (length < 0)
		return -1;
	text[length] = '\0';
	line = strstr(text, "\nPid:");
	return line ? (pid_t)strtol(line + strlen("\nPid:"), NULL, 10) : -1;
}

int clone_take_successor(struct container *container, struct ironbox_error *error)
{
	struct message message = { .fd = -1 };

	if (channel_await(&container->channel, MESSAGE_CLONED, &message, error) < 0)
		return -1;
	replace_fd(&container->pidfd, message.fd);
	container->pid = pid_of_pidfd(message.fd);
	return container->pid > 0 ? 0 : error_begin(error, 0, "find a process by its pidfd");
}

static int clone_from_namespaces(struct container *container,
                                 void (*child)(struct container *container, const void *request),
                                 const void *request, struct ironbox_error *error)
{
	pid_t cloner = clone3_fork(0, NULL, container->pipeline.clone.cgroup_fd, SIGCHLD);
	int result;

	if (cloner < 0)
		return error_begin(error, errno, "clone3 a process to join namespaces");
	if (cloner == 0)
		cloner_main(container, child, request);
	channel_close(&container->inner_channel); /* so that its death is the end of the line */
	result = clone_take_successor(container, error);
	waitpid(cloner, NULL, 0);
	if (result < 0 && !error_is_told(error))
		error_begin(error, 0, "the process in the joined namespaces died");
	return result;
}

int clone_process(struct container *container,
                  void (*child)(struct container *container, const void *request),
                  const void *request, struct ironbox_error *error)
{
	unsigned namespaces = container->pipeline.clone.namespaces;

	if (namespaces > CLONE_NAMESPACES_MAX)
		return error_begin(error, 0, "more than %d namespaces to join",
		                   CLONE_NAMESPACES_MAX);
	if (namespaces > 0)
		return clone_from_namespaces(container, child, request, error);
	return clone_directly(container, child, request, error);
}
