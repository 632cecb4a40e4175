/* Loading the stages, running a phase through them, undoing them. */
#include "pipeline/pipeline.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <time.h>

#include <ironbox/cleanup.h>

#include "pipeline/facts.h"
#include "pipeline/module.h"
#include "pipeline/select.h"
#include "support/log.h"
#include "support/path.h"
#include "support/progress.h"

/* The simple phases, by their place in the plugin's descriptor. */
static const struct {
	const char *name;
	size_t offset;
} phases[] = {
#define PHASE(NAME, member) [PHASE_##NAME] = { #member, offsetof(struct ironbox_plugin, member) }
	PHASE(CONFIGURE, configure), PHASE(VALIDATE, validate),   PHASE(PREPARE, prepare),
	PHASE(ATTACH, attach),       PHASE(SETUP, setup),         PHASE(PIVOT, pivot),
	PHASE(ENTER, enter),         PHASE(CONFINE, confine),     PHASE(DROP, drop),
	PHASE(SETTLE, settle),       PHASE(SEAL, seal),           PHASE(JOIN_PREPARE, join_prepare),
	PHASE(JOIN, join),           PHASE(PAUSE, pause),         PHASE(RESUME, resume),
	PHASE(STATS, stats),         PHASE(PROCESSES, processes), PHASE(CHECKPOINT, checkpoint),
	PHASE(RESTORE, restore),     PHASE(VERIFY, verify),       PHASE(TEARDOWN, teardown),
	PHASE(PROBE, probe),         PHASE(HOLD, hold),
#undef PHASE
};

static int run_stage(struct stage *stage, enum phase phase, struct ironbox_error *error);

static ironbox_phase *phase_of(const struct stage *stage, enum phase phase)
{
	ironbox_phase *function;

	memcpy(&function, (const char *)&stage->plugin + phases[phase].offset, sizeof(function));
	return function;
}

/* Room for one more stage. The array was made large enough: stages hold pointers into it. */
static int add_stage(struct pipeline *pipeline, const char *name, struct module *module,
                     const struct pipeline_subject *subject, struct ironbox_error *error)
{
	struct stage *stage = &pipeline->stages[pipeline->count];

	if (module_load(module, error) < 0)
		return error_context(error, "stage %s", name);
	*stage = (struct stage){
		.seen = { .size = sizeof(stage->seen),
		          .flags = subject->flags,
		          .host = &pipeline_host,
		          .container_id = subject->container_id,
		          .bundle = subject->bundle,
		          .root_path = subject->root_path,
		          .init_pidfd = -1,
		          .seal_fd = -1 },
		.pipeline = pipeline,
		.plugin = module->plugin,
		.handle = module->handle,
		.name = strdup(name),
		.module_path = strdup(module->path),
		.number = (uint32_t)pipeline->count,
		.is_verbs = *module->manifest.verbs != '\0',
	};
	if (stage->plugin.data_size)
		stage->seen.data = calloc(1, stage->plugin.data_size);
	pipeline->count++;
	if (!stage->name || !stage->module_path || (stage->plugin.data_size && !stage->seen.data))
		return error_begin(error, ENOMEM, "load stage %s", name);
	return 0;
}

static int make_room(struct pipeline *pipeline, size_t count, struct ironbox_error *error)
{
	pipeline->stages = calloc(count ? count : 1, sizeof(*pipeline->stages));
	if (!pipeline->stages)
		return error_begin(error, errno, "load the pipeline");
	return 0;
}

int pipeline_load(struct pipeline *pipeline, const struct pipeline_subject *subject,
                  struct ironbox_error *error)
{
	const struct config *config = pipeline->config;
	bool has_variant = !pipeline->variant;
	size_t i, count = 0;
	struct module module;
	int woken;

	while (config->stages[count])
		count++;
	if (make_room(pipeline, count, error) < 0 ||
	    module_check_folder(config->plugin_path, error) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (!stage_is_enabled(config, config->stages[i]))
			continue;
		woken = select_stage(pipeline, config->stages[i], &module, error);
		if (woken < 0)
			return -1;
		if (woken && add_stage(pipeline, config->stages[i], &module, subject, error) < 0)
			return -1;
		has_variant = has_variant ||
		              (woken && !strcmp(module.manifest.variant, pipeline->variant));
	}
	if (!has_variant && select_miss_variant(pipeline, error) < 0)
		return -1;
	return select_check_owners(pipeline, error);
}

static int load_recorded_stage(struct pipeline *pipeline, const struct record_entry *entry,
                               const struct pipeline_subject *subject, struct ironbox_error *error)
{
	struct module module;

	if (module_open(&module, entry->value, error) < 0 ||
	    add_stage(pipeline, entry->stage, &module, subject, error) < 0)
		return error_context(error, "the module that made the container");
	return 0;
}

/* Does the module have that phase, by what the record says of it? */
static bool serves(const struct record *record, const char *stage, const char *phase)
{
	const char *phases_of_it = record_find(record, stage, RECORD_KEY_PHASES);

	/* a record that was cut off does not say: then it is loaded */
	return !phase || !phases_of_it || list_has_word(phases_of_it, phase);
}

int pipeline_load_recorded(struct pipeline *pipeline, const struct pipeline_subject *subject,
                           const char *serving, bool lenient, struct ironbox_error *error)
{
	const struct record *record = pipeline->record;
	size_t i, room = record->count;

	for (i = 0; pipeline->config->stages[i]; i++)
		room++; /* for pipeline_load_woken */
	if (make_room(pipeline, room, error) < 0)
		return -1;
	for (i = 0; i < record->count; i++) {
		const struct record_entry *entry = &record->entries[i];

		if (strcmp(entry->key, RECORD_KEY_MODULE) != 0 ||
		    !serves(record, entry->stage, serving) ||
		    load_recorded_stage(pipeline, entry, subject, error) == 0)
			continue;
		/* a module that is gone is not waited for, but what it made is not forgotten for a
		 * want of fds or memory: the next try has them */
		if (!lenient || error->code == EMFILE || error->code == ENFILE ||
		    error->code == ENOMEM)
			return -1;
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(error));
	}
	return 0;
}

static bool is_loaded(const struct pipeline *pipeline, const char *name)
{
	size_t i;

	for (i = 0; i < pipeline->count; i++)
		if (!strcmp(pipeline->stages[i].name, name))
			return true;
	return false;
}

bool pipeline_does(const struct pipeline *pipeline, const char *path)
{
	const char *owner = spec_owner(path);

	if (!owner)
		return false;
	return !strcmp(owner, "core") || is_loaded(pipeline, owner) ||
	       (pipeline->record && record_find(pipeline->record, owner, RECORD_KEY_MODULE));
}

const struct ironbox_value *pipeline_namespace(const struct pipeline *pipeline, const char *type)
{
	char path[64];

	if (!pipeline->spec || !pipeline_does(pipeline, "linux.namespaces"))
		return NULL;
	snprintf(path, sizeof(path), "linux.namespaces[type=%s]", type);
	return spec_at(pipeline->spec, path);
}

/* 1: it is woken, and found; 0: it sleeps. */
static int wake(const struct pipeline *pipeline, const char *name, struct module *module,
                struct ironbox_error *error)
{
	size_t i;

	for (i = 0; i < pipeline->asleep_count; i++)
		if (!strcmp(pipeline->asleep[i].manifest.name, name) &&
		    !select_wakes(pipeline, name, &pipeline->asleep[i]))
			return 0;
	return select_stage(pipeline, name, module, error);
}

int pipeline_hold(struct pipeline *pipeline, struct ironbox_error *error)
{
	const struct config *config = pipeline->config;
	size_t i, count = 0;

	while (config->stages[count])
		count++;
	/* in their places for good: a manifest points into itself */
	pipeline->asleep = calloc(count + 1, sizeof(*pipeline->asleep));
	if (!pipeline->asleep)
		return error_begin(error, errno, "keep the manifests of stages");
	for (i = 0; i < count; i++) {
		if (is_loaded(pipeline, config->stages[i]) ||
		    !stage_is_enabled(config, config->stages[i]))
			continue;
		if (select_find(pipeline, config->stages[i],
		                &pipeline->asleep[pipeline->asleep_count], error) < 0)
			return -1;
		pipeline->asleep_count++;
	}
	return pipeline_run(pipeline, PHASE_HOLD, error);
}

int pipeline_load_woken(struct pipeline *pipeline, struct ironbox_error *error)
{
	const struct config *config = pipeline->config;
	const struct ironbox_stage *first = pipeline->count ? &pipeline->stages[0].seen : NULL;
	struct pipeline_subject subject = { 0 };
	struct module module;
	size_t i;
	int woken;

	if (first)
		subject = (struct pipeline_subject){ first->container_id, first->bundle,
			                             first->root_path, first->flags };
	for (i = 0; config->stages[i]; i++) {
		if (is_loaded(pipeline, config->stages[i]) ||
		    !stage_is_enabled(config, config->stages[i]))
			continue;
		woken = wake(pipeline, config->stages[i], &module, error);
		if (woken < 0)
			return -1;
		if (!woken)
			continue;
		if (add_stage(pipeline, config->stages[i], &module, &subject, error) < 0)
			return -1;
		if (first) {
			pipeline->stages[pipeline->count - 1].seen.init_pid = first->init_pid;
			pipeline->stages[pipeline->count - 1].seen.init_pidfd = first->init_pidfd;
		}
		if (run_stage(&pipeline->stages[pipeline->count - 1], PHASE_CONFIGURE, error) < 0)
			return -1;
	}
	return select_check_owners(pipeline, error);
}

int pipeline_load_for_verb(struct pipeline *pipeline, const struct pipeline_subject *subject,
                           struct ironbox_error *error)
{
	const struct config *config = pipeline->config;
	struct module module;
	size_t i;
	int woken;

	for (i = 0; config->stages[i]; i++) {
		if (is_loaded(pipeline, config->stages[i]) ||
		    !stage_is_enabled(config, config->stages[i]))
			continue;
		woken = select_stage(pipeline, config->stages[i], &module, error);
		if (woken < 0)
			return -1;
		if (!woken || !*module.manifest.verbs)
			continue;
		if (add_stage(pipeline, config->stages[i], &module, subject, error) < 0 ||
		    run_stage(&pipeline->stages[pipeline->count - 1], PHASE_CONFIGURE, error) < 0)
			return -1;
	}
	return 0;
}

static void free_externals(struct pipeline *pipeline)
{
	size_t i;

	for (i = 0; i < pipeline->external_count; i++) {
		struct ironbox_external *external = &pipeline->externals[i];

		ironbox_close_at_end(&external->fd);
		free((char *)(uintptr_t)external->name); /* copies of ours: host.c */
		free((char *)(uintptr_t)external->path);
	}
	free(pipeline->externals);
	pipeline->externals = NULL;
	pipeline->external_count = 0;
}

void pipeline_free(struct pipeline *pipeline)
{
	size_t i;

	for (i = 0; i < pipeline->count; i++) {
		struct stage *stage = &pipeline->stages[i];

		free(stage->seen.data);
		free(stage->name);
		free(stage->module_path);
		/* no dlclose(3): the process ends soon, and unmapping costs more than it gives */
	}
	free(pipeline->stages);
	free(pipeline->asleep);
	facts_free(pipeline->facts);
	free_externals(pipeline);
	replace_fd(&pipeline->root_fd, -1);
	replace_fd(&pipeline->proc_fd, -1);
	replace_fd(&pipeline->console_fd, -1);
	pipeline->stages = NULL;
	pipeline->asleep = NULL;
	pipeline->facts = NULL;
	pipeline->count = 0;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int run_stage(struct stage *stage, enum phase phase, struct ironbox_error *error)
{
	ironbox_phase *function = phase_of(stage, phase);
	int64_t begun = process_log.debug ? now_us() : 0;

	if (!function)
		return 0;
	progress_write(stage->pipeline->progress, stage->name, phases[phase].name);
	error_reset(error);
	if (function(&stage->seen, error) < 0) {
		if (!error_is_told(error))
			error_begin(error, 0, "%s failed without a word", phases[phase].name);
		return error_context(error, "%s", stage->name);
	}
	log_write(IRONBOX_LOG_DEBUG, "%s: %s: %s took %lld us", stage->seen.container_id,
	          stage->name, phases[phase].name, (long long)(now_us() - begun));
	return 0;
}

int pipeline_run(struct pipeline *pipeline, enum phase phase, struct ironbox_error *error)
{
	size_t i;

	if (phase == PHASE_PREPARE || phase == PHASE_ATTACH)
		pipeline->touched = true;
	for (i = 0; i < pipeline->count; i++)
		if (run_stage(&pipeline->stages[i], phase, error) < 0)
			return -1;
	return 0;
}

bool pipeline_has(const struct pipeline *pipeline, enum phase phase)
{
	size_t i;

	for (i = 0; i < pipeline->count; i++)
		if (phase_of(&pipeline->stages[i], phase))
			return true;
	return false;
}

bool pipeline_needs_attach(const struct pipeline *pipeline)
{
	size_t i;

	for (i = 0; i < pipeline->count; i++) {
		const struct stage *stage = &pipeline->stages[i];

		if (stage->plugin.attach &&
		    (!stage->plugin.needs_attach || stage->plugin.needs_attach(&stage->seen)))
			return true;
	}
	return false;
}

int pipeline_undo(struct pipeline *pipeline, struct ironbox_error *error)
{
	int result = 0;
	size_t i;

	for (i = pipeline->count; i-- > 0;) {
		ERROR_NONE(later);

		if (run_stage(&pipeline->stages[i], PHASE_TEARDOWN, result ? &later : error) < 0) {
			if (result)
				log_write(IRONBOX_LOG_WARNING, "%s", error_text(&later));
			result = -1;
		}
	}
	return result;
}

static bool has_lasting_teardown(const struct stage *stage)
{
	const struct ironbox_plugin *plugin = &stage->plugin;

	return plugin->teardown &&
	       (!plugin->needs_teardown || plugin->needs_teardown(&stage->seen));
}

/* What later verbs may call, by name: they load a module only for that. */
static void name_phases(const struct stage *stage, char *names, size_t size)
{
	const struct ironbox_plugin *plugin = &stage->plugin;
	const struct {
		const char *name;
		bool has;
	} rows[] = {
		{ "signal", plugin->signal },
		{ "pause", plugin->pause },
		{ "resume", plugin->resume },
		{ "paused", plugin->paused },
		{ "update", plugin->update },
		{ "stats", plugin->stats },
		{ "processes", plugin->processes },
		{ "watch", plugin->watch },
		{ "teardown", has_lasting_teardown(stage) },
	};
	size_t i, at = 0;

	names[0] = '\0';
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].has)
			at += (size_t)snprintf(names + at, size - at, "%s%s", at ? " " : "",
			                       rows[i].name);
}

int pipeline_record_modules(struct pipeline *pipeline, struct ironbox_error *error)
{
	struct {
		char text[128];
	} *names = calloc(pipeline->count + 1, sizeof(*names));
	struct record_entry *entries = calloc(2 * pipeline->count + 1, sizeof(*entries));
	int result = -1;
	size_t i, kept = 0;

	for (i = 0; names && entries && i < pipeline->count; i++) {
		const struct stage *stage = &pipeline->stages[i];

		if (stage->is_verbs)
			continue;
		name_phases(stage, names[i].text, sizeof(names[i].text));
		entries[kept++] =
			(struct record_entry){ stage->name, (char *)(uintptr_t)RECORD_KEY_MODULE,
			                       stage->module_path };
		entries[kept++] =
			(struct record_entry){ stage->name, (char *)(uintptr_t)RECORD_KEY_PHASES,
			                       names[i].text };
	}
	if (!names || !entries)
		error_begin(error, ENOMEM, "record the modules");
	else
		result = record_add_all(pipeline->record, entries, kept, error);
	free(names);
	free(entries);
	return result;
}

void pipeline_set_init(struct pipeline *pipeline, pid_t pid, int pidfd)
{
	size_t i;

	for (i = 0; i < pipeline->count; i++) {
		pipeline->stages[i].seen.init_pid = pid;
		pipeline->stages[i].seen.init_pidfd = pidfd;
	}
}

void pipeline_set_flag(struct pipeline *pipeline, uint32_t flag)
{
	size_t i;

	for (i = 0; i < pipeline->count; i++)
		pipeline->stages[i].seen.flags |= flag;
}

int pipeline_open_proc(struct pipeline *pipeline, struct ironbox_error *error)
{
	struct statfs filesystem;

	if (pipeline->proc_closed)
		return error_begin(error, 0, "the host's /proc is out of reach in this phase");
	if (pipeline->proc_fd >= 0)
		return 0;
	pipeline->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pipeline->proc_fd < 0 || fstatfs(pipeline->proc_fd, &filesystem) < 0)
		return error_begin(error, errno, "open /proc");
	if (filesystem.f_type != PROC_SUPER_MAGIC)
		return error_begin(error, 0, "/proc is no procfs");
	return 0;
}

int pipeline_open_below_proc(struct pipeline *pipeline, const char *path, int flags,
                             struct ironbox_error *error)
{
	int fd;

	if (pipeline_open_proc(pipeline, error) < 0)
		return -1;
	fd = path_open(pipeline->proc_fd, path, flags, 0,
	               RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
	return fd < 0 ? error_begin(error, errno, "open /proc/%s", path) : fd;
}

void pipeline_close_proc(struct pipeline *pipeline)
{
	replace_fd(&pipeline->proc_fd, -1);
	pipeline->proc_closed = true;
}
