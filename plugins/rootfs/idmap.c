/* idmap.c: mounts that show other owners than their files have (mount_setattr(2), Linux 5.12). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

struct mapping {
	uint32_t container_id, host_id, size;
};

static int open_user_namespace(const struct ironbox_stage *stage, pid_t pid,
                               struct ironbox_error *error)
{
	char path[32];
	cleanup_close int directory_fd = -1;
	int fd;

	snprintf(path, sizeof(path), "%d/ns", pid);
	directory_fd = stage->host->open_proc(stage, path, O_PATH | O_DIRECTORY | O_CLOEXEC, error);
	if (directory_fd < 0)
		return -1;
	fd = openat(directory_fd, "user", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? stage->host->fail(error, errno, "open /proc/%s/user", path) : fd;
}

/* The container's own. init waits for us, so its pid is its own as long as its pidfd answers. */
static int open_containers(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = open_user_namespace(stage, stage->init_pid, error);

	if (fd < 0)
		return -1;
	if (syscall(SYS_pidfd_send_signal, stage->init_pidfd, 0, NULL, 0) < 0)
		return stage->host->fail(error, errno, "init is gone");
	return steal_fd(&fd);
}

/* user_namespaces(7): a map is written by one write(2). */
static int write_map(const struct ironbox_stage *stage, pid_t pid, const char *file,
                     const struct ironbox_value *mappings, struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD_REQUIRED(struct mapping, container_id, "containerID"),
		IRONBOX_FIELD_REQUIRED(struct mapping, host_id, "hostID"),
		IRONBOX_FIELD_REQUIRED(struct mapping, size, "size"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_host *host = stage->host;
	char text[4096], path[32];
	size_t i, length = 0, count = host->count(mappings);
	cleanup_close int fd = -1;

	for (i = 0; i < count; i++) {
		struct mapping mapping = { 0 };

		if (host->read(stage, host->item(mappings, i, NULL), fields, &mapping, error) < 0)
			return -1;
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%u %u %u\n",
		                           mapping.container_id, mapping.host_id, mapping.size);
		if (length >= sizeof(text))
			return host->fail(error, E2BIG, "%zu mappings", count);
	}
	snprintf(path, sizeof(path), "%d/%s", pid, file);
	fd = host->open_proc(stage, path, O_WRONLY | O_CLOEXEC, error);
	if (fd < 0)
		return -1;
	if (write(fd, text, length) != (ssize_t)length)
		return host->fail(error, errno, "write /proc/%s", path);
	return 0;
}

/* Lives in a user namespace of its own until the other end of the pipe is closed, by us or by our
 * end. It shares no memory with us, and does nothing but system calls. */
static pid_t start_holder(int life[2])
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	char nothing;

	if (pid != 0)
		return pid;
	close(life[1]);
	while (read(life[0], &nothing, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static void end_holder(pid_t pid, int life[2])
{
	close(life[0]);
	close(life[1]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The mount's own mappings: a user namespace with them, which lives as long as its fd. */
static int make_own(const struct ironbox_stage *stage, const struct mount *mount,
                    struct ironbox_error *error)
{
	int life[2], fd = -1;
	pid_t pid;

	if (pipe2(life, O_CLOEXEC) < 0)
		return stage->host->fail(error, errno, "make a pipe");
	pid = start_holder(life);
	if (pid < 0)
		stage->host->fail(error, errno, "make a user namespace for the mount's mappings");
	else if (write_map(stage, pid, "uid_map", mount->uid_mappings, error) == 0 &&
	         write_map(stage, pid, "gid_map", mount->gid_mappings, error) == 0)
		fd = open_user_namespace(stage, pid, error);
	end_holder(pid, life);
	return fd;
}

int idmap_apply(const struct ironbox_stage *stage, const struct mount *mount, int mount_fd,
                struct ironbox_error *error)
{
	unsigned recursive = mount->options.idmap_recursive ? AT_RECURSIVE : 0;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	cleanup_close int namespace_fd = stage->host->count(mount->uid_mappings) > 0
	                                         ? make_own(stage, mount, error)
	                                         : open_containers(stage, error);

	if (namespace_fd < 0)
		return -1;
	attr.userns_fd = (uint64_t)namespace_fd;
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)) < 0)
		return stage->host->fail(error, errno, "map the ids of %s%s", mount->source,
		                         errno == EINVAL ? " (its file system may not know how to)"
		                                         : "");
	return 0;
}
