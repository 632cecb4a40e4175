/* `ironbox plugins`: each stage as the ini has it, loaded and asked what this kernel lacks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "lifecycle/lifecycle.h"
#include "pipeline/module.h"
#include "pipeline/pipeline.h"
#include "pipeline/select.h"

struct lacks {
	char **items; /* NULL-terminated */
	size_t count;
};

static void add_lack(void *context, const char *text)
{
	struct lacks *lacks = context;
	char **grown = realloc(lacks->items, (lacks->count + 2) * sizeof(*grown));

	if (!grown)
		return;
	lacks->items = grown;
	lacks->items[lacks->count++] = strdup(text);
	lacks->items[lacks->count] = NULL;
}

static void free_lacks(struct lacks *lacks)
{
	size_t i;

	for (i = 0; i < lacks->count; i++)
		free(lacks->items[i]);
	free(lacks->items);
}

/* Runs the probe of one module, as a pipeline of one stage on no container. */
static int probe(const struct runtime *runtime, struct module *module, const char *name,
                 struct lacks *lacks, struct ironbox_error *error)
{
	struct pipeline pipeline = PIPELINE_NONE;
	struct stage stage = {
		.seen = { .size = sizeof(stage.seen),
		          .host = &pipeline_host,
		          .container_id = "-",
		          .init_pidfd = -1,
		          .seal_fd = -1 },
		.pipeline = &pipeline,
		.plugin = module->plugin,
		.name = (char *)(uintptr_t)name, /* only read */
	};
	int result;

	pipeline.config = runtime->config;
	pipeline.stages = &stage;
	pipeline.count = 1;
	pipeline.on_lack = add_lack;
	pipeline.context = lacks;
	pipeline.state_root = runtime->state_root;
	stage.seen.data = calloc(1, module->plugin.data_size ? module->plugin.data_size : 1);
	if (!stage.seen.data)
		return error_begin(error, ENOMEM, "probe %s", name);
	result = pipeline_run(&pipeline, PHASE_CONFIGURE, error);
	if (result == 0)
		result = pipeline_run(&pipeline, PHASE_PROBE, error);
	free(stage.seen.data);
	pipeline.stages = NULL;
	pipeline.count = 0;
	pipeline_free(&pipeline);
	return result;
}

static void visit_stage(const struct runtime *runtime, const char *name,
                        void (*visit)(void *context, const struct stage_info *info), void *context)
{
	static const char *const nothing[] = { NULL };
	struct module module = { 0 };
	struct lacks lacks = { 0 };
	struct stage_info info = { .name = name,
		                   .module = "",
		                   .path = "",
		                   .version = "",
		                   .wakes_on = "",
		                   .verbs = "",
		                   .lacks = nothing };
	const char *slash;
	ERROR_NONE(error);

	info.enabled = stage_is_enabled(runtime->config, name);
	if (module_find(&module, runtime->config, name, runtime->variant, &error) == 0) {
		info.path = module.path;
		slash = strrchr(module.path, '/');
		info.module = slash ? slash + 1 : module.path;
		info.wakes_on = module.manifest.wakes_on;
		info.verbs = module.manifest.verbs;
		if (module_load(&module, &error) == 0) {
			info.version = module.plugin.version;
			info.abi_major = module.plugin.abi >> 16;
			info.abi_minor = module.plugin.abi & 0xffff;
			probe(runtime, &module, name, &lacks, &error);
		}
	}
	info.problem = error_is_told(&error) ? error_text(&error) : NULL;
	if (lacks.items)
		info.lacks = (const char *const *)lacks.items;
	visit(context, &info);
	free_lacks(&lacks);
}

int pipeline_list(const struct runtime *runtime,
                  void (*visit)(void *context, const struct stage_info *info), void *context,
                  struct ironbox_error *error)
{
	size_t i;

	if (module_check_folder(runtime->config->plugin_path, error) < 0)
		return -1;
	for (i = 0; runtime->config->stages[i]; i++)
		visit_stage(runtime, runtime->config->stages[i], visit, context);
	return 0;
}
