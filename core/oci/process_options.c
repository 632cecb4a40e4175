/* The command line of `exec`, applied to the container's own process as runc does it. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "oci/document.h"
#include "oci/process.h"

/* One id: digits alone, no 0 in front, 0 to 2^32-2. TD2 (CVE-2026-30892, CVE-2024-40635): what is
 * not canonical is refused, and nothing stands for 0 but "0". Returns the text behind, or NULL. */
static const char *id_parse(const char *text, uint32_t *id)
{
	uint64_t number = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at); at++) {
		number = number * 10 + (uint64_t)(*at - '0');
		if (number >= UINT32_MAX)
			return NULL; /* 4294967295 is (uid_t)-1: "leave it" */
	}
	if (at == text || (*text == '0' && at - text > 1))
		return NULL;
	*id = (uint32_t)number;
	return at;
}

static int fail_memory(struct ironbox_error *error, const char *what)
{
	return error_begin(error, ENOMEM, "set process.%s", what);
}

/* The member of an object, made if the object has none. */
static json_t *member_made(json_t *object, const char *name, json_t *(*make)(void))
{
	json_t *member = json_object_get(object, name);

	if (member && !json_is_null(member))
		return member;
	if (json_object_set_new(object, name, make()) < 0)
		return NULL;
	return json_object_get(object, name);
}

static int set_text(json_t *object, const char *name, const char *text, struct ironbox_error *error)
{
	/* a command line may hold any bytes, UTF-8 or not */
	if (text && json_object_set_new(object, name, json_string_nocheck(text)) < 0)
		return fail_memory(error, name);
	return 0;
}

/* `--apparmor ""` is not given: it must not take the container's own away. */
static int set_label(json_t *object, const char *name, const char *text,
                     struct ironbox_error *error)
{
	return set_text(object, name, text && *text ? text : NULL, error);
}

static int append_texts(json_t *object, const char *name, const char *const *texts,
                        struct ironbox_error *error)
{
	json_t *list;

	if (!texts || !*texts)
		return 0;
	list = member_made(object, name, json_array);
	if (!list)
		return fail_memory(error, name);
	for (; *texts; texts++)
		if (json_array_append_new(list, json_string_nocheck(*texts)) < 0)
			return fail_memory(error, name);
	return 0;
}

static int set_args(json_t *process, const char *const *args, struct ironbox_error *error)
{
	if (!args)
		return 0;
	if (json_object_set_new(process, "args", json_array()) < 0)
		return fail_memory(error, "args");
	return append_texts(process, "args", args, error);
}

static int set_user(json_t *process, const char *text, struct ironbox_error *error)
{
	uint32_t uid = 0, gid = 0;
	const char *behind;
	bool has_gid;
	json_t *user;

	if (!text)
		return 0;
	behind = id_parse(text, &uid);
	has_gid = behind && *behind == ':';
	if (has_gid)
		behind = id_parse(behind + 1, &gid);
	if (!behind || *behind)
		return error_begin(error, 0,
		                   "user \"%s\": expected UID or UID:GID, each from 0 to %u", text,
		                   UINT32_MAX - 1);
	user = member_made(process, "user", json_object);
	if (!user || json_object_set_new(user, "uid", json_integer(uid)) < 0 ||
	    (has_gid && json_object_set_new(user, "gid", json_integer(gid)) < 0))
		return fail_memory(error, "user");
	return 0;
}

static int add_groups(json_t *process, const char *const *gids, struct ironbox_error *error)
{
	json_t *user, *list;

	if (!gids || !*gids)
		return 0;
	user = member_made(process, "user", json_object);
	list = user ? member_made(user, "additionalGids", json_array) : NULL;
	if (!list)
		return fail_memory(error, "user.additionalGids");
	for (; *gids; gids++) {
		uint32_t gid = 0;
		const char *behind = id_parse(*gids, &gid);

		if (!behind || *behind)
			return error_begin(
				error, 0, "additional group \"%s\": expected a number from 0 to %u",
				*gids, UINT32_MAX - 1);
		if (json_array_append_new(list, json_integer(gid)) < 0)
			return fail_memory(error, "user.additionalGids");
	}
	return 0;
}

static bool has_text(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
			return true;
	return false;
}

/* CVE-2022-29162: never into inheritable; ambient takes only what was inheritable before. */
static int add_capabilities(json_t *process, const char *const *names, struct ironbox_error *error)
{
	json_t *sets;

	if (!names || !*names)
		return 0;
	sets = member_made(process, "capabilities", json_object);
	if (!sets)
		return fail_memory(error, "capabilities");
	if (append_texts(sets, "bounding", names, error) < 0 ||
	    append_texts(sets, "effective", names, error) < 0 ||
	    append_texts(sets, "permitted", names, error) < 0)
		return error_context(error, "capabilities");
	for (; *names; names++) {
		const char *const one[] = { *names, NULL };

		if (has_text(json_object_get(sets, "inheritable"), *names) &&
		    append_texts(sets, "ambient", one, error) < 0)
			return error_context(error, "capabilities");
	}
	return 0;
}

static int set_flags(json_t *process, const struct process_options *options,
                     struct ironbox_error *error)
{
	/* as runc does: a terminal is what this exec asks for, whatever the container has */
	if (json_object_set_new(process, "terminal", json_boolean(options->terminal)) < 0)
		return fail_memory(error, "terminal");
	if (options->no_new_privileges &&
	    json_object_set_new(process, "noNewPrivileges", json_true()) < 0)
		return fail_memory(error, "noNewPrivileges");
	return 0;
}

int process_apply_options(struct spec *spec, const struct process_options *options,
                          struct ironbox_error *error)
{
	const struct place place = { .name = "process" };
	json_t *process = json_of(spec_at(spec, "process"));

	if (!process)
		return error_begin(error, 0, "process: missing");
	if (set_args(process, options->args, error) < 0 ||
	    set_text(process, "cwd", options->cwd, error) < 0 ||
	    set_label(process, "apparmorProfile", options->apparmor, error) < 0 ||
	    set_label(process, "selinuxLabel", options->process_label, error) < 0 ||
	    append_texts(process, "env", options->env, error) < 0 ||
	    set_user(process, options->user, error) < 0 ||
	    add_groups(process, options->additional_gids, error) < 0 ||
	    add_capabilities(process, options->capabilities, error) < 0 ||
	    set_flags(process, options, error) < 0)
		return -1;
	return check_document(&place, process_fields, process, error);
}

int process_set_terminal(struct spec *process, bool terminal, struct ironbox_error *error)
{
	if (json_object_set_new((json_t *)process->root, "terminal", json_boolean(terminal)) < 0)
		return fail_memory(error, "terminal");
	return 0;
}
