/* Typed settings from a section of ironbox.ini, by the tables that also read the spec. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/ini.h"

const struct config_entry *config_find(const struct config *config, const char *section,
                                       const char *key)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct config_entry *entry = &config->entries[i];

		if (strcmp(entry->key, key) == 0 && strcmp(entry->section, section) == 0)
			return entry;
	}
	return NULL;
}

struct number_range {
	int64_t least;
	uint64_t most;
};

static const struct number_range ranges[] = {
	[IRONBOX_INT32] = { INT32_MIN, INT32_MAX },
	[IRONBOX_UINT32] = { 0, UINT32_MAX },
	[IRONBOX_INT64] = { INT64_MIN, INT64_MAX },
	[IRONBOX_UINT64] = { 0, UINT64_MAX },
};

/* Digits alone, with a '-' in front where the range has room for it. False: no such number. */
static bool number_parse(const char *text, const struct number_range *range, uint64_t *bits)
{
	const char *digits = text + (*text == '-');
	uint64_t magnitude, deepest = 0 - (uint64_t)range->least;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return false;
	errno = 0;
	magnitude = strtoull(digits, NULL, 10);
	if (errno || magnitude > (*text == '-' ? deepest : range->most))
		return false;
	*bits = *text == '-' ? 0 - magnitude : magnitude;
	return true;
}

static int read_number(const struct config *config, const struct config_entry *entry,
                       enum ironbox_kind kind, void *out, struct ironbox_error *error)
{
	const struct number_range *range = &ranges[kind];
	uint64_t bits;

	if (!number_parse(entry->value, range, &bits))
		return ini_fail(config, entry, error, "expected an integer from %lld to %llu",
		                (long long)range->least, (unsigned long long)range->most);
	if (kind == IRONBOX_INT32 || kind == IRONBOX_UINT32)
		*(uint32_t *)out = (uint32_t)bits;
	else
		*(uint64_t *)out = bits;
	return 0;
}

static int read_entry(const struct config *config, const struct config_entry *entry,
                      const struct ironbox_field *field, void *out, struct ironbox_error *error)
{
	switch (field->kind) {
	case IRONBOX_BOOL:
		if (strcmp(entry->value, "yes") != 0 && strcmp(entry->value, "no") != 0)
			return ini_fail(config, entry, error, "expected yes or no");
		*(bool *)out = *entry->value == 'y';
		return 0;
	case IRONBOX_INT32:
	case IRONBOX_UINT32:
	case IRONBOX_INT64:
	case IRONBOX_UINT64:
		return read_number(config, entry, field->kind, out, error);
	case IRONBOX_STRING:
		*(const char **)out = entry->value;
		return 0;
	case IRONBOX_VALUE:
	case IRONBOX_END:
		break;
	}
	return ini_fail(config, entry, error, "an ini file has no values of kind %d", field->kind);
}

static const struct ironbox_field *find_field(const struct ironbox_field *fields, const char *key)
{
	for (; fields->kind != IRONBOX_END; fields++)
		if (strcmp(fields->name, key) == 0)
			return fields;
	return NULL;
}

static bool is_listed(const char *const *words, const char *word)
{
	for (; words && *words; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static int check_required(const struct config *config, const char *section,
                          const struct ironbox_field *fields, struct ironbox_error *error)
{
	for (; fields->kind != IRONBOX_END; fields++)
		if (fields->required && !config_find(config, section, fields->name))
			return error_begin(error, 0, "%s: [%s] %s: missing",
			                   config->path ? config->path : "ironbox.ini", section,
			                   fields->name);
	return 0;
}

int config_read(const struct config *config, const char *section,
                const struct ironbox_field *fields, const char *const *common, void *out,
                struct ironbox_error *error)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct config_entry *entry = &config->entries[i];
		const struct ironbox_field *field;

		if (strcmp(entry->section, section) != 0 || is_listed(common, entry->key))
			continue;
		field = find_field(fields, entry->key);
		if (!field)
			return ini_fail(config, entry, error, "no such key");
		if (read_entry(config, entry, field, (char *)out + field->offset, error) < 0)
			return -1;
		if (field->has_offset != IRONBOX_NO_HAS)
			*(bool *)((char *)out + field->has_offset) = true;
	}
	return check_required(config, section, fields, error);
}
