/* hooks.* of the spec, typed. */
#include "oci/hooks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "oci/strings.h"

const char *const hook_names[HOOK_KINDS] = {
	[HOOK_PRESTART] = "prestart",
	[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",
	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",
	[HOOK_POSTSTOP] = "poststop",
};

/* A hook as the document has it. */
struct hook_value {
	const char *path;
	const struct ironbox_value *args, *env;
	uint32_t timeout;
};

static const struct ironbox_field hook_value_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct hook_value, path, "path"),
	IRONBOX_FIELD(struct hook_value, args, "args"),
	IRONBOX_FIELD(struct hook_value, env, "env"),
	IRONBOX_FIELD(struct hook_value, timeout, "timeout"),
	IRONBOX_FIELD_END,
};

static const struct ironbox_value *hooks_value(const struct spec *spec, enum hook_kind kind)
{
	return value_member(spec_at(spec, "hooks"), hook_names[kind]);
}

static int hook_read(struct oci_hook *hook, const struct spec *spec,
                     const struct ironbox_value *item, struct ironbox_error *error)
{
	struct hook_value value = { 0 };

	if (value_read(spec, item, hook_value_fields, &value, error) < 0)
		return -1;
	hook->path = value.path;
	hook->timeout = value.timeout;
	hook->env = strings_of(value.env, NULL);
	/* config.md: args as execv's argv, so its first is the program's own name */
	hook->args =
		value_count(value.args) ? strings_of(value.args, NULL) : strings_of_one(value.path);
	if (!hook->env || !hook->args)
		return error_begin(error, errno, "read a hook's args");
	return 0;
}

int hooks_read(struct oci_hooks *hooks, const struct spec *spec, enum hook_kind kind,
               struct ironbox_error *error)
{
	const struct ironbox_value *list = hooks_value(spec, kind);
	cleanup_hooks struct oci_hooks read = { .count = value_count(list) };

	*hooks = (struct oci_hooks){ 0 };
	if (!read.count)
		return 0;
	read.items = calloc(read.count, sizeof(*read.items));
	if (!read.items) {
		read.count = 0;
		return error_begin(error, errno, "read hooks.%s", hook_names[kind]);
	}
	for (size_t i = 0; i < read.count; i++)
		if (hook_read(&read.items[i], spec, value_item(list, i, NULL), error) < 0)
			return -1;
	*hooks = read;
	read = (struct oci_hooks){ 0 };
	return 0;
}

bool hooks_asked(const struct spec *spec, enum hook_kind kind)
{
	return value_count(hooks_value(spec, kind)) > 0;
}

void hooks_free(struct oci_hooks *hooks)
{
	int saved = errno;

	for (size_t i = 0; i < hooks->count; i++) {
		free(hooks->items[i].args);
		free(hooks->items[i].env);
	}
	free(hooks->items);
	*hooks = (struct oci_hooks){ 0 };
	errno = saved;
}
