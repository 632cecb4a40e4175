/*
 * ironbox.ini's text as entries, by inih. inih hands its handler no line numbers, so it gets the
 * text line by line from a reader that counts them.
 */
#include "config/ini.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#define LINE_SIZE_MAX 4096
#define ENTRIES_MAX   1000 /* each is compared with those before it */

struct reading {
	struct config *config;
	const char *at, *end; /* what inih has not read yet */
	char *store;          /* where the next text goes; see ini_read */
	unsigned line;        /* the one that inih is at */
	unsigned failed_line; /* 0: none did */
	struct ironbox_error *error;
};

int ini_fail(const struct config *config, const struct config_entry *entry,
             struct ironbox_error *error, const char *format, ...)
{
	char words[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	return error_begin(error, 0, "%s:%u: [%s] %s: %s", config->path, entry->line,
	                   entry->section, entry->key, words);
}

static int fail_line(struct reading *reading, const char *words)
{
	reading->failed_line = reading->line;
	return error_begin(reading->error, 0, "%s:%u: %s", reading->config->path, reading->line,
	                   words);
}

/* fgets(3) for inih: a line without its end. NULL: there are no more, or one was wrong. */
static char *next_line(char *buffer, int capacity, void *context)
{
	struct reading *reading = context;
	const char *line = reading->at, *line_end;
	size_t size;

	if (reading->failed_line || line == reading->end)
		return NULL;
	line_end = memchr(line, '\n', (size_t)(reading->end - line));
	if (!line_end)
		line_end = reading->end;
	size = (size_t)(line_end - line);
	reading->line++;
	reading->at = line_end + (line_end < reading->end);
	if (size > LINE_SIZE_MAX || size + 1 > (size_t)capacity)
		fail_line(reading, "a line longer than 4096 bytes");
	else if (memchr(line, '\0', size))
		fail_line(reading, "a NUL byte");
	if (reading->failed_line)
		return NULL;
	memcpy(buffer, line, size);
	buffer[size] = '\0';
	return buffer;
}

static const char *keep(struct reading *reading, const char *text)
{
	size_t size = strlen(text) + 1;
	char *kept = memcpy(reading->store, text, size);

	reading->store += size;
	return kept;
}

/* inih's handler. Returns 1, or 0 if the entry is wrong. */
static int take_entry(void *context, const char *section, const char *key, const char *value)
{
	struct reading *reading = context;
	struct config *config = reading->config;
	const struct config_entry *last =
		config->count ? &config->entries[config->count - 1] : NULL;
	const struct config_entry *same;
	struct config_entry entry = { .line = reading->line };

	if (!*section)
		return fail_line(reading, "a key outside of a [section]") == 0;
	if (!*key)
		return fail_line(reading, "a value without a key") == 0;
	if (config->count == ENTRIES_MAX)
		return fail_line(reading, "more than 1000 keys") == 0;
	same = config_find(config, section, key);
	entry.section = last && strcmp(last->section, section) == 0 ? last->section
	                                                            : keep(reading, section);
	entry.key = keep(reading, key);
	entry.value = keep(reading, value);
	config->entries[config->count++] = entry;
	if (!same)
		return 1;
	reading->failed_line = reading->line;
	ini_fail(config, &entry, reading->error, "given before, in line %u", same->line);
	return 0;
}

int ini_read(struct config *config, const char *text, size_t size, struct ironbox_error *error)
{
	struct reading reading = {
		.config = config, .at = text, .end = text + size, .error = error
	};
	int wrong_line;

	/* Each line's kept texts, with their NULs, are no longer than it is with its '\n'. */
	config->text = malloc(size + 4);
	/* "a=" and its '\n' are the shortest entry; one more is for the last line */
	config->entries = calloc(size / 3 < ENTRIES_MAX ? size / 3 + 1 : ENTRIES_MAX,
	                         sizeof(*config->entries));
	if (!config->text || !config->entries)
		return error_begin(error, errno, "read %s", config->path);
	reading.store = config->text;
	/* Debian's inih has variables for what upstream fixes when it is compiled. */
	ini_use_stack = false;
	ini_max_line = ini_initial_alloc = LINE_SIZE_MAX + 3;
	ini_allow_multiline = false; /* a line that begins with blanks is a line like others */
	wrong_line = ini_parse_stream(next_line, &reading, take_entry, &reading);
	if (wrong_line < 0)
		return error_begin(error, ENOMEM, "read %s", config->path);
	if (wrong_line > 0 && (!reading.failed_line || (unsigned)wrong_line < reading.failed_line))
		return error_begin(error, 0, "%s:%d: expected [SECTION] or KEY = VALUE",
		                   config->path, wrong_line);
	return reading.failed_line ? -1 : 0;
}
