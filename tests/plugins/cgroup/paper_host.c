/* An engine of paper: each service is the parser's own, or does nothing. */
#include "paper_host.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct paper_host *paper_of(const struct ironbox_stage *stage)
{
	return (struct paper_host *)(uintptr_t)stage;
}

static void paper_log(const struct ironbox_stage *stage, enum ironbox_log_level level,
                      const char *format, ...)
{
	struct paper_host *paper = paper_of(stage);
	size_t length = strlen(paper->logged);
	va_list arguments;

	(void)level;
	va_start(arguments, format);
	vsnprintf(paper->logged + length, sizeof(paper->logged) - length, format, arguments);
	va_end(arguments);
}

static const struct ironbox_value *paper_spec(const struct ironbox_stage *stage, const char *path)
{
	return spec_at(&paper_of(stage)->spec, path);
}

static int paper_read(const struct ironbox_stage *stage, const struct ironbox_value *value,
                      const struct ironbox_field *fields, void *out, struct ironbox_error *error)
{
	return value_read(&paper_of(stage)->spec, value, fields, out, error);
}

/* A host whose cgroup2 has these controllers. */
static const char *paper_fact(struct ironbox_stage *stage, const char *path)
{
	(void)stage;
	return strcmp(path, "/sys/fs/cgroup/cgroup.controllers") == 0 ? "cpu memory pids\n" : NULL;
}

static const struct ironbox_host paper_services = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_host),
	.fail = error_begin,
	.context = error_context,
	.log = paper_log,
	.spec = paper_spec,
	.count = value_count,
	.item = value_item,
	.text = value_text,
	.read = paper_read,
	.fact = paper_fact,
};

void paper_host_begin(struct paper_host *paper, enum spec_kind kind, const char *json, void *data)
{
	memset(paper, 0, sizeof(*paper));
	paper->stage.size = sizeof(paper->stage);
	paper->stage.host = &paper_services;
	paper->stage.container_id = "web1";
	paper->stage.init_pidfd = -1;
	paper->stage.data = data;
	error_reset(&paper->error);
	if (spec_parse(&paper->spec, kind, "test", json, strlen(json), &paper->error) < 0) {
		fprintf(stderr, "%s\n", error_text(&paper->error));
		abort();
	}
}

void paper_host_end(struct paper_host *paper)
{
	spec_free(&paper->spec);
}
