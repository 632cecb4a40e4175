/* list: all containers below the state root. */
#include "cli/commands.h"
#include "cli/info.h"
#include "cli/table.h"

#include <errno.h>
#include <string.h>

struct list_options {
	const char *format;
	bool quiet;
};

static const struct option_row list_rows[] = {
	OPTION(struct list_options, format, "format", 'f', "FORMAT", "table or json"),
	OPTION(struct list_options, quiet, "quiet", 'q', NULL, "only the ids"),
	OPTION_ROWS_END,
};

/* What the visits gather: cells of a table, or items of an array that is begun by the first. */
struct listing {
	struct table table;
	struct json_writer json;
	bool failed;
};

static void add_row(struct table *table, const struct container_info *info, bool *failed)
{
	char pid[16];
	const char *cells[] = { info->id,     pid,           container_status_names[info->status],
		                info->bundle, info->created, info->owner };

	snprintf(pid, sizeof(pid), "%d", (int)info->pid);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		if (table_add(table, cells[i] ? cells[i] : "") < 0)
			*failed = true;
}

static void visit_quiet(void *context, const struct container_info *info)
{
	(void)context;
	puts(info->id);
}

static void visit_table(void *context, const struct container_info *info)
{
	struct listing *listing = context;

	add_row(&listing->table, info, &listing->failed);
}

static void visit_json(void *context, const struct container_info *info)
{
	struct listing *listing = context;

	if (listing->json.depth == 0)
		writer_begin_array(&listing->json, NULL);
	info_print(&listing->json, info, info->owner);
}

static int list_table(const struct runtime *runtime, struct ironbox_error *error)
{
	static const char *const titles[] = { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" };
	struct listing listing = { .table = TABLE_NONE(sizeof(titles) / sizeof(titles[0])) };
	int result;

	for (size_t i = 0; i < listing.table.columns; i++)
		if (table_add(&listing.table, titles[i]) < 0)
			listing.failed = true;
	result = container_list(runtime, visit_table, &listing, error);
	if (result == 0 && listing.failed)
		result = error_begin(error, ENOMEM, "keep the list");
	if (result == 0)
		table_print(&listing.table, stdout);
	table_free(&listing.table);
	return result;
}

static int list_json(const struct runtime *runtime, struct ironbox_error *error)
{
	struct listing listing = { .json.out = stdout };

	if (container_list(runtime, visit_json, &listing, error) < 0)
		return -1;
	if (listing.json.depth > 0)
		writer_end_array(&listing.json);
	else
		writer_null(&listing.json, NULL); /* as runc says that there are none */
	putchar('\n');
	return 0;
}

static int run_list(struct invocation *invocation, struct ironbox_error *error)
{
	const struct list_options *options = invocation->options;
	int result;

	if (options->quiet)
		result = container_list(invocation->runtime, visit_quiet, NULL, error);
	else if (strcmp(options->format, "table") == 0)
		result = list_table(invocation->runtime, error);
	else if (strcmp(options->format, "json") == 0)
		result = list_json(invocation->runtime, error);
	else
		return error_begin(error, 0, "list: --format %s: neither table nor json",
		                   options->format);
	if (result == 0 && output_end(stdout) < 0)
		return error_begin(error, errno, "write the list");
	return result;
}

const struct command list_command = {
	.name = "list",
	.arguments = "",
	.summary = "list the containers below the state root",
	.reach = REACH_STATE,
	.options = list_rows,
	.defaults = &(const struct list_options){ .format = "table" },
	.options_size = sizeof(struct list_options),
	.run = run_list,
};
