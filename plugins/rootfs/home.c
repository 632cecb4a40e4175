/* home.c: the runtime in a mount namespace that is not its own, and the way back. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "internal.h"

int own_mounts_open(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int directory_fd = stage->host->open_proc(
		stage, "thread-self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC, error);
	int fd;

	if (directory_fd < 0)
		return -1;
	fd = openat(directory_fd, "mnt", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? stage->host->fail(error, errno, "open the runtime's mount namespace") : fd;
}

int home_leave(struct ironbox_stage *stage, int pidfd, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct rootfs *rootfs = stage->data;

	if (!rootfs->left_home) {
		cleanup_close int mounts_fd = own_mounts_open(stage, error);
		cleanup_close int directory_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (mounts_fd < 0)
			return -1;
		if (directory_fd < 0)
			return host->fail(error, errno, "remember the working directory");
		rootfs->home_mounts_fd = steal_fd(&mounts_fd);
		rootfs->home_directory_fd = steal_fd(&directory_fd);
		rootfs->left_home = true; /* or about to: the way back leads here too */
	}
	if (pidfd < 0 && unshare(CLONE_NEWNS) < 0)
		return host->fail(error, errno, "make a mount namespace");
	if (pidfd >= 0 && setns(pidfd, CLONE_NEWNS) < 0)
		return host->fail(error, errno, "enter the container's mount namespace");
	return 0;
}

int home_return(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;
	int result = 0;

	if (!rootfs || !rootfs->left_home)
		return 0;
	/* setns(2) takes root and working directory to the namespace's root */
	if (setns(rootfs->home_mounts_fd, CLONE_NEWNS) < 0 || fchdir(rootfs->home_directory_fd) < 0)
		result = stage->host->fail(error, errno,
		                           "come back to the runtime's own mount namespace");
	rootfs->left_home = false;
	replace_fd(&rootfs->home_mounts_fd, -1);
	replace_fd(&rootfs->home_directory_fd, -1);
	return result;
}
