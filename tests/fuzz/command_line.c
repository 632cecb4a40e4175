/* A command line: the first byte picks the verb, whose table of options is asked; a line a word. */
#include <string.h>

#include "cli/command.h"
#include "cli/globals.h"
#include "harness.h"
#include "paper_host.h"

#define WORDS_MAX 64

struct line {
	char *words[WORDS_MAX + 1];
	size_t count;
};

static void read_line(struct line *line, struct input *input)
{
	while (input->left && line->count < WORDS_MAX)
		line->words[line->count++] = input_text(input, '\n');
}

/* What is no option is one of the words, in their order. */
static void check_arguments(const struct line *line, char **vector, int count)
{
	size_t at = 0;

	for (int i = 0; i < count; i++) {
		while (at < line->count && line->words[at] != vector[i])
			at++;
		CHECK(at++ < line->count, "argument %d is no word, or out of order", i);
	}
	CHECK(!vector[count], "no NULL at the end");
}

/* Behind a "--" all of them are arguments. */
static void check_again(const struct option_row *rows, void *values, char **arguments, int count)
{
	char dashes[] = "--", *vector[WORDS_MAX + 2] = { dashes };
	struct option_parse parse = { .rows = rows, .values = values };
	ERROR_NONE(error);

	memcpy(vector + 1, arguments, (size_t)(count + 1) * sizeof(*vector));
	CHECK(options_parse(&parse, vector, &error) == count, "%s", error_text(&error));
	CHECK(memcmp(vector, arguments, (size_t)count * sizeof(*vector)) == 0, "changed");
}

static void check_lists(const struct option_row *rows, const void *values)
{
	for (; rows && rows->name; rows++) {
		const struct option_list *list =
			(const void *)((const char *)values + rows->offset);

		if (rows->kind != OPTION_LIST || !list->items)
			continue;
		for (size_t i = 0; i < list->count; i++)
			CHECK(list->items[i], "--%s: item %zu", rows->name, i);
		CHECK(!list->items[list->count], "--%s: no NULL at the end", rows->name);
	}
}

static void parse_line(const struct option_row *rows, size_t size, bool argument_ends,
                       const struct line *line)
{
	cleanup_free void *values = calloc(1, size + 1), *none = calloc(1, size + 1);
	struct option_parse parse = {
		.rows = rows,
		.values = values,
		.argument_ends = argument_ends,
	};
	char *vector[WORDS_MAX + 1];
	ERROR_NONE(error);
	int count;

	CHECK(values && none, "no memory");
	memcpy(vector, line->words, sizeof(vector));
	count = options_parse(&parse, vector, &error);
	if (count < 0)
		paper_host_check_error(&error);
	if (count >= 0)
		check_arguments(line, vector, count);
	if (count >= 0 && !parse.help)
		check_again(rows, none, vector, count);
	check_lists(rows, values);
	options_free(rows, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct line line = { .count = 0 };
	size_t verbs = 0, picked;

	while (commands[verbs])
		verbs++;
	picked = input_choice(&input, verbs + 1);
	read_line(&line, &input);
	if (picked == verbs)
		parse_line(global_rows, sizeof(struct global_options), true, &line);
	else
		parse_line(commands[picked]->options, commands[picked]->options_size,
		           commands[picked]->argument_ends_options, &line);
	for (size_t i = 0; i < line.count; i++)
		free(line.words[i]);
	return 0;
}
