/* The options of `update`, a word a line: what they ask for stands in the document that they
 * become, to the last digit. */
#include <string.h>

#include "cli/commands.h"
#include "cli/units.h"
#include "harness.h"
#include "oci/spec.h"
#include "paper_host.h"
#include "support/log.h"

#define WORDS_MAX 32

static const struct expected {
	const char *option, *path;
	enum { NUMBER, SIZE, TEXT_ITSELF } kind;
} expected[] = {
	{ "blkio-weight", "blockIO.weight", NUMBER },
	{ "cpu-period", "cpu.period", NUMBER },
	{ "cpu-quota", "cpu.quota", NUMBER },
	{ "cpu-burst", "cpu.burst", NUMBER },
	{ "cpu-idle", "cpu.idle", NUMBER },
	{ "cpu-share", "cpu.shares", NUMBER },
	{ "cpu-rt-period", "cpu.realtimePeriod", NUMBER },
	{ "cpu-rt-runtime", "cpu.realtimeRuntime", NUMBER },
	{ "cpuset-cpus", "cpu.cpus", TEXT_ITSELF },
	{ "cpuset-mems", "cpu.mems", TEXT_ITSELF },
	{ "memory", "memory.limit", SIZE },
	{ "memory-reservation", "memory.reservation", SIZE },
	{ "memory-swap", "memory.swap", SIZE },
	{ "pids-limit", "pids.limit", NUMBER },
};

/* The words of one run, for the lifecycle that update is linked with here. */
static const char *given[sizeof(expected) / sizeof(expected[0])];

static void check_one(const struct spec *resources, const struct expected *row, const char *text)
{
	const struct ironbox_value *value = spec_at(resources, row->path);
	int64_t number = 0;
	struct {
		int64_t value;
	} found = { 0 };
	const char *name = strchr(row->path, '.') + 1;
	const struct ironbox_field fields[] = {
		IRONBOX_FIELD(__typeof__(found), value, name),
		IRONBOX_FIELD_END,
	};
	char object[32];
	ERROR_NONE(error);

	CHECK(!value == !(text && *text), "--%s %s", row->option, text ? text : "not given");
	if (!value)
		return;
	if (row->kind == TEXT_ITSELF) {
		CHECK(strcmp(value_text(value), text) == 0, "--%s %s", row->option, text);
		return;
	}
	CHECK((row->kind == SIZE ? size_from_text : signed_from_text)(text, &number) == 0, "%s",
	      text);
	snprintf(object, sizeof(object), "%.*s", (int)strcspn(row->path, "."), row->path);
	CHECK(value_read(resources, spec_at(resources, object), fields, &found, &error) == 0, "%s",
	      error_text(&error));
	CHECK(found.value == number, "--%s %s", row->option, text);
}

int container_update(const struct runtime *runtime, const char *id, const struct spec *resources,
                     struct ironbox_error *error)
{
	(void)runtime;
	(void)id;
	(void)error;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		check_one(resources, &expected[i], given[i]);
	return 0;
}

/* The last one of a name counts. */
static void note(const char *word)
{
	size_t size = strcspn(word, "=");

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (word[size] && strncmp(word, "--", 2) == 0 &&
		    strlen(expected[i].option) == size - 2 &&
		    strncmp(word + 2, expected[i].option, size - 2) == 0)
			given[i] = word + size + 1;
}

static void run(char **words)
{
	cleanup_free void *values = calloc(1, update_command.options_size);
	char id[] = "web1", *arguments[] = { id, NULL };
	struct option_parse parse = { .rows = update_command.options, .values = values };
	struct invocation invocation = { .options = values, .arguments = arguments };
	ERROR_NONE(error);

	CHECK(values, "no memory");
	if (options_parse(&parse, words, &error) < 0 || update_command.run(&invocation, &error) < 0)
		paper_host_check_error(&error);
	options_free(update_command.options, values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	char *words[WORDS_MAX + 1] = { NULL }, *owned[WORDS_MAX];
	size_t count = 0, kept = 0;

	process_log.fd = LOG_NOWHERE;
	memset(given, 0, sizeof(given));
	while (input.left && count < WORDS_MAX) {
		owned[count] = input_text(&input, '\n');
		/* no files, and nothing whose value would be the next word */
		if (strncmp(owned[count], "--", 2) == 0 && strchr(owned[count], '=') &&
		    strncmp(owned[count], "--resources", strlen("--resources")) != 0) {
			note(owned[count]);
			words[kept++] = owned[count];
		}
		count++;
	}
	run(words);
	while (count > 0)
		free(owned[--count]);
	return 0;
}
