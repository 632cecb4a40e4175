#include "lifecycle/find_program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/explain.h"
#include "support/path.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* 0, or an errno value: can this file be executed? No magic link leads to it: /proc/self/fd/N of a
 * process that is still the runtime may lead out of the container (CVE-2024-21626). */
static int check_program(const char *path)
{
	cleanup_close int fd = path_open(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_MAGICLINKS);
	struct stat status;

	if (fd < 0)
		return errno;
	if (fstat(fd, &status) < 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return EACCES; /* as execve(2) says it, of a directory too */
	if (faccessat(fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0)
		return errno;
	return 0;
}

static const char *environment(const struct container *container, const char *name)
{
	size_t i, length = strlen(name);

	for (i = 0; i < container->process.env_count; i++)
		if (!strncmp(container->process.env[i], name, length) &&
		    container->process.env[i][length] == '=')
			return container->process.env[i] + length + 1;
	return NULL;
}

static int find_in_path(const char *name, const char *path, char **found,
                        struct ironbox_error *error)
{
	const char *folders = path ? path : DEFAULT_PATH, *folder = folders;
	int code, denied = 0;

	for (;;) {
		size_t length = strcspn(folder, ":");
		char *candidate;

		/* an empty entry is the working directory, as in environ(7) */
		if (asprintf(&candidate, "%.*s%s%s", (int)length, folder, length ? "/" : "./",
		             name) < 0)
			return error_begin(error, ENOMEM, "find %s", name);
		code = check_program(candidate);
		if (code == 0) {
			*found = candidate;
			return 0;
		}
		free(candidate);
		denied |= code == EACCES;
		if (!folder[length])
			break;
		folder += length + 1;
	}
	/* the folders themselves are what an empty name finds */
	return explain_not_in_path(name, folders, !path, denied && *name, error);
}

int find_program(const struct container *container, char **path, struct ironbox_error *error)
{
	const char *name = container->process.args[0];
	int code;

	*path = NULL;
	if (!strchr(name, '/'))
		return find_in_path(name, environment(container, "PATH"), path, error);
	code = check_program(name);
	if (code != 0)
		return explain_unusable(name, code, error);
	*path = strdup(name);
	return *path ? 0 : error_begin(error, errno, "keep the program's path");
}
