/* events: statistics and out-of-memory events, a JSON object a line. */
#include "cli/commands.h"
#include "cli/writer.h"

#include <errno.h>

#include <ironbox/cleanup.h>

struct events_options {
	struct option_duration interval;
	bool stats;
};

static const struct option_row events_rows[] = {
	OPTION(struct events_options, interval, "interval", 0, "DURATION",
	       "time between two statistics (default: 5s)"),
	OPTION(struct events_options, stats, "stats", 0, NULL, "print the statistics once"),
	OPTION_ROWS_END,
};

/* id and type are plain words, json is JSON: nothing here needs quoting. */
static int print_event(const char *id, const char *type, const char *json)
{
	printf("{\"type\":\"%s\",\"id\":\"%s\"", type, id);
	if (json)
		printf(",\"data\":%s", json);
	puts("}");
	return output_end(stdout); /* a line at a time: the reader waits for it */
}

static int visit_event(void *context, const char *type, const char *json)
{
	return print_event(context, type, json) < 0 ? 1 : 0;
}

static int print_stats(const struct runtime *runtime, const char *id, struct ironbox_error *error)
{
	cleanup_free char *json = NULL;

	if (container_stats(runtime, id, &json, error) < 0)
		return -1;
	if (print_event(id, "stats", json) < 0)
		return error_begin(error, errno, "events %s: write a line", id);
	return 0;
}

static int run_events(struct invocation *invocation, struct ironbox_error *error)
{
	const struct events_options *options = invocation->options;
	char *id = invocation->arguments[0];

	if (options->stats)
		return print_stats(invocation->runtime, id, error);
	if (options->interval.ms == 0 || options->interval.ms > UINT32_MAX)
		return error_begin(error, 0,
		                   "events %s: --interval must be more than 0, and below %u s", id,
		                   UINT32_MAX / 1000);
	return container_events(invocation->runtime, id, (unsigned)options->interval.ms,
	                        visit_event, id, error);
}

const struct command events_command = {
	.name = "events",
	.arguments = "ID",
	.summary = "print statistics, and when memory ran out, as JSON lines",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.options = events_rows,
	.defaults = &(const struct events_options){ .interval.ms = 5000 },
	.options_size = sizeof(struct events_options),
	.run = run_events,
};
