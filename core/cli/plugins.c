/* plugins: each stage of the pipeline as ironbox.ini has it, and what this kernel lacks for it. */
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/writer.h"

#include <errno.h>
#include <string.h>

struct plugins_options {
	const char *format;
};

static const struct option_row plugins_rows[] = {
	OPTION(struct plugins_options, format, "format", 'f', "FORMAT", "table or json"),
	OPTION_ROWS_END,
};

/* "on", "off", or "broken" for a module that can't be loaded. */
static const char *stage_state(const struct stage_info *info)
{
	if (!info->enabled)
		return "off";
	return info->problem ? "broken" : "on";
}

/* The last column: why it is broken, or what it lacks. */
static void print_lacks(FILE *out, const struct stage_info *info)
{
	const char *const *lack = info->lacks;

	if (info->problem) {
		fputs(info->problem, out);
		return;
	}
	if (!lack || !*lack) {
		fputs("-", out);
		return;
	}
	for (; *lack; lack++)
		fprintf(out, "%s%s", lack == info->lacks ? "" : ", ", *lack);
}

/* "linux.seccomp", "always", "by checkpoint restore" */
static const char *wakes_on(const struct stage_info *info, char *text, size_t size)
{
	const char *verbs = info->verbs ? info->verbs : "";

	if (!info->wakes_on) /* no manifest was read */
		return "-";
	if (!*verbs)
		return *info->wakes_on ? info->wakes_on : "always";
	snprintf(text, size, "%s%sby %s", info->wakes_on, *info->wakes_on ? " " : "", verbs);
	return text;
}

struct plugins_listing {
	struct table table;
	bool failed;
};

static void add_cell(struct plugins_listing *listing, const char *text)
{
	if (table_add(&listing->table, text && *text ? text : "-") < 0)
		listing->failed = true;
}

static void visit_row(void *context, const struct stage_info *info)
{
	struct plugins_listing *listing = context;
	char abi[32], lacks[1024] = "", wakes[512];
	FILE *out = fmemopen(lacks, sizeof(lacks), "w");

	snprintf(abi, sizeof(abi), "%u.%u", info->abi_major, info->abi_minor);
	if (out) {
		print_lacks(out, info);
		fclose(out); /* memory: what did not fit is cut */
		lacks[sizeof(lacks) - 1] = '\0';
	} else {
		listing->failed = true;
	}
	add_cell(listing, info->name);
	add_cell(listing, info->module);
	add_cell(listing, info->version);
	add_cell(listing, info->version && *info->version ? abi : "");
	add_cell(listing, stage_state(info));
	add_cell(listing, wakes_on(info, wakes, sizeof(wakes)));
	add_cell(listing, lacks);
}

static int print_table(const struct runtime *runtime, struct ironbox_error *error)
{
	static const char *const titles[] = { "STAGE", "MODULE",   "VERSION", "ABI",
		                              "STATE", "WAKES ON", "LACKS" };
	struct plugins_listing listing = {
		.table = TABLE_NONE(sizeof(titles) / sizeof(titles[0])),
	};
	int result;

	for (size_t i = 0; i < listing.table.columns; i++)
		add_cell(&listing, titles[i]);
	result = pipeline_list(runtime, visit_row, &listing, error);
	if (result == 0 && listing.failed)
		result = error_begin(error, ENOMEM, "keep the list of plugins");
	if (result == 0)
		table_print(&listing.table, stdout);
	table_free(&listing.table);
	return result;
}

static void print_words(struct json_writer *json, const char *key, const char *words)
{
	writer_begin_array(json, key);
	while (words && *words) {
		char word[256];
		size_t size = strcspn(words, " ");

		snprintf(word, sizeof(word), "%.*s", (int)size, words);
		if (size > 0)
			writer_string(json, NULL, word);
		words += size + strspn(words + size, " ");
	}
	writer_end_array(json);
}

static void visit_json(void *context, const struct stage_info *info)
{
	static const char *const none[] = { NULL };
	struct json_writer *json = context;
	char abi[32];

	snprintf(abi, sizeof(abi), "%u.%u", info->abi_major, info->abi_minor);
	writer_begin_object(json, NULL);
	writer_string(json, "stage", info->name);
	writer_string(json, "module", info->module ? info->module : "");
	writer_string(json, "path", info->path ? info->path : "");
	writer_string(json, "version", info->version ? info->version : "");
	writer_string(json, "abi", abi);
	writer_bool(json, "enabled", info->enabled);
	print_words(json, "wakesOn", info->wakes_on);
	print_words(json, "verbs", info->verbs);
	writer_strings(json, "lacks", info->lacks ? info->lacks : none);
	if (info->problem)
		writer_string(json, "problem", info->problem);
	writer_end_object(json);
}

static int print_json(const struct runtime *runtime, struct ironbox_error *error)
{
	struct json_writer json = { .out = stdout, .indent = "  " };
	int result;

	writer_begin_array(&json, NULL);
	result = pipeline_list(runtime, visit_json, &json, error);
	writer_end_array(&json);
	putchar('\n');
	return result;
}

static int run_plugins(struct invocation *invocation, struct ironbox_error *error)
{
	const struct plugins_options *options = invocation->options;
	int result;

	if (strcmp(options->format, "table") == 0)
		result = print_table(invocation->runtime, error);
	else if (strcmp(options->format, "json") == 0)
		result = print_json(invocation->runtime, error);
	else
		return error_begin(error, 0, "plugins: --format %s: neither table nor json",
		                   options->format);
	if (result == 0 && output_end(stdout) < 0)
		return error_begin(error, errno, "write the list of plugins");
	return result;
}

const struct command plugins_command = {
	.name = "plugins",
	.arguments = "",
	.summary = "show each stage: module, version, on or off, what wakes it, what it lacks here",
	.reach = REACH_STATE,
	.options = plugins_rows,
	.defaults = &(const struct plugins_options){ .format = "table" },
	.options_size = sizeof(struct plugins_options),
	.run = run_plugins,
};
