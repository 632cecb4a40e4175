#include "profile.h"

#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

#define ARGUMENTS_OF_A_CALL 6
#define NAMES_MAX           16384 /* Linux has 500 calls: more is there to keep the compiler busy */
#define ERRNO_MOST          4095  /* the kernel's MAX_ERRNO: a larger one would be cut, not told */

struct profile_fields {
	const char *default_action;
	uint32_t default_errno;
	bool has_default_errno;
	const struct ironbox_value *architectures, *flags, *syscalls;
	const char *listener_path, *listener_metadata;
};

static const struct ironbox_field profile_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct profile_fields, default_action, "defaultAction"),
	IRONBOX_FIELD_HAS(struct profile_fields, default_errno, "defaultErrnoRet"),
	IRONBOX_FIELD(struct profile_fields, architectures, "architectures"),
	IRONBOX_FIELD(struct profile_fields, flags, "flags"),
	IRONBOX_FIELD(struct profile_fields, syscalls, "syscalls"),
	IRONBOX_FIELD(struct profile_fields, listener_path, "listenerPath"),
	IRONBOX_FIELD(struct profile_fields, listener_metadata, "listenerMetadata"),
	IRONBOX_FIELD_END,
};

struct rule_fields {
	const char *action;
	uint32_t errno_answer;
	bool has_errno_answer;
	const struct ironbox_value *names, *arguments;
};

static const struct ironbox_field rule_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct rule_fields, action, "action"),
	IRONBOX_FIELD_HAS(struct rule_fields, errno_answer, "errnoRet"),
	IRONBOX_FIELD_REQUIRED(struct rule_fields, names, "names"),
	IRONBOX_FIELD(struct rule_fields, arguments, "args"),
	IRONBOX_FIELD_END,
};

struct condition_fields {
	uint32_t index;
	uint64_t value, value_two;
	const char *op;
};

static const struct ironbox_field condition_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct condition_fields, index, "index"),
	IRONBOX_FIELD_REQUIRED(struct condition_fields, value, "value"),
	IRONBOX_FIELD(struct condition_fields, value_two, "valueTwo"),
	IRONBOX_FIELD_REQUIRED(struct condition_fields, op, "op"),
	IRONBOX_FIELD_END,
};

/* Where an action stands: in a rule, or at the profile's top. */
struct place {
	const char *action_key, *errno_key;
	size_t index; /* of the rule; NO_RULE: the top */
};

#define NO_RULE SIZE_MAX

static int read_action(uint32_t *action, const struct source *source, const struct place *place,
                       const char *text, const uint32_t *errno_answer, struct ironbox_error *error);
static int read_architectures(struct profile *profile, const struct source *source,
                              const struct ironbox_value *list, struct ironbox_error *error);
static int read_flags(struct profile *profile, const struct source *source,
                      const struct ironbox_value *list, struct ironbox_error *error);
static int read_rules(struct profile *profile, const struct source *source,
                      const struct ironbox_value *list, struct ironbox_error *error);
static int read_rule(struct profile *profile, const struct source *source,
                     const struct ironbox_value *item, size_t index, struct ironbox_error *error);
static int read_condition(struct rule *rule, const struct source *source,
                          const struct ironbox_value *item, size_t index,
                          struct ironbox_error *error);
static int check_member_is_empty(const struct source *source, const struct ironbox_value *object,
                                 const struct place *place, const char *name,
                                 struct ironbox_error *error);
static int check_listener(const struct profile *profile, const struct source *source,
                          struct ironbox_error *error);

/* "" stands for nothing, as everywhere in config.json. */
static const char *given(const char *text)
{
	return text && *text ? text : NULL;
}

int profile_read(struct profile *profile, const struct source *source, struct ironbox_error *error)
{
	static const struct place top = { "defaultAction", "defaultErrnoRet", NO_RULE };
	struct profile_fields fields = { 0 };

	*profile = (struct profile){ .where = source->where };
	if (check_member_is_empty(source, source->value, &top, "archMap", error) < 0 ||
	    source_read(source, source->value, profile_fields, &fields, error) < 0 ||
	    read_action(&profile->default_action, source, &top, fields.default_action,
	                fields.has_default_errno ? &fields.default_errno : NULL, error) < 0)
		return -1;
	profile->listener_path = given(fields.listener_path);
	profile->listener_metadata = given(fields.listener_metadata);
	profile->notifies = profile->default_action == SECCOMP_RET_USER_NOTIF;
	if (read_architectures(profile, source, fields.architectures, error) < 0 ||
	    read_flags(profile, source, fields.flags, error) < 0 ||
	    read_rules(profile, source, fields.syscalls, error) < 0)
		return -1;
	return check_listener(profile, source, error);
}

void profile_free_rules(struct profile *profile)
{
	free(profile->rules);
	free(profile->names);
	free(profile->conditions);
	profile->rules = NULL;
	profile->names = NULL;
	profile->conditions = NULL;
	profile->rules_count = 0;
}

static int fail_at(const struct source *source, const struct place *place, const char *key,
                   const char *what, struct ironbox_error *error)
{
	if (place->index == NO_RULE)
		return source->host->fail(error, 0, "%s.%s: %s", source->where, key, what);
	return source->host->fail(error, 0, "%s.syscalls[%zu].%s: %s", source->where, place->index,
	                          key, what);
}

static int read_action(uint32_t *action, const struct source *source, const struct place *place,
                       const char *text, const uint32_t *errno_answer, struct ironbox_error *error)
{
	const struct word *word = word_find(action_words, text);
	uint32_t most = ERRNO_MOST;

	if (!word)
		return fail_at(source, place, place->action_key, "no such action", error);
	*action = word->value;
	if (word->value == SECCOMP_RET_TRACE)
		most = SECCOMP_RET_DATA; /* the tracer's to make sense of */
	else if (word->value != SECCOMP_RET_ERRNO && errno_answer)
		return fail_at(source, place, place->errno_key, "the action answers no errno",
		               error); /* "the runtime MUST … fail", says the spec */
	else if (word->value != SECCOMP_RET_ERRNO)
		return 0;
	if (errno_answer && *errno_answer > most)
		return fail_at(source, place, place->errno_key, "no errno is so large", error);
	*action |= errno_answer ? *errno_answer : EPERM;
	return 0;
}

static int read_architectures(struct profile *profile, const struct source *source,
                              const struct ironbox_value *list, struct ironbox_error *error)
{
	const struct ironbox_host *host = source->host;
	size_t i, count = source_count(source, list);

	if (count > ARCHITECTURES_MAX)
		return host->fail(error, 0, "%s.architectures: more than %d", source->where,
		                  ARCHITECTURES_MAX);
	for (i = 0; i < count; i++) {
		const char *text = source_text(source, source_item(source, list, i, NULL));
		const struct word *word = text ? word_find(architecture_words, text) : NULL;

		if (!word)
			return host->fail(error, 0, "%s.architectures[%zu]: no such architecture",
			                  source->where, i);
		profile->architectures[profile->architectures_count++] = word->value;
	}
	return 0;
}

static int read_flags(struct profile *profile, const struct source *source,
                      const struct ironbox_value *list, struct ironbox_error *error)
{
	const struct ironbox_host *host = source->host;
	size_t i, count = source_count(source, list);

	for (i = 0; i < count; i++) {
		const char *text = source_text(source, source_item(source, list, i, NULL));
		const struct word *word = text ? word_find(flag_words, text) : NULL;

		if (!word)
			return host->fail(error, 0, "%s.flags[%zu]: no such flag", source->where,
			                  i);
		profile->flags |= word->value;
	}
	return 0;
}

/* The value of an object's member, by its name. */
static const struct ironbox_value *member(const struct source *source,
                                          const struct ironbox_value *object, const char *name)
{
	size_t i, count = source_count(source, object);

	for (i = 0; i < count; i++) {
		const char *key = NULL;
		const struct ironbox_value *value = source_item(source, object, i, &key);

		if (key && strcmp(key, name) == 0)
			return value;
	}
	return NULL;
}

/* One array for all names and one for all conditions, as large as the document says. */
static int make_room(struct profile *profile, const struct source *source,
                     const struct ironbox_value *list, struct ironbox_error *error)
{
	const struct ironbox_host *host = source->host;
	size_t i, count = source_count(source, list), names = 0, conditions = 0;

	for (i = 0; i < count; i++) {
		const struct ironbox_value *item = source_item(source, list, i, NULL);

		names += source_count(source, member(source, item, "names"));
		conditions += source_count(source, member(source, item, "args"));
	}
	if (names > NAMES_MAX)
		return host->fail(error, 0, "%s.syscalls: more than %d names", source->where,
		                  NAMES_MAX);
	profile->rules = calloc(count + 1, sizeof(*profile->rules));
	profile->names = calloc(names + 1, sizeof(*profile->names));
	profile->conditions = calloc(conditions + 1, sizeof(*profile->conditions));
	if (!profile->rules || !profile->names || !profile->conditions)
		return host->fail(error, errno, "read %s.syscalls", source->where);
	return 0;
}

static int read_rules(struct profile *profile, const struct source *source,
                      const struct ironbox_value *list, struct ironbox_error *error)
{
	size_t i, count = source_count(source, list);

	if (make_room(profile, source, list, error) < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (read_rule(profile, source, source_item(source, list, i, NULL), i, error) < 0)
			return -1;
	return 0;
}

/* Where the rule before ends, this one's part of the arrays begins. */
static struct rule *next_rule(struct profile *profile)
{
	struct rule *rule = &profile->rules[profile->rules_count++];
	const struct rule *last = rule - 1;

	if (rule == profile->rules) {
		rule->names = profile->names;
		rule->conditions = profile->conditions;
	} else {
		rule->names = last->names + last->names_count;
		rule->conditions = last->conditions + last->conditions_count;
	}
	return rule;
}

/* docker and podman have profiles of their own format, whose conditions they resolve when they
 * write config.json. Without them a rule would allow, or deny, too much. In config.json itself what
 * is not known is ignored, as the spec wants it. */
static int check_member_is_empty(const struct source *source, const struct ironbox_value *object,
                                 const struct place *place, const char *name,
                                 struct ironbox_error *error)
{
	const struct ironbox_value *value = source->document ? member(source, object, name) : NULL;

	if (source_count(source, value) == 0 && !source_text(source, value))
		return 0;
	return fail_at(source, place, name,
	               "docker's own format: expected an object such as linux.seccomp, with all "
	               "conditions resolved",
	               error);
}

static int read_rule(struct profile *profile, const struct source *source,
                     const struct ironbox_value *item, size_t index, struct ironbox_error *error)
{
	const struct place place = { "action", "errnoRet", index };
	struct rule *rule = next_rule(profile);
	struct rule_fields fields = { 0 };
	size_t i, count;

	if (check_member_is_empty(source, item, &place, "includes", error) < 0 ||
	    check_member_is_empty(source, item, &place, "excludes", error) < 0 ||
	    source_read(source, item, rule_fields, &fields, error) < 0 ||
	    read_action(&rule->action, source, &place, fields.action,
	                fields.has_errno_answer ? &fields.errno_answer : NULL, error) < 0)
		return -1;
	profile->notifies |= rule->action == SECCOMP_RET_USER_NOTIF;
	rule->names_count = source_count(source, fields.names);
	if (!rule->names_count)
		return fail_at(source, &place, "names", "expected at least one name", error);
	for (i = 0; i < rule->names_count; i++) {
		rule->names[i] = source_text(source, source_item(source, fields.names, i, NULL));
		if (!rule->names[i])
			return fail_at(source, &place, "names", "expected strings", error);
	}
	count = source_count(source, fields.arguments);
	for (i = 0; i < count; i++)
		if (read_condition(rule, source, source_item(source, fields.arguments, i, NULL),
		                   index, error) < 0)
			return -1;
	return 0;
}

static int read_condition(struct rule *rule, const struct source *source,
                          const struct ironbox_value *item, size_t index,
                          struct ironbox_error *error)
{
	const struct ironbox_host *host = source->host;
	struct condition_fields fields = { 0 };
	size_t at = rule->conditions_count++;
	const struct word *comparison;

	if (source_read(source, item, condition_fields, &fields, error) < 0)
		return -1;
	if (fields.index >= ARGUMENTS_OF_A_CALL)
		return host->fail(error, 0, "%s.syscalls[%zu].args[%zu].index: a call has six",
		                  source->where, index, at);
	comparison = word_find(operator_words, fields.op);
	if (!comparison)
		return host->fail(error, 0, "%s.syscalls[%zu].args[%zu].op: no such operator",
		                  source->where, index, at);
	rule->conditions[at] = (struct scmp_arg_cmp){
		.arg = fields.index,
		.op = (enum scmp_compare)comparison->value,
		.datum_a = fields.value, /* of SCMP_CMP_MASKED_EQ the mask */
		.datum_b = fields.value_two,
	};
	return 0;
}

static int check_listener(const struct profile *profile, const struct source *source,
                          struct ironbox_error *error)
{
	const struct ironbox_host *host = source->host;

	if (profile->notifies && !profile->listener_path)
		return host->fail(error, 0, "%s: SCMP_ACT_NOTIFY asks for listenerPath",
		                  source->where);
	if (profile->listener_metadata && !profile->listener_path)
		return host->fail(error, 0, "%s.listenerMetadata: not without listenerPath",
		                  source->where);
	/* seccomp(2) would say EINVAL when the container starts. */
	if (profile->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !profile->notifies)
		return host->fail(error, 0,
		                  "%s.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV waits for "
		                  "SCMP_ACT_NOTIFY, which no rule has",
		                  source->where);
	return 0;
}
