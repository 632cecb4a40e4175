/* ironbox.ini: an error has a line that is there; what is taken stands in the lines that it says.
 */
#include <string.h>

#include "config/config.h"
#include "harness.h"
#include "paper_host.h"

#define NAME "/etc/ironbox/ironbox.ini"

static unsigned count_lines(const char *text, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

static void check_error(const struct ironbox_error *error, unsigned lines)
{
	const char *text = error_text(error);
	unsigned line = 0;

	paper_host_check_error(error);
	if (strlen(text) == ERROR_TEXT_MAX - 1) /* its front was cut off */
		return;
	CHECK(sscanf(text, NAME ":%u: ", &line) == 1 && line >= 1 && line <= lines, "%s", text);
}

/* The line of that number, without its end; the caller's. */
static char *line_of(const char *text, const char *end, unsigned number)
{
	const char *line_end;

	for (; number > 1; number--)
		text = (const char *)memchr(text, '\n', (size_t)(end - text)) + 1;
	line_end = memchr(text, '\n', (size_t)(end - text));
	return bytes_copy((const uint8_t *)text, (size_t)((line_end ? line_end : end) - text));
}

static bool is_known(const struct config_entry *entry)
{
	if (strcmp(entry->section, "ironbox") == 0)
		return strcmp(entry->key, "plugin_path") == 0 ||
		       strcmp(entry->key, "state_root") == 0 ||
		       strcmp(entry->key, "on_disabled") == 0;
	return strcmp(entry->section, "pipeline") != 0 || strcmp(entry->key, "stages") == 0;
}

static void check_entries(const struct config *config, const char *text, size_t size)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct config_entry *entry = &config->entries[i];
		cleanup_free char *line = line_of(text, text + size, entry->line);

		CHECK(*entry->section && *entry->key, "an entry without a name");
		CHECK(is_known(entry), "[%s] %s", entry->section, entry->key);
		CHECK(strstr(line, entry->key) && strstr(line, entry->value), "%s: %s = %s", line,
		      entry->key, entry->value);
		CHECK(config_find(config, entry->section, entry->key) == entry, "%s twice",
		      entry->key);
	}
	for (size_t i = 0; config->stages[i]; i++)
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(config->stages[i], config->stages[j]) != 0, "%s twice",
			      config->stages[i]);
	CHECK(config->stages[0] && config->plugin_path[0] == '/', "defaults");
}

struct settings {
	bool yes;
	int32_t small;
	uint64_t large;
	const char *word;
};

/* As a stage reads its section. */
static void read_section(const struct config *config, unsigned lines)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct settings, yes, "yes"),
		IRONBOX_FIELD(struct settings, small, "small"),
		IRONBOX_FIELD(struct settings, large, "large"),
		IRONBOX_FIELD(struct settings, word, "word"),
		IRONBOX_FIELD_END,
	};
	static const char *const common[] = { "enabled", "module", "wake", NULL };
	struct settings settings = { 0 };
	ERROR_NONE(error);

	if (config_read(config, "cgroup", fields, common, &settings, &error) < 0)
		check_error(&error, lines);
}

static void check_same(const struct config *one, const struct config *other)
{
	CHECK(one->count == other->count, "%zu and %zu", one->count, other->count);
	for (size_t i = 0; i < one->count; i++)
		CHECK(strcmp(one->entries[i].value, other->entries[i].value) == 0 &&
		              one->entries[i].line == other->entries[i].line,
		      "line %u", one->entries[i].line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = bytes_copy(data, size);
	cleanup_config struct config config = CONFIG_NONE, again = CONFIG_NONE;
	unsigned lines = count_lines(text, size);
	ERROR_NONE(error);

	if (config_parse(&config, NAME, text, size, &error) < 0) {
		check_error(&error, lines);
		CHECK(!config.path && !config.entries, "refused, and yet there");
		return 0;
	}
	check_entries(&config, text, size);
	read_section(&config, lines);
	CHECK(config_parse(&again, NAME, text, size, &error) == 0, "%s", error_text(&error));
	check_same(&config, &again);
	return 0;
}
