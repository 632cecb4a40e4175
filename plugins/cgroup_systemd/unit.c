#include "unit.h"

#include <stdio.h>
#include <string.h>

#define FIELD        "linux.cgroupsPath"
#define SLICE        ".slice"
#define SYSTEM_SLICE "system.slice"
#define USER_SLICE   "user.slice"

static const char *default_slice(const struct ironbox_stage *stage)
{
	return stage->flags & IRONBOX_ROOTLESS ? USER_SLICE : SYSTEM_SLICE;
}

static bool is_unit_character(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
	       (character >= '0' && character <= '9') || (character && strchr(":-_.\\", character));
}

/* The first byte that no unit's name has, or NULL. '@' would make an instance of a template. */
static const char *find_bad_character(const char *text)
{
	for (; *text; text++)
		if (!is_unit_character(*text))
			return text;
	return NULL;
}

static bool has_end(const char *text, size_t size, const char *end)
{
	size_t length = strlen(end);

	return size >= length && memcmp(text + size - length, end, length) == 0;
}

/* systemd.slice(5): "a-b.slice" is in "a.slice", and "-.slice" is the root. */
static bool is_slice(const char *slice)
{
	size_t size = strlen(slice);

	if (strcmp(slice, "-" SLICE) == 0)
		return true;
	if (!has_end(slice, size, SLICE))
		return false;
	size -= strlen(SLICE);
	return size > 0 && slice[0] != '-' && slice[size - 1] != '-' && !strstr(slice, "--");
}

static int check_names(const struct ironbox_stage *stage, const char *text, const struct unit *unit,
                       struct ironbox_error *error)
{
	const char *bad = find_bad_character(unit->slice);

	if (!bad)
		bad = find_bad_character(unit->scope);
	if (bad)
		return stage->host->fail(error, 0,
		                         FIELD ": %s: a name of systemd's has letters, digits and "
		                               ":-_.\\, and no byte 0x%02x",
		                         text, (unsigned char)*bad);
	if (!is_slice(unit->slice))
		return stage->host->fail(error, 0,
		                         FIELD ": %s: %s is no slice's name, such as " SYSTEM_SLICE,
		                         text, unit->slice);
	return 0;
}

/* Escapes as systemd-escape(1) does what an id may have and a unit's name not: '+'. */
static int name_by_id(const struct ironbox_stage *stage, struct unit *unit,
                      struct ironbox_error *error)
{
	static const char prefix[] = "ironbox-", end[] = ".scope";
	size_t length = strlen(prefix);

	snprintf(unit->slice, sizeof(unit->slice), "%s", default_slice(stage));
	memcpy(unit->scope, prefix, length);
	for (const char *at = stage->container_id; *at; at++) {
		if (length + strlen("\\x2b") + sizeof(end) > sizeof(unit->scope))
			return stage->host->fail(error, 0,
			                         "container id: too long for a name of systemd's");
		if (is_unit_character(*at))
			unit->scope[length++] = *at;
		else
			length += (size_t)snprintf(unit->scope + length, 5, "\\x%02x",
			                           (unsigned char)*at);
	}
	memcpy(unit->scope + length, end, sizeof(end));
	return 0;
}

int unit_read(const struct ironbox_stage *stage, struct unit *unit, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *text = host->text(host->spec(stage, FIELD)), *prefix, *name;
	int slice_size, prefix_size;

	if (!text || !*text)
		return name_by_id(stage, unit, error);
	prefix = strchr(text, ':');
	name = prefix ? strchr(++prefix, ':') : NULL;
	if (!name || !*++name || strchr(name, ':'))
		return host->fail(error, 0,
		                  FIELD ": %s: expected SLICE:PREFIX:NAME for a cgroup by systemd",
		                  text);
	if (has_end(name, strlen(name), SLICE))
		return host->fail(error, 0, FIELD ": %s: a container gets a scope, and no slice",
		                  text);
	slice_size = (int)(prefix - text - 1);
	prefix_size = (int)(name - prefix - 1);
	if (!slice_size) {
		text = default_slice(stage);
		slice_size = (int)strlen(text);
	}
	if (snprintf(unit->slice, sizeof(unit->slice), "%.*s", slice_size, text) >=
	            (int)sizeof(unit->slice) ||
	    snprintf(unit->scope, sizeof(unit->scope), "%.*s%s%s.scope", prefix_size, prefix,
	             prefix_size ? "-" : "", name) >= (int)sizeof(unit->scope))
		return host->fail(error, 0, FIELD ": %s: a name of systemd's has %d bytes at most",
		                  text, UNIT_NAME_SIZE - 1);
	return check_names(stage, text, unit, error);
}

int unit_path(const struct unit *unit, const char *base, char path[CGROUP_PATH_MAX])
{
	size_t stem = strlen(unit->slice) - strlen(SLICE);
	size_t length = (size_t)snprintf(path, CGROUP_PATH_MAX, "%s", base);

	for (size_t end = 1; unit->slice[0] != '-' && end <= stem; end++)
		if ((end == stem || unit->slice[end] == '-') && length < CGROUP_PATH_MAX)
			length += (size_t)snprintf(path + length, CGROUP_PATH_MAX - length,
			                           "/%.*s" SLICE, (int)end, unit->slice);
	if (length < CGROUP_PATH_MAX)
		length += (size_t)snprintf(path + length, CGROUP_PATH_MAX - length, "/%s",
		                           unit->scope);
	return length < CGROUP_PATH_MAX ? 0 : -1;
}

bool unit_find_base(const char *own, char base[CGROUP_PATH_MAX])
{
	static const char start[] = "/user@", end[] = ".service/";
	const char *at = strstr(own, start);
	size_t digits, size;

	if (!at)
		return false;
	digits = strspn(at + strlen(start), "0123456789");
	size = (size_t)(at - own) + strlen(start) + digits + strlen(end) - 1;
	if (digits == 0 || size >= CGROUP_PATH_MAX ||
	    strncmp(at + strlen(start) + digits, end, strlen(end)) != 0)
		return false;
	memcpy(base, own, size);
	base[size] = '\0';
	return true;
}
