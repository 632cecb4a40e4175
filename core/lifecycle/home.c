#include "lifecycle/home.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/path.h"

#define PASSWD_SIZE_MAX  (1 << 20)
#define PASSWD_LINES_MAX 4096

/* A fifo must not block us, a device not be touched: only a regular file is read. */
static char *read_passwd(void)
{
	cleanup_close int fd = path_open(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY,
	                                 0, RESOLVE_NO_MAGICLINKS);
	struct stat status;
	size_t size;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return NULL;
	return file_read(fd, PASSWD_SIZE_MAX, &size);
}

/* The n-th field of a line that ends in '\0', by passwd(5); it is cut out in place. */
static char *field_of(char *line, int number)
{
	while (number-- > 0) {
		line = strchr(line, ':');
		if (!line)
			return NULL;
		line++;
	}
	line[strcspn(line, ":")] = '\0';
	return line;
}

static bool is_number(const char *text, uid_t number)
{
	char decimal[16];

	snprintf(decimal, sizeof(decimal), "%u", number);
	return !strcmp(text, decimal);
}

char *home_of(uid_t uid)
{
	cleanup_free char *text = read_passwd();

	return home_from_passwd(text, uid);
}

char *home_from_passwd(char *text, uid_t uid)
{
	const char *home = "/";
	char *line = text, *next, *result;
	int lines;

	for (lines = 0; line && *line && lines < PASSWD_LINES_MAX; line = next, lines++) {
		char *folder, *number;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		folder = field_of(line, 5); /* from the back: each cut ends the line */
		number = folder ? field_of(line, 2) : NULL;
		if (number && is_number(number, uid) && folder[0] == '/') {
			home = folder;
			break;
		}
	}
	return asprintf(&result, "HOME=%s", home) < 0 ? NULL : result;
}
