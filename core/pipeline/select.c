/* Which stages a verb needs, and in which order: the ini, the manifests and the spec decide. */
#include "pipeline/select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "pipeline/module.h"
#include "support/log.h"

/* -1: yes; else the line of the ini that switches the stage off, 0 when it is not listed at all. */
static int disabled_line(const struct config *config, const char *stage)
{
	const struct config_entry *entry = config_find(config, stage, "enabled");
	size_t i;

	for (i = 0; config->stages[i]; i++)
		if (!strcmp(config->stages[i], stage))
			return entry && !strcmp(entry->value, "no") ? (int)entry->line : -1;
	return 0;
}

bool stage_is_enabled(const struct config *config, const char *stage)
{
	return disabled_line(config, stage) < 0;
}

static int is_asked(void *context, const char *path)
{
	return spec_asks(context, path);
}

static bool is_woken(const struct pipeline *pipeline, const char *stage,
                     const struct manifest *manifest)
{
	const struct config_entry *wake = config_find(pipeline->config, stage, "wake");

	if (wake && !strcmp(wake->value, "always"))
		return true;
	return !*manifest->wakes_on ||
	       list_each_word(manifest->wakes_on, is_asked, pipeline->spec) != 0;
}

/* The place of a stage in the ini's list, or -1. */
static int position(const struct config *config, const char *stage)
{
	int i;

	for (i = 0; config->stages[i]; i++)
		if (!strcmp(config->stages[i], stage))
			return i;
	return -1;
}

struct neighbours {
	const struct config *config;
	const char *stage;
	bool must_be_behind;
	struct ironbox_error *error;
};

static int check_neighbour(void *context, const char *other)
{
	struct neighbours *rule = context;
	int here = position(rule->config, rule->stage), there = position(rule->config, other);
	const struct config_entry *entry = config_find(rule->config, "pipeline", "stages");

	if (there < 0 || (rule->must_be_behind ? here > there : here < there))
		return 0;
	error_begin(rule->error, 0, "[pipeline] stages: %s must stand %s %s", rule->stage,
	            rule->must_be_behind ? "behind" : "in front of", other);
	if (entry)
		error_context(rule->error, "%s:%u", rule->config->path, entry->line);
	return -1;
}

static int check_order(const struct config *config, const char *stage,
                       const struct manifest *manifest, struct ironbox_error *error)
{
	struct neighbours rule = { config, stage, true, error };

	if (list_each_word(manifest->after, check_neighbour, &rule) != 0)
		return -1;
	rule.must_be_behind = false;
	return list_each_word(manifest->before, check_neighbour, &rule) != 0 ? -1 : 0;
}

int select_find(const struct pipeline *pipeline, const char *stage, struct module *module,
                struct ironbox_error *error)
{
	if (module_find(module, pipeline->config, stage, pipeline->variant, error) < 0)
		return error_context(error, "stage %s", stage);
	if (strcmp(module->manifest.name, stage) != 0)
		return error_begin(error, 0, "stage %s: %s is a module for stage %s", stage,
		                   module->path, module->manifest.name);
	return check_order(pipeline->config, stage, &module->manifest, error);
}

bool select_wakes(const struct pipeline *pipeline, const char *stage, const struct module *module)
{
	if (*module->manifest.verbs &&
	    !(pipeline->verb && list_has_word(module->manifest.verbs, pipeline->verb)))
		return false;
	return is_woken(pipeline, stage, &module->manifest);
}

int select_stage(const struct pipeline *pipeline, const char *stage, struct module *module,
                 struct ironbox_error *error)
{
	if (select_find(pipeline, stage, module, error) < 0)
		return -1;
	return select_wakes(pipeline, stage, module);
}

int select_miss_variant(const struct pipeline *pipeline, struct ironbox_error *error)
{
	if (pipeline->config->on_disabled == ON_DISABLED_WARN) {
		log_write(IRONBOX_LOG_WARNING, "%s, which the caller asks for: no stage does it",
		          pipeline->variant);
		return 0;
	}
	return error_begin(error, 0,
	                   "%s, which the caller asks for: no stage of the pipeline does it "
	                   "(with module = auto a stage takes the module that does)",
	                   pipeline->variant);
}

struct owners {
	const struct pipeline *pipeline;
	struct ironbox_error *error;
};

static bool is_loaded(const struct pipeline *pipeline, const char *stage)
{
	size_t i;

	for (i = 0; i < pipeline->count; i++)
		if (!strcmp(pipeline->stages[i].name, stage))
			return true;
	return false;
}

/* Each field that is asked for must have someone who carries it out. */
static int check_owner(void *context, const char *path, const char *owner)
{
	struct owners *check = context;
	const struct config *config = check->pipeline->config;
	int line;

	if (!strcmp(owner, "core") || !strcmp(owner, "none") || is_loaded(check->pipeline, owner))
		return 0;
	line = disabled_line(config, owner);
	if (line >= 0 && position(config, owner) >= 0 && config->on_disabled == ON_DISABLED_WARN) {
		log_write(IRONBOX_LOG_WARNING, "%s: off in %s:%d, so %s is not carried out", owner,
		          config->path, line, path);
		return 0;
	}
	if (line > 0)
		return error_begin(check->error, 0, "%s: off in %s:%d, but %s asks for it", owner,
		                   config->path, line, path);
	return error_begin(check->error, 0,
	                   "config.json: %s: no stage of the pipeline does it (%s)", path, owner);
}

int select_check_owners(const struct pipeline *pipeline, struct ironbox_error *error)
{
	struct owners check = { pipeline, error };

	return spec_each_asked(pipeline->spec, check_owner, &check) != 0 ? -1 : 0;
}
