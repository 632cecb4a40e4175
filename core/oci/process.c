/* process of the spec, typed. */
#include "oci/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "oci/document.h"
#include "oci/strings.h"

#define IO_CLASS_SHIFT 13 /* IOPRIO_CLASS_SHIFT of linux/ioprio.h */
#define SCHED_ISO_WORD 4  /* in the spec, in no kernel */

static const struct ironbox_field process_value_fields[] = {
	IRONBOX_FIELD(struct oci_process, terminal, "terminal"),
	IRONBOX_FIELD_REQUIRED(struct oci_process, cwd, "cwd"),
	IRONBOX_FIELD(struct oci_process, no_new_privileges, "noNewPrivileges"),
	IRONBOX_FIELD_HAS(struct oci_process, oom_score_adj, "oomScoreAdj"),
	IRONBOX_FIELD_END,
};

static const struct ironbox_field user_value_fields[] = {
	IRONBOX_FIELD(struct oci_process, uid, "uid"),
	IRONBOX_FIELD(struct oci_process, gid, "gid"),
	IRONBOX_FIELD_HAS(struct oci_process, umask, "umask"),
	IRONBOX_FIELD_END,
};

static int fail_memory(struct ironbox_error *error, const char *what)
{
	return error_begin(error, errno, "read process.%s", what);
}

/* Two entries of the environment by their names. */
static int compare_names(const char *one, const char *other)
{
	size_t size = strchrnul(one, '=') - one, other_size = strchrnul(other, '=') - other;

	return size == other_size ? memcmp(one, other, size) : size < other_size ? -1 : 1;
}

/* Two places in the environment: by name, and those of one name as they stand there. */
static int compare_places(const void *left, const void *right)
{
	const char **one = *(const char **const *)left, **other = *(const char **const *)right;
	int order = compare_names(*one, *other);

	return order ? order : one < other ? -1 : 1;
}

/* Of each name the last entry counts, as with runc: getenv(3) would take the first, so that the
 * one of an exec's --env would not be seen behind the container's own. */
static int keep_last_of_each_name(struct oci_process *process)
{
	cleanup_free const char ***places = calloc(process->env_count + 1, sizeof(*places));
	const char **env = process->env;
	size_t count = 0;

	if (!places)
		return -1;
	for (size_t i = 0; i < process->env_count; i++)
		places[i] = &env[i];
	qsort(places, process->env_count, sizeof(*places), compare_places);
	for (size_t i = 1; i < process->env_count; i++)
		if (compare_names(*places[i - 1], *places[i]) == 0)
			*places[i - 1] = NULL;
	for (size_t i = 0; i < process->env_count; i++)
		if (env[i])
			env[count++] = env[i];
	env[count] = NULL;
	process->env_count = count;
	return 0;
}

static int read_strings(struct oci_process *process, const struct spec *spec,
                        struct ironbox_error *error)
{
	process->args = strings_of(spec_at(spec, "process.args"), &process->args_count);
	process->env = strings_of(spec_at(spec, "process.env"), &process->env_count);
	if (!process->args || !process->env || keep_last_of_each_name(process) < 0)
		return fail_memory(error, "args");
	if (!process->args_count)
		return error_begin(error, 0, "process.args: missing, or empty");
	return 0;
}

static int read_user(struct oci_process *process, const struct spec *spec,
                     struct ironbox_error *error)
{
	const struct ironbox_value *list = spec_at(spec, "process.user.additionalGids");
	size_t count = value_count(list);

	if (value_read(spec, spec_at(spec, "process.user"), user_value_fields, process, error) < 0)
		return -1;
	if (!count)
		return 0;
	process->additional_gids = calloc(count, sizeof(*process->additional_gids));
	if (!process->additional_gids)
		return fail_memory(error, "user.additionalGids");
	process->additional_gids_count = count;
	for (size_t i = 0; i < count; i++) {
		uint64_t gid = 0;

		number_read(json_of(value_item(list, i, NULL)), 0, UINT32_MAX, &gid);
		process->additional_gids[i] = (gid_t)gid;
	}
	return 0;
}

static int read_console_size(struct oci_process *process, const struct spec *spec,
                             struct ironbox_error *error)
{
	struct {
		uint32_t width, height;
	} size = { 0 };
	const struct ironbox_field fields[] = {
		IRONBOX_FIELD(__typeof__(size), width, "width"),
		IRONBOX_FIELD(__typeof__(size), height, "height"),
		IRONBOX_FIELD_END,
	};

	if (value_read(spec, spec_at(spec, "process.consoleSize"), fields, &size, error) < 0)
		return -1;
	process->has_console_size = size.width && size.height; /* 0: its senders do not know it */
	process->console_width = (uint16_t)size.width;
	process->console_height = (uint16_t)size.height;
	return 0;
}

struct rlimit_value {
	const char *type;
	uint64_t soft, hard;
};

static const struct ironbox_field rlimit_value_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct rlimit_value, type, "type"),
	IRONBOX_FIELD_REQUIRED(struct rlimit_value, soft, "soft"),
	IRONBOX_FIELD_REQUIRED(struct rlimit_value, hard, "hard"),
	IRONBOX_FIELD_END,
};

static int read_rlimit(struct oci_process *process, const struct spec *spec,
                       const struct ironbox_value *item, struct ironbox_error *error)
{
	struct rlimit_value value = { 0 };
	const struct field_word *word;

	if (value_read(spec, item, rlimit_value_fields, &value, error) < 0)
		return -1;
	word = field_word_find(rlimit_words, value.type);
	if (!word)
		return value_fail(spec, item, error, "a type that is no resource of setrlimit(2)");
	if (value.soft > value.hard)
		return value_fail(spec, item, error, "soft is above hard");
	for (size_t i = 0; i < process->rlimits_count; i++)
		if (process->rlimits[i].resource == word->value)
			return value_fail(spec, item, error, "its type was given before");
	process->rlimits[process->rlimits_count++] = (struct oci_rlimit){
		.resource = word->value,
		.type = word->text,
		.limit = { .rlim_cur = value.soft, .rlim_max = value.hard },
	};
	return 0;
}

static int read_rlimits(struct oci_process *process, const struct spec *spec,
                        struct ironbox_error *error)
{
	const struct ironbox_value *list = spec_at(spec, "process.rlimits");
	size_t count = value_count(list);

	if (!count)
		return 0;
	process->rlimits = calloc(count, sizeof(*process->rlimits));
	if (!process->rlimits)
		return fail_memory(error, "rlimits");
	for (size_t i = 0; i < count; i++)
		if (read_rlimit(process, spec, value_item(list, i, NULL), error) < 0)
			return -1;
	return 0;
}

struct scheduler_value {
	const char *policy;
	const struct ironbox_value *flags;
};

static int read_scheduler(struct oci_process *process, const struct spec *spec,
                          struct ironbox_error *error)
{
	static const struct ironbox_field word_fields[] = {
		IRONBOX_FIELD_REQUIRED(struct scheduler_value, policy, "policy"),
		IRONBOX_FIELD(struct scheduler_value, flags, "flags"),
		IRONBOX_FIELD_END,
	};
	static const struct ironbox_field number_fields[] = {
		IRONBOX_FIELD(struct oci_scheduler, nice, "nice"),
		IRONBOX_FIELD(struct oci_scheduler, priority, "priority"),
		IRONBOX_FIELD(struct oci_scheduler, runtime, "runtime"),
		IRONBOX_FIELD(struct oci_scheduler, deadline, "deadline"),
		IRONBOX_FIELD(struct oci_scheduler, period, "period"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_value *value = spec_at(spec, "process.scheduler");
	struct oci_scheduler *scheduler = &process->scheduler;
	struct scheduler_value words = { 0 };
	const struct field_word *word;

	if (!value_count(value))
		return 0;
	if (value_read(spec, value, word_fields, &words, error) < 0 ||
	    value_read(spec, value, number_fields, scheduler, error) < 0)
		return -1;
	word = field_word_find(scheduler_policy_words, words.policy);
	if (!word || word->value == SCHED_ISO_WORD)
		return error_begin(error, 0, "process.scheduler.policy: %s: Linux has none such",
		                   words.policy);
	scheduler->given = true;
	scheduler->policy = (uint32_t)word->value;
	for (size_t i = 0; i < value_count(words.flags); i++) {
		word = field_word_find(scheduler_flag_words,
		                       value_text(value_item(words.flags, i, NULL)));
		scheduler->flags |= word ? (uint64_t)word->value : 0;
	}
	return 0;
}

static int read_io_priority(struct oci_process *process, const struct spec *spec,
                            struct ironbox_error *error)
{
	struct {
		const char *class;
		uint32_t priority;
	} value = { 0 };
	const struct ironbox_field fields[] = {
		IRONBOX_FIELD_REQUIRED(__typeof__(value), class, "class"),
		IRONBOX_FIELD(__typeof__(value), priority, "priority"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_value *given = spec_at(spec, "process.ioPriority");
	const struct field_word *word;

	if (!value_count(given))
		return 0;
	if (value_read(spec, given, fields, &value, error) < 0)
		return -1;
	word = field_word_find(io_class_words, value.class);
	if (!word)
		return value_fail(spec, given, error, "a class that is none of ioprio_set(2)'s");
	process->has_io_priority = true;
	process->io_priority = word->value << IO_CLASS_SHIFT | (int)value.priority;
	return 0;
}

static int read_affinity(const struct spec *spec, const char *path, bool *given, cpu_set_t *set,
                         struct ironbox_error *error)
{
	const char *text = spec_text(spec, path);

	*given = text && *text;
	if (*given && !cpu_list_parse(text, set))
		return error_begin(error, 0, "%s: \"%s\" is no list of cpus", path, text);
	return 0;
}

static int read_all(struct oci_process *process, const struct spec *spec,
                    struct ironbox_error *error)
{
	const struct ironbox_value *value = spec_at(spec, "process");

	if (!value)
		return error_begin(error, 0, "process: missing");
	if (value_read(spec, value, process_value_fields, process, error) < 0 ||
	    read_strings(process, spec, error) < 0 || read_user(process, spec, error) < 0 ||
	    read_console_size(process, spec, error) < 0 || read_rlimits(process, spec, error) < 0 ||
	    read_scheduler(process, spec, error) < 0 ||
	    read_io_priority(process, spec, error) < 0 ||
	    read_affinity(spec, "process.execCPUAffinity.initial", &process->has_affinity_initial,
	                  &process->affinity_initial, error) < 0 ||
	    read_affinity(spec, "process.execCPUAffinity.final", &process->has_affinity_final,
	                  &process->affinity_final, error) < 0)
		return -1;
	return 0;
}

int process_read(struct oci_process *process, const struct spec *spec, struct ironbox_error *error)
{
	*process = (struct oci_process){ 0 };
	if (read_all(process, spec, error) < 0) {
		process_free(process);
		return -1;
	}
	return 0;
}

void process_free(struct oci_process *process)
{
	int saved = errno;

	free(process->additional_gids);
	free(process->args);
	free(process->env);
	free(process->rlimits);
	*process = (struct oci_process){ 0 };
	errno = saved;
}
