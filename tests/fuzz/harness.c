#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

uint8_t input_byte(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->at++;
}

uint64_t input_long(struct input *input)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 8; i++)
		number |= (uint64_t)input_byte(input) << 8 * i;
	return number;
}

uint32_t input_number(struct input *input)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < 4; i++)
		number |= (uint32_t)input_byte(input) << 8 * i;
	return number;
}

size_t input_choice(struct input *input, size_t count)
{
	return input_byte(input) % count;
}

char *bytes_copy(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);

	CHECK(copy, "no memory");
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

char *input_text(struct input *input, char end)
{
	const uint8_t *found = input->left ? memchr(input->at, end, input->left) : NULL;
	size_t size = found ? (size_t)(found - input->at) : input->left;
	const uint8_t *nul = size ? memchr(input->at, '\0', size) : NULL;
	char *text = bytes_copy(input->at, nul ? (size_t)(nul - input->at) : size);

	size += found != NULL;
	input->at += size;
	input->left -= size;
	return text;
}

char *input_rest(struct input *input)
{
	return input_text(input, '\0');
}

/* fsopen(2): a tmpfs that no path leads to. Who is not root is one of a user namespace first. */
static int make_folder(void)
{
	int context_fd, mount_fd;

	if (geteuid() != 0)
		CHECK(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "%s", strerror(errno));
	context_fd = (int)syscall(SYS_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */);
	CHECK(context_fd >= 0, "fsopen: %s", strerror(errno));
	CHECK(syscall(SYS_fsconfig, context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0,
	      "fsconfig: %s", strerror(errno));
	mount_fd = (int)syscall(SYS_fsmount, context_fd, 1 /* FSMOUNT_CLOEXEC */, 0);
	CHECK(mount_fd >= 0, "fsmount: %s", strerror(errno));
	close(context_fd);
	CHECK(fchmod(mount_fd, 0700) == 0 || errno == EBADF, "%s", strerror(errno));
	return mount_fd;
}

int private_folder(void)
{
	static int folder_fd = -1; /* of the process, not of an input */

	if (folder_fd < 0) {
		int mount_fd = make_folder();

		folder_fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		CHECK(folder_fd >= 0, "%s", strerror(errno));
		CHECK(fchmod(folder_fd, 0700) == 0, "%s", strerror(errno));
		close(mount_fd);
	}
	return folder_fd;
}

void private_file(const char *name, const void *bytes, size_t size)
{
	cleanup_close int fd =
		openat(private_folder(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0, "%s: %s", name, strerror(errno));
	CHECK(write(fd, bytes, size) == (ssize_t)size, "%s: %s", name, strerror(errno));
}

void private_file_remove(const char *name)
{
	CHECK(unlinkat(private_folder(), name, 0) == 0 || errno == ENOENT, "%s: %s", name,
	      strerror(errno));
}

unsigned count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	CHECK(folder, "%s", strerror(errno));
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}
