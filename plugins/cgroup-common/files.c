/* Reads and writes the files of a cgroup. */
#include "files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

static int write_whole(int cgroup_fd, const char *file, const char *value)
{
	cleanup_close int fd = openat(cgroup_fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t size = strlen(value);
	ssize_t written;

	if (fd < 0)
		return -1;
	/* kernfs takes a value in one piece: a second write(2) would be a value of its own */
	written = write(fd, value, size);
	if (written >= 0 && (size_t)written != size)
		errno = EIO;
	return written >= 0 && (size_t)written == size ? 0 : -1;
}

/* The controller is what the name begins with; cgroup.freeze and its like belong to none. */
static int fail_to_write(const struct ironbox_stage *stage, const char *file, const char *value,
                         const char *field, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	int code = errno;
	int shown = (int)strcspn(value, "\n"); /* of several lines the first */

	if (shown > 128)
		shown = 128;
	if (field)
		host->fail(error, code, "write %.*s to %s (%s)", shown, value, file, field);
	else
		host->fail(error, code, "write %.*s to %s", shown, value, file);
	if (strncmp(file, "cgroup.", strlen("cgroup.")) != 0)
		host->context(error, "%.*s", (int)strcspn(file, "."), file);
	errno = code;
	return -1;
}

int cgroup_write(const struct ironbox_stage *stage, int cgroup_fd, const char *file,
                 const char *value, const char *field, struct ironbox_error *error)
{
	if (write_whole(cgroup_fd, file, value) < 0)
		return fail_to_write(stage, file, value, field, error);
	return 0;
}

int cgroup_write_number(const struct ironbox_stage *stage, int cgroup_fd, const char *file,
                        int64_t value, const char *field, struct ironbox_error *error)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	return cgroup_write(stage, cgroup_fd, file, text, field, error);
}

ssize_t cgroup_read(int cgroup_fd, const char *file, char *text, size_t size)
{
	cleanup_close int fd = openat(cgroup_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	/* read(2) of a seq_file may come in pieces; a short read is not yet the end */
	while (length < size && (got = read(fd, text + length, size - length)) != 0) {
		if (got < 0)
			return -1;
		length += (size_t)got;
	}
	if (length == size) {
		errno = EFBIG;
		return -1;
	}
	if (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return (ssize_t)length;
}

bool cgroup_parse_number(const char *text, uint64_t *value, const char **end)
{
	uint64_t number = 0;
	const char *at = text;

	if (strncmp(at, "max", 3) == 0) {
		number = CGROUP_NO_LIMIT;
		at += 3;
	} else {
		for (; *at >= '0' && *at <= '9'; at++)
			if (__builtin_mul_overflow(number, 10, &number) ||
			    __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
				return false;
	}
	if (at == text || (*at && !isspace((unsigned char)*at)))
		return false;
	*value = number;
	if (end)
		*end = at;
	return true;
}

int cgroup_read_number(int cgroup_fd, const char *file, uint64_t *value)
{
	char text[64];

	if (cgroup_read(cgroup_fd, file, text, sizeof(text)) < 0)
		return -1;
	if (!cgroup_parse_number(text, value, NULL)) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

void cgroup_visit_keys(const char *text, cgroup_key_visit *visit, void *context)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		size_t key = strcspn(text, " \n");
		const char *end;
		uint64_t value;

		if (key > 0 && key < line && cgroup_parse_number(text + key + 1, &value, &end) &&
		    end == text + line)
			visit(context, text, key, value);
		text += line + (text[line] == '\n');
	}
}

struct search {
	const char *key;
	uint64_t value;
	bool found;
};

static void compare_key(void *context, const char *key, size_t key_length, uint64_t value)
{
	struct search *search = context;

	if (strlen(search->key) != key_length || memcmp(search->key, key, key_length) != 0)
		return;
	search->value = value;
	search->found = true;
}

bool cgroup_find_key(const char *text, const char *key, uint64_t *value)
{
	struct search search = { .key = key };

	cgroup_visit_keys(text, compare_key, &search);
	if (search.found)
		*value = search.value;
	return search.found;
}
