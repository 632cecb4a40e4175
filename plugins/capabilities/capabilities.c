/*
 * capabilities: the five sets of the container's process, no more than the spec and the ini allow,
 * and read back from the kernel.
 *
 * It has no wakes_on: a spec without process.capabilities asks for a process that has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

#include "kernel.h"
#include "names.h"

IRONBOX_MANIFEST("name = capabilities\n"
                 "after = namespace\n"
                 "before = seccomp\n"); /* a profile may deny capset(2) */

/* ironbox_stage.data */
struct capabilities {
	uint64_t denied;       /* [capabilities] deny */
	bool warns_of_missing; /* [capabilities] missing = warn */
	struct sets wanted;
};

static const char *const set_names[SETS] = {
	[SET_BOUNDING] = "bounding",   [SET_EFFECTIVE] = "effective",
	[SET_PERMITTED] = "permitted", [SET_INHERITABLE] = "inheritable",
	[SET_AMBIENT] = "ambient",
};

/* ---- ironbox.ini ---- */

struct settings {
	const char *deny, *missing;
};

static const struct ironbox_field settings_fields[] = {
	IRONBOX_FIELD(struct settings, deny, "deny"),
	IRONBOX_FIELD(struct settings, missing, "missing"),
	IRONBOX_FIELD_END,
};

/* "CAP_SYS_MODULE CAP_SYS_BOOT": a name that is none would be a hole in the ceiling. */
static int denied_read(const struct ironbox_stage *stage, const char *words,
                       struct ironbox_error *error)
{
	static const char separators[] = " \t,";
	struct capabilities *capabilities = stage->data;

	for (words += strspn(words, separators); *words; words += strspn(words, separators)) {
		char name[32];
		int size = (int)strcspn(words, separators), number;

		snprintf(name, sizeof(name), "%.*s", size, words);
		number = capability_number(name);
		if (number < 0)
			return stage->host->fail(error, 0,
			                         "[capabilities] deny: \"%.*s\" is no capability",
			                         size, words);
		capabilities->denied |= (uint64_t)1 << number;
		words += size;
	}
	return 0;
}

static int capabilities_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct capabilities *capabilities = stage->data;
	struct settings settings = { "", "refuse" };

	if (stage->host->settings(stage, settings_fields, &settings, error) < 0)
		return -1;
	capabilities->warns_of_missing = strcmp(settings.missing, "warn") == 0;
	if (!capabilities->warns_of_missing && strcmp(settings.missing, "refuse") != 0)
		return stage->host->fail(
			error, 0, "[capabilities] missing: expected refuse or warn, not \"%s\"",
			settings.missing);
	return denied_read(stage, settings.deny, error);
}

/* ---- config.json ---- */

struct lists {
	const struct ironbox_value *of[SETS];
};

static const struct ironbox_field lists_fields[] = {
	IRONBOX_FIELD(struct lists, of[SET_BOUNDING], "bounding"),
	IRONBOX_FIELD(struct lists, of[SET_EFFECTIVE], "effective"),
	IRONBOX_FIELD(struct lists, of[SET_PERMITTED], "permitted"),
	IRONBOX_FIELD(struct lists, of[SET_INHERITABLE], "inheritable"),
	IRONBOX_FIELD(struct lists, of[SET_AMBIENT], "ambient"),
	IRONBOX_FIELD_END,
};

/* What is named and is no capability is a warning: config.md, "capabilities". */
static uint64_t list_read(const struct ironbox_stage *stage, const struct ironbox_value *list,
                          enum set set)
{
	size_t count = stage->host->count(list);
	uint64_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = stage->host->text(stage->host->item(list, i, NULL));
		int number = name ? capability_number(name) : -1;

		if (number >= 0)
			bits |= (uint64_t)1 << number;
		else
			stage->host->log(
				stage, IRONBOX_LOG_WARNING,
				"process.capabilities.%s: \"%s\" is no capability: ignored",
				set_names[set], name ? name : "");
	}
	return bits;
}

/* An absent set is an empty one, and none is filled from another (CVE-2022-24769). */
static int wanted_read(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct capabilities *capabilities = stage->data;
	struct lists lists = { { NULL } };
	uint64_t denied = 0;
	char names[NAMES_SIZE];

	if (host->read(stage, host->spec(stage, "process.capabilities"), lists_fields, &lists,
	               error) < 0)
		return -1;
	for (int set = 0; set < SETS; set++) {
		capabilities->wanted.of[set] = list_read(stage, lists.of[set], (enum set)set);
		denied |= capabilities->wanted.of[set] & capabilities->denied;
		capabilities->wanted.of[set] &= ~capabilities->denied;
	}
	if (denied)
		host->log(stage, IRONBOX_LOG_WARNING, "not given, by [capabilities] deny: %s",
		          capability_names(denied, names));
	return 0;
}

static int must_be_in(const struct ironbox_stage *stage, enum set part, enum set whole,
                      struct ironbox_error *error)
{
	const struct capabilities *capabilities = stage->data;
	uint64_t outside = capabilities->wanted.of[part] & ~capabilities->wanted.of[whole];
	char names[NAMES_SIZE];

	if (!outside)
		return 0;
	return stage->host->fail(error, 0, "process.capabilities.%s: %s not in %s", set_names[part],
	                         capability_names(outside, names), set_names[whole]);
}

/* What the kernel would answer with EPERM (capset(2)), in words and before anything is made. */
static int wanted_check(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct capabilities *capabilities = stage->data;
	uint64_t *wanted = capabilities->wanted.of;
	uint64_t outside = wanted[SET_AMBIENT] & ~(wanted[SET_PERMITTED] & wanted[SET_INHERITABLE]);
	char names[NAMES_SIZE];

	if (must_be_in(stage, SET_EFFECTIVE, SET_PERMITTED, error) < 0 ||
	    must_be_in(stage, SET_INHERITABLE, SET_BOUNDING, error) < 0)
		return -1;
	/* `runc spec` writes such ambient sets, so they are no error. They grant nothing; and what
	 * is missing in inheritable is not put there for their sake (CVE-2022-24769). */
	if (outside)
		stage->host->log(stage, IRONBOX_LOG_DEBUG,
		                 "process.capabilities.ambient: %s not both permitted and "
		                 "inheritable: left out",
		                 capability_names(outside, names));
	wanted[SET_AMBIENT] &= ~outside;
	return 0;
}

/* ---- what there is ---- */

/* Takes out of what is wanted, or refuses, what this process can't give: its bounding set, or the
 * kernel, lacks it. */
static int wanted_limit(const struct ironbox_stage *stage, uint64_t bounding, uint64_t permitted,
                        struct ironbox_error *error)
{
	struct capabilities *capabilities = stage->data;
	uint64_t *wanted = capabilities->wanted.of;
	uint64_t missing = (wanted[SET_PERMITTED] & ~permitted) |
	                   ((wanted[SET_BOUNDING] | wanted[SET_PERMITTED]) & ~bounding);
	char names[NAMES_SIZE];

	if (!missing)
		return 0;
	capability_names(missing, names);
	if (!capabilities->warns_of_missing)
		return stage->host->fail(error, 0,
		                         "process.capabilities: this host does not have %s to give",
		                         names);
	stage->host->log(stage, IRONBOX_LOG_WARNING,
	                 "process.capabilities: this host does not have %s to give", names);
	for (int set = 0; set < SETS; set++)
		wanted[set] &= ~missing;
	return 0;
}

/* In a user namespace a process has other capabilities than here: only confine can tell. */
static bool in_user_namespace(const struct ironbox_stage *stage)
{
	return stage->host->namespace_is_new(stage, CLONE_NEWUSER) ||
	       stage->host->namespace_path(stage, CLONE_NEWUSER);
}

static int capabilities_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct sets own;

	if (wanted_read(stage, error) < 0 || wanted_check(stage, error) < 0)
		return -1;
	if (in_user_namespace(stage))
		return 0;
	if (sets_get(&own) < 0 || bounding_get(&own.of[SET_BOUNDING]) < 0)
		return stage->host->fail(error, errno, "read the runtime's own capabilities");
	return wanted_limit(stage, own.of[SET_BOUNDING], own.of[SET_PERMITTED], error);
}

/* ---- in init, or the joiner ---- */

static int differs(const struct ironbox_stage *stage, enum set set, uint64_t got, uint64_t wanted,
                   struct ironbox_error *error)
{
	char names[NAMES_SIZE];

	return stage->host->fail(error, 0, "the kernel shows another %s set, by %s", set_names[set],
	                         capability_names(got ^ wanted, names));
}

static int capabilities_confine(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct capabilities *capabilities = stage->data;
	uint64_t bounding;
	struct sets own;
	int code;

	code = bounding_drop(capabilities->wanted.of[SET_BOUNDING]) < 0 ? errno : 0;
	if (sets_get(&own) < 0 || bounding_get(&bounding) < 0)
		return stage->host->fail(error, errno, "read back the capabilities");
	if (bounding & ~capabilities->wanted.of[SET_BOUNDING])
		return stage->host->fail(error, code, "drop capabilities from the bounding set");
	/* permitted ones need not be in the bounding set: that is for what execve(2) adds */
	return wanted_limit(stage, bounding | capabilities->wanted.of[SET_PERMITTED],
	                    own.of[SET_PERMITTED], error);
}

static int capabilities_drop(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct capabilities *capabilities = stage->data;
	const uint64_t *wanted = capabilities->wanted.of;
	struct sets got;

	if (sets_set(&capabilities->wanted) < 0)
		return stage->host->fail(error, errno, "set the capabilities");
	if (ambient_set(wanted[SET_AMBIENT]) < 0)
		return stage->host->fail(error, errno, "set the ambient capabilities");
	if (sets_get(&got) < 0 ||
	    ambient_get(got.of[SET_PERMITTED] & got.of[SET_INHERITABLE], &got.of[SET_AMBIENT]) < 0)
		return stage->host->fail(error, errno, "read back the capabilities");
	for (int set = SET_EFFECTIVE; set < SETS; set++)
		if (got.of[set] != wanted[set])
			return differs(stage, (enum set)set, got.of[set], wanted[set], error);
	return 0;
}

/* ---- restore: what images hold is not believed ---- */

static int status_set(const char *status, const char *key, uint64_t *set)
{
	const char *line = strstr(status, key);

	return line && sscanf(line + strlen(key), "%" SCNx64, set) == 1 ? 0 : -1;
}

/* A process may have less than it was given, and by file capabilities as much as its bounding set.
 * What is in none of config.json's sets can't have come from there. */
static int capabilities_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const char *const keys[SETS] = {
		[SET_BOUNDING] = "\nCapBnd:\t",  [SET_EFFECTIVE] = "\nCapEff:\t",
		[SET_PERMITTED] = "\nCapPrm:\t", [SET_INHERITABLE] = "\nCapInh:\t",
		[SET_AMBIENT] = "\nCapAmb:\t",
	};
	const struct capabilities *capabilities = stage->data;
	uint64_t given = 0, allowed, got;
	char path[32], text[8192], names[NAMES_SIZE];
	cleanup_close int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "%d/status", stage->init_pid);
	fd = stage->host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size < 0)
		return stage->host->fail(error, errno, "read /proc/%s", path);
	text[size] = '\0';
	for (int set = 0; set < SETS; set++)
		given |= capabilities->wanted.of[set];
	for (int set = 0; set < SETS; set++) {
		allowed = set == SET_BOUNDING ? capabilities->wanted.of[set] : given;
		if (status_set(text, keys[set], &got) < 0)
			return stage->host->fail(error, 0, "/proc/%s has no %s set", path,
			                         set_names[set]);
		if (got & ~allowed)
			return stage->host->fail(
				error, 0, "process.capabilities.%s: the restored process has %s",
				set_names[set], capability_names(got & ~allowed, names));
	}
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct capabilities),
	.configure = capabilities_configure,
	.validate = capabilities_validate,
	.confine = capabilities_confine,
	.drop = capabilities_drop,
	.join_prepare = capabilities_validate,
	.verify = capabilities_verify,
};
