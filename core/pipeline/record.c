#include "pipeline/record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/log.h"

#define RECORD_SIZE_MAX (1 << 20)

static int remember_entry(struct record *record, const char *stage, const char *key,
                          const char *value, struct ironbox_error *error)
{
	struct record_entry entry;

	if (record->count == record->capacity) {
		size_t capacity = record->capacity ? record->capacity * 2 : 16;
		struct record_entry *grown = realloc(record->entries, capacity * sizeof(*grown));

		if (!grown)
			return error_begin(error, errno, "keep the record");
		record->entries = grown;
		record->capacity = capacity;
	}
	entry = (struct record_entry){ strdup(stage), strdup(key), strdup(value) };
	if (!entry.stage || !entry.key || !entry.value) {
		free(entry.stage);
		free(entry.key);
		free(entry.value);
		return error_begin(error, ENOMEM, "keep the record");
	}
	record->entries[record->count++] = entry;
	return 0;
}

static int read_line(struct record *record, const char *line, size_t size,
                     struct ironbox_error *error)
{
	const char *stage, *key, *value;
	json_t *array = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	int result = 0;

	if (json_unpack(array, "[s,s,s]", &stage, &key, &value) == 0)
		result = remember_entry(record, stage, key, value, error);
	else
		result = error_begin(error, 0, "%s: a line is not of ours: %.*s", RECORD_FILE,
		                     (int)(size < 80 ? size : 80), line);
	json_decref(array);
	return result;
}

static int open_record(struct record *record, int directory_fd, bool lenient,
                       struct ironbox_error *error)
{
	cleanup_free char *text = NULL;
	struct stat status;
	size_t size = 0;
	char *line, *end;

	*record = RECORD_NONE;
	record->fd =
		openat(directory_fd, RECORD_FILE,
	               O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (record->fd < 0 || fstat(record->fd, &status) < 0)
		return error_begin(error, errno, "open the container's %s", RECORD_FILE);
	if (!S_ISREG(status.st_mode))
		return error_begin(error, 0, "the container's %s is no regular file", RECORD_FILE);
	if (status.st_size == 0)
		return 0;
	text = file_read(record->fd, RECORD_SIZE_MAX, &size);
	if (!text)
		return error_begin(error, errno, "read the container's %s", RECORD_FILE);
	for (line = text; (end = memchr(line, '\n', size - (size_t)(line - text)));
	     line = end + 1) {
		if (read_line(record, line, (size_t)(end - line), error) == 0)
			continue;
		if (!lenient)
			return -1;
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(error));
	}
	record->whole = (size_t)(line - text);
	record->size = size;
	return 0;
}

int record_open(struct record *record, int directory_fd, struct ironbox_error *error)
{
	return open_record(record, directory_fd, false, error);
}

int record_open_leniently(struct record *record, int directory_fd, struct ironbox_error *error)
{
	return open_record(record, directory_fd, true, error);
}

/* A line that was cut would swallow the next one, and be foreign from then on. Only if it is still
 * the last: who writes at this moment ends it himself. */
static int drop_cut_line(struct record *record)
{
	struct stat status;

	if (record->whole == record->size)
		return 0;
	if (fstat(record->fd, &status) < 0)
		return -1;
	if ((size_t)status.st_size == record->size &&
	    ftruncate(record->fd, (off_t)record->whole) < 0)
		return -1;
	record->size = record->whole;
	return 0;
}

void record_close(struct record *record)
{
	size_t i;

	for (i = 0; i < record->count; i++) {
		free(record->entries[i].stage);
		free(record->entries[i].key);
		free(record->entries[i].value);
	}
	free(record->entries);
	ironbox_close_at_end(&record->fd);
	*record = RECORD_NONE;
}

/* The line of one entry, with its end of line; NULL: not UTF-8, or no memory. */
static char *line_of(const struct record_entry *entry, size_t *length)
{
	json_t *array = json_pack("[s,s,s]", entry->stage, entry->key, entry->value);
	char *text = array ? json_dumps(array, JSON_COMPACT) : NULL;

	json_decref(array);
	if (!text)
		return NULL;
	*length = strlen(text);
	text[(*length)++] = '\n'; /* in the place of the NUL */
	return text;
}

int record_add_all(struct record *record, const struct record_entry *entries, size_t count,
                   struct ironbox_error *error)
{
	cleanup_free char *lines = NULL;
	size_t i, size = 0, length = 0;

	for (i = 0; i < count; i++) {
		cleanup_free char *line = line_of(&entries[i], &length);
		char *grown = line ? realloc(lines, size + length) : NULL;

		if (!grown)
			return error_begin(error, 0, "record %s of %s: not UTF-8, or no memory",
			                   entries[i].key, entries[i].stage);
		lines = grown;
		memcpy(lines + size, line, length);
		size += length;
		if (remember_entry(record, entries[i].stage, entries[i].key, entries[i].value,
		                   error) < 0)
			return -1;
	}
	if (record->fd >= 0 &&
	    (drop_cut_line(record) < 0 || file_write_all(record->fd, lines, size) < 0))
		return error_begin(error, errno, "write the container's %s", RECORD_FILE);
	return 0;
}

int record_add(struct record *record, const char *stage, const char *key, const char *value,
               struct ironbox_error *error)
{
	/* the entry's members are only read */
	const struct record_entry entry = { (char *)(uintptr_t)stage, (char *)(uintptr_t)key,
		                            (char *)(uintptr_t)value };

	return record_add_all(record, &entry, 1, error);
}

const char *record_find(const struct record *record, const char *stage, const char *key)
{
	size_t i;

	for (i = record->count; i-- > 0;)
		if (!strcmp(record->entries[i].stage, stage) &&
		    !strcmp(record->entries[i].key, key))
			return record->entries[i].value;
	return NULL;
}
