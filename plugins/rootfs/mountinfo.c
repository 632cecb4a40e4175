/* mountinfo.c: what is mounted where, as the kernel lists it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define TEXT_MAX (4 << 20)

static char *read_text(int fd)
{
	size_t size = 0, capacity = 1 << 16;
	char *text = malloc(capacity), *grown;
	ssize_t got = 0;

	while (text && (got = read(fd, text + size, capacity - 1 - size)) > 0) {
		size += (size_t)got;
		if (capacity - 1 - size > 4096)
			continue;
		capacity *= 2;
		grown = capacity > TEXT_MAX ? NULL : realloc(text, capacity);
		if (!grown) {
			free(text);
			errno = EFBIG;
			return NULL;
		}
		text = grown;
	}
	if (text && got < 0) {
		free(text);
		return NULL;
	}
	if (text)
		text[size] = '\0';
	return text;
}

/* Blanks, tabs, newlines and backslashes stand as \040, \011, \012, \134. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
			               (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	*to = '\0';
}

/* "36 35 98:0 /root /point ro,noatime shared:1 - ext3 /dev/x rw" */
static bool parse(char *text, struct mount_line *line)
{
	char *type = strstr(text, " - "), *id = strsep(&text, " "), *parent = strsep(&text, " ");
	char *device = strsep(&text, " "), *root = strsep(&text, " "), *point = strsep(&text, " ");
	char *options = strsep(&text, " ");

	if (!type || !options)
		return false;
	type += 3;
	type[strcspn(type, " ")] = '\0';
	unescape(root);
	unescape(point);
	*line = (struct mount_line){ (int)strtol(id, NULL, 10),
		                     (int)strtol(parent, NULL, 10),
		                     device,
		                     root,
		                     point,
		                     options,
		                     type };
	return true;
}

int mount_table_read(const struct ironbox_stage *stage, struct mount_table *table,
                     const char *process, struct ironbox_error *error)
{
	char path[64], *text, *line;
	cleanup_close int fd = -1;
	size_t lines = 1;

	*table = (struct mount_table){ .text = NULL };
	snprintf(path, sizeof(path), "%s/mountinfo", process);
	fd = stage->host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	if (fd < 0)
		return -1;
	table->text = read_text(fd);
	for (text = table->text; text && *text; text++)
		lines += *text == '\n';
	table->lines = calloc(lines, sizeof(*table->lines));
	if (!table->text || !table->lines)
		return stage->host->fail(error, errno, "read /proc/%s", path);
	text = table->text;
	while ((line = strsep(&text, "\n")) && *line)
		if (parse(line, &table->lines[table->count]))
			table->count++;
	return 0;
}

void mount_table_free(struct mount_table *table)
{
	free(table->text);
	free(table->lines);
}

const struct mount_line *mount_table_at(const struct mount_table *table, int root_fd,
                                        const char *path)
{
	cleanup_close int fd = path_in_root(root_fd, path, O_PATH);
	struct statx status;
	size_t i;

	/* Linux 5.8 */
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0)
		return NULL;
	for (i = 0; i < table->count; i++)
		if ((uint64_t)table->lines[i].id == status.stx_mnt_id)
			return &table->lines[i];
	return NULL;
}

bool mount_line_has(const struct mount_line *line, const char *word)
{
	size_t length = strlen(word);
	const char *at = line->options;

	for (; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	return false;
}

const char *mount_point_below(const char *point, const char *base)
{
	size_t length = strlen(base);

	return strncmp(point, base, length) == 0 && point[length] == '/' ? point + length : NULL;
}

int init_root_open(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	char path[32];
	int fd;

	/* a magic link, which is what is wanted here; its process is held by a pidfd */
	snprintf(path, sizeof(path), "/proc/%d/root", stage->init_pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? stage->host->fail(error, errno, "open %s", path) : fd;
}
