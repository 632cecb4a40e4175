#include "lifecycle/pid_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "support/file.h"

int pid_file_write(const char *path, pid_t pid, struct ironbox_error *error)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	cleanup_close int folder_fd = -1;
	char text[16];

	if (!folder)
		return error_begin(error, errno, "write the pid file %s", path);
	folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(text, sizeof(text), "%d", (int)pid);
	if (folder_fd < 0 ||
	    file_replace(folder_fd, slash ? slash + 1 : path, text, strlen(text), 0644) < 0)
		return error_begin(error, errno, "write the pid file %s", path);
	return 0;
}
