#include "context.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

/* What security_canonicalize_context(3) of libselinux does: one write(2), and the answer is read
 * from the same fd. */
int context_canonical(const char *context, char canonical[CONTEXT_SIZE])
{
	cleanup_close int fd = open("/sys/fs/selinux/context", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	size_t size = strlen(context) + 1; /* the NUL goes along */
	struct statfs filesystem;
	ssize_t got;

	if (fd < 0 || fstatfs(fd, &filesystem) < 0)
		return -1;
	if (filesystem.f_type != SELINUX_MAGIC) {
		errno = ENODEV;
		return -1;
	}
	if (write(fd, context, size) != (ssize_t)size)
		return -1;
	got = read(fd, canonical, CONTEXT_SIZE - 1);
	if (got < 0)
		return -1;
	canonical[got] = '\0';
	return 0;
}
