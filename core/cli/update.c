/* update: new limits for a container, from a document or from options, which become a document. */
#include "cli/commands.h"
#include "cli/units.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>
#include <jansson.h>

#include "oci/spec.h"
#include "support/file.h"
#include "support/log.h"

#define RESOURCES_MAX (1 << 20) /* bytes of a document: callers send some hundred */

struct update_options {
	const char *resources;
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_idle, *cpu_share;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap, *pids_limit;
	const char *kernel_memory, *kernel_memory_tcp, *l3_cache_schema, *mem_bw_schema;
};

#define LIMIT(member, name, value, text) OPTION(struct update_options, member, name, 0, value, text)

static const struct option_row update_rows[] = {
	OPTION(struct update_options, resources, "resources", 'r', "FILE",
	       "the spec's linux.resources as JSON; - is standard input"),
	LIMIT(blkio_weight, "blkio-weight", "WEIGHT", "weight of its I/O, 10 to 1000"),
	LIMIT(cpu_period, "cpu-period", "USEC", "period of the CPU limit"),
	LIMIT(cpu_quota, "cpu-quota", "USEC", "CPU time in a period; -1 for no limit"),
	LIMIT(cpu_burst, "cpu-burst", "USEC", "CPU time that may be saved up"),
	LIMIT(cpu_idle, "cpu-idle", "0|1", "run only when no one else does"),
	LIMIT(cpu_share, "cpu-share", "SHARES", "weight of its CPU time, 2 to 262144"),
	LIMIT(cpu_rt_period, "cpu-rt-period", "USEC", "period of the realtime limit"),
	LIMIT(cpu_rt_runtime, "cpu-rt-runtime", "USEC", "realtime in a period"),
	LIMIT(cpuset_cpus, "cpuset-cpus", "LIST", "CPUs to run on, such as 0-3,7"),
	LIMIT(cpuset_mems, "cpuset-mems", "LIST", "memory nodes to use"),
	LIMIT(memory, "memory", "BYTES", "memory limit; k, m, g are powers of 1024"),
	LIMIT(memory_reservation, "memory-reservation", "BYTES", "soft memory limit"),
	LIMIT(memory_swap, "memory-swap", "BYTES", "memory and swap together; -1 for no limit"),
	LIMIT(pids_limit, "pids-limit", "N", "most processes; -1 for no limit"),
	{ OPTION_ROW(struct update_options, kernel_memory), .name = "kernel-memory",
	  .metavar = "BYTES", .help = "ignored", .hidden = true },
	{ OPTION_ROW(struct update_options, kernel_memory_tcp), .name = "kernel-memory-tcp",
	  .metavar = "BYTES", .help = "ignored", .hidden = true },
	{ OPTION_ROW(struct update_options, l3_cache_schema), .name = "l3-cache-schema",
	  .metavar = "SCHEMA", .help = "(not there yet)",
	  .refused = "is not there yet: no stage does intelRdt" },
	{ OPTION_ROW(struct update_options, mem_bw_schema), .name = "mem-bw-schema",
	  .metavar = "SCHEMA", .help = "(not there yet)",
	  .refused = "is not there yet: no stage does intelRdt" },
	OPTION_ROWS_END,
};

/* Where an option's value stands in linux.resources. */
enum limit_kind {
	LIMIT_NUMBER,
	LIMIT_SIZE,
	LIMIT_TEXT,
};

static const struct limit {
	uint32_t offset;
	const char *option, *object, *member;
	enum limit_kind kind;
} limits[] = {
#define ROW(member, option, object, name, kind)                                     \
	{                                                                           \
		offsetof(struct update_options, member), option, object, name, kind \
	}
	ROW(blkio_weight, "--blkio-weight", "blockIO", "weight", LIMIT_NUMBER),
	ROW(cpu_period, "--cpu-period", "cpu", "period", LIMIT_NUMBER),
	ROW(cpu_quota, "--cpu-quota", "cpu", "quota", LIMIT_NUMBER),
	ROW(cpu_burst, "--cpu-burst", "cpu", "burst", LIMIT_NUMBER),
	ROW(cpu_idle, "--cpu-idle", "cpu", "idle", LIMIT_NUMBER),
	ROW(cpu_share, "--cpu-share", "cpu", "shares", LIMIT_NUMBER),
	ROW(cpu_rt_period, "--cpu-rt-period", "cpu", "realtimePeriod", LIMIT_NUMBER),
	ROW(cpu_rt_runtime, "--cpu-rt-runtime", "cpu", "realtimeRuntime", LIMIT_NUMBER),
	ROW(cpuset_cpus, "--cpuset-cpus", "cpu", "cpus", LIMIT_TEXT),
	ROW(cpuset_mems, "--cpuset-mems", "cpu", "mems", LIMIT_TEXT),
	ROW(memory, "--memory", "memory", "limit", LIMIT_SIZE),
	ROW(memory_reservation, "--memory-reservation", "memory", "reservation", LIMIT_SIZE),
	ROW(memory_swap, "--memory-swap", "memory", "swap", LIMIT_SIZE),
	ROW(pids_limit, "--pids-limit", "pids", "limit", LIMIT_NUMBER),
#undef ROW
};

#define LIMITS_COUNT (sizeof(limits) / sizeof(limits[0]))

static int resources_from_file(struct spec *resources, const char *path,
                               struct ironbox_error *error);
static int resources_from_options(struct spec *resources, const struct update_options *options,
                                  struct ironbox_error *error);

static const char *given(const struct update_options *options, const struct limit *limit)
{
	return *(const char *const *)((const char *)options + limit->offset);
}

static int run_update(struct invocation *invocation, struct ironbox_error *error)
{
	const struct update_options *options = invocation->options;
	const char *id = invocation_id(invocation);
	cleanup_spec struct spec resources = SPEC_NONE;
	int result = 0;

	if (options->kernel_memory || options->kernel_memory_tcp)
		log_write(IRONBOX_LOG_WARNING,
		          "update %s: kernel memory limits are ignored: Linux has none any more",
		          id);
	if (options->resources) {
		for (size_t i = 0; i < LIMITS_COUNT && result == 0; i++)
			if (given(options, &limits[i]))
				result = error_begin(error, 0,
				                     "--resources and %s exclude each other",
				                     limits[i].option);
		if (result == 0)
			result = resources_from_file(&resources, options->resources, error);
	} else {
		result = resources_from_options(&resources, options, error);
	}
	if (result < 0)
		return error_context(error, "update %s", id);
	return container_update(invocation->runtime, id, &resources, error);
}

static int resources_from_file(struct spec *resources, const char *path,
                               struct ironbox_error *error)
{
	bool from_stdin = strcmp(path, "-") == 0;
	cleanup_close int file_fd = -1;
	cleanup_free char *text = NULL;
	const char *name = from_stdin ? "standard input" : path;
	size_t size;

	if (!from_stdin) {
		file_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (file_fd < 0)
			return error_begin(error, errno, "open %s", path);
	}
	text = file_read(from_stdin ? STDIN_FILENO : file_fd, RESOURCES_MAX, &size);
	if (!text)
		return error_begin(error, errno, "read %s", name);
	return spec_parse(resources, SPEC_RESOURCES, name, text, size, error);
}

/* The JSON value of an option's text; NULL with the error told. */
static json_t *limit_value(const struct limit *limit, const char *text, struct ironbox_error *error)
{
	json_t *value;
	int64_t number;

	switch (limit->kind) {
	case LIMIT_TEXT: /* what it may be is the spec tables' to check */
		value = json_string(text);
		if (!value)
			error_begin(error, 0, "%s: not a text in UTF-8", limit->option);
		return value;
	case LIMIT_NUMBER:
		if (signed_from_text(text, &number) == 0)
			return json_integer(number);
		error_begin(error, 0, "%s: \"%s\" is not a number", limit->option, text);
		return NULL;
	case LIMIT_SIZE:
		if (size_from_text(text, &number) == 0)
			return json_integer(number);
		error_begin(error, 0, "%s: \"%s\" is not a size such as 67108864, 64m or -1",
		            limit->option, text);
		return NULL;
	}
	return NULL;
}

static int put_limit(json_t *root, const struct limit *limit, json_t *value)
{
	json_t *object = json_object_get(root, limit->object);

	if (!object) {
		object = json_object();
		if (json_object_set_new(root, limit->object, object) < 0) {
			json_decref(value);
			return -1;
		}
	}
	return json_object_set_new(object, limit->member, value);
}

static void decref_at_end(json_t **root)
{
	json_decref(*root);
}

static int resources_from_options(struct spec *resources, const struct update_options *options,
                                  struct ironbox_error *error)
{
	__attribute__((cleanup(decref_at_end))) json_t *root = json_object();
	cleanup_free char *text = NULL;

	for (size_t i = 0; i < LIMITS_COUNT; i++) {
		const char *word = given(options, &limits[i]);
		json_t *value;

		if (!word)
			continue;
		value = limit_value(&limits[i], word, error);
		if (!value)
			return -1;
		if (put_limit(root, &limits[i], value) < 0)
			return error_begin(error, ENOMEM, "%s", limits[i].option);
	}
	text = json_dumps(root, JSON_COMPACT);
	if (!text)
		return error_begin(error, ENOMEM, "put the options together");
	return spec_parse(resources, SPEC_RESOURCES, "options", text, strlen(text), error);
}

const struct command update_command = {
	.name = "update",
	.arguments = "ID",
	.summary = "change the limits of a container",
	.more = "What is not named keeps its limit.",
	.fewest = 1,
	.most = 1,
	.reach = REACH_STATE,
	.options = update_rows,
	.options_size = sizeof(struct update_options),
	.run = run_update,
};
