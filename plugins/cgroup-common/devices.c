/* Reads device rules, puts the default nodes behind them, and drops what later rules make void. */
#include "devices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Behind what the spec says, as runc has them: every node may be made, these may be used. Not 5:1,
 * which is the host's console: the one inside is a pseudo-terminal. Those are the container's own
 * instance of devpts, the major is what they share. */
static const struct device_rule default_rules[] = {
	{ true, 'c', DEVICE_MKNOD, DEVICE_ANY, DEVICE_ANY },
	{ true, 'b', DEVICE_MKNOD, DEVICE_ANY, DEVICE_ANY },
	{ true, 'c', DEVICE_ALL, 1, 3 },            /* null */
	{ true, 'c', DEVICE_ALL, 1, 5 },            /* zero */
	{ true, 'c', DEVICE_ALL, 1, 7 },            /* full */
	{ true, 'c', DEVICE_ALL, 1, 8 },            /* random */
	{ true, 'c', DEVICE_ALL, 1, 9 },            /* urandom */
	{ true, 'c', DEVICE_ALL, 5, 0 },            /* tty */
	{ true, 'c', DEVICE_ALL, 5, 2 },            /* ptmx */
	{ true, 'c', DEVICE_ALL, 136, DEVICE_ANY }, /* pts */
};
#define DEFAULT_COUNT (sizeof(default_rules) / sizeof(default_rules[0]))

struct given_rule {
	bool allow;
	const char *type, *access;
	int64_t major, minor;
};

static const struct ironbox_field rule_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct given_rule, allow, "allow"),
	IRONBOX_FIELD(struct given_rule, type, "type"),
	IRONBOX_FIELD(struct given_rule, major, "major"),
	IRONBOX_FIELD(struct given_rule, minor, "minor"),
	IRONBOX_FIELD(struct given_rule, access, "access"),
	IRONBOX_FIELD_END,
};

static int read_rule(const struct ironbox_stage *stage, const struct ironbox_value *item,
                     size_t index, struct device_rule *rule, struct ironbox_error *error);
static void drop_void_rules(struct device_rules *rules);

int device_rules_read(const struct ironbox_stage *stage, const struct ironbox_value *devices,
                      struct device_rules *rules, struct ironbox_error *error)
{
	size_t given = stage->host->count(devices);

	*rules = (struct device_rules){ 0 };
	rules->rules = calloc(given + DEFAULT_COUNT, sizeof(*rules->rules));
	if (!rules->rules)
		return stage->host->fail(error, ENOMEM, "linux.resources.devices");
	for (size_t i = 0; i < given; i++)
		if (read_rule(stage, stage->host->item(devices, i, NULL), i, &rules->rules[i],
		              error) < 0)
			return -1;
	memcpy(rules->rules + given, default_rules, sizeof(default_rules));
	rules->count = given + DEFAULT_COUNT;
	drop_void_rules(rules);
	return 0;
}

/* What a rule leaves out it does not restrict; podman and CRI send "deny, rwm" alone for "all". */
static unsigned char access_from_text(const char *text)
{
	unsigned char access = 0;

	if (!text || !*text)
		return DEVICE_ALL;
	for (; *text; text++)
		access |= *text == 'r'   ? DEVICE_READ
		          : *text == 'w' ? DEVICE_WRITE
		          : *text == 'm' ? DEVICE_MKNOD
		                         : 0;
	return access;
}

static bool is_number(int64_t number)
{
	return number >= DEVICE_ANY && number <= UINT32_MAX;
}

static int read_rule(const struct ironbox_stage *stage, const struct ironbox_value *item,
                     size_t index, struct device_rule *rule, struct ironbox_error *error)
{
	struct given_rule given = { .type = "a", .major = DEVICE_ANY, .minor = DEVICE_ANY };

	if (stage->host->read(stage, item, rule_fields, &given, error) < 0)
		return -1;
	if (!strchr("abcu", *given.type) || (*given.type && given.type[1]))
		return stage->host->fail(
			error, 0, "linux.resources.devices[%zu].type: %s: expected a, b or c",
			index, given.type);
	if (!is_number(given.major) || !is_number(given.minor))
		return stage->host->fail(error, 0,
		                         "linux.resources.devices[%zu]: %lld:%lld is no device",
		                         index, (long long)given.major, (long long)given.minor);
	rule->allow = given.allow;
	/* mknod(1) has u for a character device, too */
	rule->type = *given.type == 'u' ? 'c' : *given.type ? *given.type : 'a';
	rule->access = access_from_text(given.access);
	rule->major = given.major;
	rule->minor = given.minor;
	return 0;
}

/* Whether each device that `earlier` is about is one that `later` is about. */
static bool covers(const struct device_rule *later, const struct device_rule *earlier)
{
	return (later->type == 'a' || later->type == earlier->type) &&
	       (later->major == DEVICE_ANY || later->major == earlier->major) &&
	       (later->minor == DEVICE_ANY || later->minor == earlier->minor);
}

/* What of its access no later rule decides. */
static unsigned char access_left(const struct device_rules *rules, size_t index)
{
	unsigned char access = rules->rules[index].access;

	for (size_t i = index + 1; i < rules->count && access; i++)
		if (covers(&rules->rules[i], &rules->rules[index]))
			access &= (unsigned char)~rules->rules[i].access;
	return access;
}

/* A rule about all access to all devices takes the place of "deny all" in front. */
static bool is_about_all(const struct device_rule *rule)
{
	return rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
	       rule->access == DEVICE_ALL;
}

static void drop_void_rules(struct device_rules *rules)
{
	size_t first = 0, kept = 0;
	bool exceptions = false;

	for (size_t i = 0; i < rules->count; i++)
		if (is_about_all(&rules->rules[i])) {
			rules->allow_rest = rules->rules[i].allow;
			first = i + 1;
		}
	for (size_t i = first; i < rules->count; i++) {
		struct device_rule rule = rules->rules[i];

		rule.access = access_left(rules, i);
		if (!rule.access)
			continue;
		exceptions = exceptions || rule.allow != rules->allow_rest;
		rules->rules[kept++] = rule;
	}
	/* a list without a word against the rest says nothing new */
	rules->count = exceptions ? kept : 0;
}

void device_rule_text(const struct device_rule *rule, char type, char *text, size_t size)
{
	char major[24] = "*", minor[24] = "*";

	if (rule->major != DEVICE_ANY)
		snprintf(major, sizeof(major), "%lld", (long long)rule->major);
	if (rule->minor != DEVICE_ANY)
		snprintf(minor, sizeof(minor), "%lld", (long long)rule->minor);
	snprintf(text, size, "%c %s:%s %s%s%s", type, major, minor,
	         rule->access & DEVICE_READ ? "r" : "", rule->access & DEVICE_WRITE ? "w" : "",
	         rule->access & DEVICE_MKNOD ? "m" : "");
}
