#include "paper_host.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "harness.h"

static struct paper_host *paper_of(const struct ironbox_stage *stage)
{
	return (struct paper_host *)(uintptr_t)stage;
}

static void paper_log(const struct ironbox_stage *stage, enum ironbox_log_level level,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));

static void paper_log(const struct ironbox_stage *stage, enum ironbox_log_level level,
                      const char *format, ...)
{
	char line[2048];
	va_list arguments;

	(void)stage;
	(void)level;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments); /* reads what it is given */
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

static const char *paper_fact(struct ironbox_stage *stage, const char *path)
{
	const struct paper_host *paper = paper_of(stage);

	errno = ENOENT;
	return paper->fact ? paper->fact(paper, path) : NULL;
}

static const char *paper_recall(const struct ironbox_stage *stage, const char *key)
{
	const struct paper_host *paper = paper_of(stage);

	return paper->recall ? paper->recall(paper, key) : NULL;
}

static int paper_remember(struct ironbox_stage *stage, const char *key, const char *value,
                          struct ironbox_error *error)
{
	struct paper_host *paper = paper_of(stage);

	(void)error;
	if (paper->remember)
		paper->remember(paper, key, value);
	return 0;
}

static void paper_report(struct ironbox_stage *stage, const char *name, uint64_t value)
{
	struct paper_host *paper = paper_of(stage);

	if (paper->report)
		paper->report(paper, name, value);
}

static bool paper_namespace_is_new(const struct ironbox_stage *stage, uint64_t type)
{
	return paper_of(stage)->new_namespaces & type;
}

static const char *paper_namespace_path(const struct ironbox_stage *stage, uint64_t type)
{
	(void)stage;
	(void)type;
	return NULL;
}

static const struct ironbox_host services = {
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
	.namespace_is_new = paper_namespace_is_new,
	.namespace_path = paper_namespace_path,
	.remember = paper_remember,
	.recall = paper_recall,
	.report = paper_report,
};

void paper_host_begin(struct paper_host *paper, void *data)
{
	memset(paper, 0, sizeof(*paper));
	paper->stage.size = sizeof(paper->stage);
	paper->stage.host = &services;
	paper->stage.container_id = "web1";
	paper->stage.init_pidfd = -1;
	paper->stage.seal_fd = -1;
	paper->stage.data = data;
	error_reset(&paper->error);
}

bool paper_host_parse(struct paper_host *paper, enum spec_kind kind, const char *text, size_t size)
{
	if (spec_parse(&paper->spec, kind, "config.json", text, size, &paper->error) == 0)
		return true;
	paper_host_check_error(&paper->error);
	return false;
}

void paper_host_end(struct paper_host *paper)
{
	spec_free(&paper->spec);
}

void paper_host_check_error(const struct ironbox_error *error)
{
	CHECK(error_is_told(error), "an error without words");
	for (const char *at = error_text(error); *at; at++)
		CHECK((unsigned char)*at >= ' ' && *at != 0x7f, "a control byte in \"%s\"",
		      error_text(error));
}
