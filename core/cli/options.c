/* Parses a command line by its table. */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"
#include "cli/units.h"

/* One option as it stands on the command line, cut into its parts. */
struct given {
	const char *text; /* as typed, for errors; up to the '=' if there is one */
	int text_size;
	const char *name; /* without its dashes; not terminated */
	size_t name_size;
	const char *value; /* behind the '=', or NULL */
	bool two_dashes;
};

static const struct option_row help_row = { .name = "help", .letter = 'h', .kind = OPTION_FLAG };

static bool is_option(const char *text);
static int read_option(struct option_parse *parse, char ***next, struct ironbox_error *error);
static struct given cut(const char *text);
static const struct option_row *find_row(const struct option_row *rows, const struct given *given);
static int unknown_option(const struct option_row *rows, const struct given *given,
                          struct ironbox_error *error);
static int set_flag(bool *out, const struct given *given, struct ironbox_error *error);
static int set_value(const struct option_parse *parse, const struct option_row *row,
                     const char *value, struct ironbox_error *error);
static const char *default_of(const struct option_parse *parse, const struct option_row *row);
static int add_to_list(struct option_list *list, const char *value);

int options_parse(struct option_parse *parse, char **vector, struct ironbox_error *error)
{
	char **next = vector;
	int count = 0;
	bool options_over = false;

	while (*next) {
		if (options_over || !is_option(*next)) {
			vector[count++] = *next++;
			options_over = options_over || parse->argument_ends;
		} else if (strcmp(*next, "--") == 0) {
			next++;
			options_over = true;
		} else if (read_option(parse, &next, error) < 0) {
			return -1;
		} else if (parse->help) {
			break;
		}
	}
	vector[count] = NULL;
	return count;
}

void options_free(const struct option_row *rows, void *values)
{
	for (; rows && rows->name; rows++)
		if (rows->kind == OPTION_LIST)
			free(((struct option_list *)((char *)values + rows->offset))->items);
}

/* A lone dash is an argument: it stands for standard input. */
static bool is_option(const char *text)
{
	return text[0] == '-' && text[1] != '\0';
}

/* "" is not given, as with runc: scripts write --pid-file "$PID_FILE". */
static bool is_empty_text(const struct option_row *row, const char *value)
{
	return row->kind == OPTION_STRING && !row->takes_empty && value && !*value;
}

static int read_option(struct option_parse *parse, char ***next, struct ironbox_error *error)
{
	struct given given = cut(*(*next)++);
	const struct option_row *row = find_row(parse->rows, &given);
	bool on = true;

	if (!row)
		return unknown_option(parse->rows, &given, error);
	if (row->kind == OPTION_FLAG && set_flag(&on, &given, error) < 0)
		return -1;
	if (row == &help_row) {
		parse->help = on;
		return 0;
	}
	if (row->kind != OPTION_FLAG && !given.value)
		given.value = **next ? *(*next)++ : NULL;
	/* `--systemd-cgroup=false` and `--criu ""` ask for nothing */
	if (row->refused && on && !is_empty_text(row, given.value))
		return error_begin(error, 0, "--%s %s", row->name, row->refused);
	if (row->refused)
		return 0;
	if (row->kind == OPTION_FLAG) {
		*(bool *)((char *)parse->values + row->offset) = on;
		return 0;
	}
	if (!given.value)
		return error_begin(error, 0, "%.*s needs a value: %s", given.text_size, given.text,
		                   row->metavar);
	if (set_value(parse, row, given.value, error) < 0)
		return error_context(error, "%.*s", given.text_size, given.text);
	return 0;
}

static struct given cut(const char *text)
{
	struct given given = { .text = text, .two_dashes = text[1] == '-' };
	const char *equals = strchr(text, '=');
	size_t size = equals ? (size_t)(equals - text) : strlen(text);

	given.text_size = (int)size;
	given.name = text + (given.two_dashes ? 2 : 1);
	given.name_size = size - (given.two_dashes ? 2 : 1);
	given.value = equals ? equals + 1 : NULL;
	return given;
}

static bool is_row(const struct option_row *row, const struct given *given)
{
	if (given->name_size == 1 && !given->two_dashes)
		return row->letter && given->name[0] == row->letter;
	return strlen(row->name) == given->name_size &&
	       memcmp(row->name, given->name, given->name_size) == 0;
}

static const struct option_row *find_row(const struct option_row *rows, const struct given *given)
{
	for (; rows && rows->name; rows++)
		if (is_row(rows, given))
			return rows;
	return is_row(&help_row, given) ? &help_row : NULL;
}

static int unknown_option(const struct option_row *rows, const struct given *given,
                          struct ironbox_error *error)
{
	struct suggestion suggestion = suggest_for(given->name, given->name_size);

	for (; rows && rows->name; rows++)
		if (!rows->hidden && !rows->refused)
			suggest_word(&suggestion, rows->name);
	suggest_word(&suggestion, help_row.name);
	if (suggestion.best)
		return error_begin(error, 0, "unknown option %.*s (did you mean --%s?)",
		                   given->text_size, given->text, suggestion.best);
	return error_begin(error, 0, "unknown option %.*s", given->text_size, given->text);
}

/* The words that Go's strconv.ParseBool takes: what callers of runc may write. */
static int set_flag(bool *out, const struct given *given, struct ironbox_error *error)
{
	static const char *const words[][2] = { { "false", "true" }, { "0", "1" },
		                                { "f", "t" },        { "F", "T" },
		                                { "FALSE", "TRUE" }, { "False", "True" } };

	if (!given->value)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (int is_true = 0; is_true < 2; is_true++)
			if (strcmp(given->value, words[i][is_true]) == 0) {
				*out = is_true;
				return 0;
			}
	return error_begin(error, 0, "%.*s: \"%s\" is neither true nor false", given->text_size,
	                   given->text, given->value);
}

static int set_value(const struct option_parse *parse, const struct option_row *row,
                     const char *value, struct ironbox_error *error)
{
	void *member = (char *)parse->values + row->offset;
	uint64_t number;

	switch (row->kind) {
	case OPTION_STRING:
		*(const char **)member = is_empty_text(row, value) ? default_of(parse, row) : value;
		return 0;
	case OPTION_LIST:
		if (add_to_list(member, value) < 0)
			return error_begin(error, errno, "make room for a value");
		return 0;
	case OPTION_COUNT:
		if (number_from_text(value, UINT32_MAX, &number) < 0)
			return error_begin(error, 0, "\"%s\" is not a number of 0 or more", value);
		*(uint32_t *)member = (uint32_t)number;
		return 0;
	case OPTION_DURATION:
		if (duration_from_text(value, &((struct option_duration *)member)->ms) < 0)
			return error_begin(error, 0, "\"%s\" is not a duration such as 5s or 1m30s",
			                   value);
		return 0;
	case OPTION_FLAG:
	case OPTION_END:
		break; /* a flag takes no value here, an end is no row */
	}
	return 0;
}

static const char *default_of(const struct option_parse *parse, const struct option_row *row)
{
	const char *defaults = parse->defaults;

	return defaults ? *(const char *const *)(const void *)(defaults + row->offset) : NULL;
}

static int add_to_list(struct option_list *list, const char *value)
{
	const char **items = reallocarray(list->items, list->count + 2, sizeof(*items));

	if (!items)
		return -1;
	items[list->count++] = value;
	items[list->count] = NULL;
	list->items = items;
	return 0;
}
