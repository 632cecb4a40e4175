/*
 * Only annotations are read of the document, which costs a tenth of reading it all: `start` is in
 * the way of each container, and what it allocates the daemon keeps. What is wrong elsewhere in it
 * is told by Create.
 */
#include "command/group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/quote.h"

#define CONFIG_MAX (10UL * 1024 * 1024) /* as core/oci takes it */
#define GROUP_MAX  200

/* The first that is there: ours, the one that containerd's own shim knows, and CRI's, which all
 * containers of a pod carry. */
static const char *const keys[] = {
	"io.containerd.ironbox.v1.group",
	"io.containerd.runc.v2.group",
	"io.kubernetes.cri.sandbox-id",
};

/* The end of the string that begins at `at`, or NULL. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at < end ? at + 1 : NULL;
}

/* The end of the value of any type that begins at `at`, or NULL. Brackets are counted, not matched:
 * who reads it all later does that. */
static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	while (at && at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			if (depth == 0)
				return at;
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if (depth == 0 && strchr(",}] \t\r\n", *at))
			return at;
		else if ((*at == '}' || *at == ']') && --depth == 0)
			return at + 1;
		at++;
	}
	return NULL;
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && strchr(" \t\r\n,:", *at) && *at)
		at++;
	return at;
}

/* The value of a member of the text's outermost object; NULL: there is none. */
static const char *find_member(const char *text, size_t size, const char *quoted_name,
                               size_t *value_size)
{
	const char *end = text + size, *at = skip_blanks(text, end);

	if (at == end || *at++ != '{')
		return NULL;
	for (at = skip_blanks(at, end); at < end && *at == '"'; at = skip_blanks(at, end)) {
		const char *name = at, *value;
		size_t name_size;

		at = skip_string(at, end);
		if (!at)
			return NULL;
		name_size = (size_t)(at - name);
		value = skip_blanks(at, end);
		at = skip_value(value, end);
		if (!at)
			return NULL;
		*value_size = (size_t)(at - value);
		if (name_size == strlen(quoted_name) && memcmp(name, quoted_name, name_size) == 0)
			return value;
	}
	return NULL;
}

/* The group becomes part of a path, which is hashed, and of what `ps` shows. */
static bool is_group_name(const char *name)
{
	if (strlen(name) > GROUP_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == '/' || *name == 127)
			return false;
	return true;
}

static int take_group(const json_t *annotations, char **group, struct ironbox_error *error)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = json_string_value(json_object_get(annotations, keys[i]));

		if (!value || !*value)
			continue;
		if (!is_group_name(value))
			return error_begin(error, 0,
			                   "config.json: annotations: %s: \"%s\" can't be a name",
			                   keys[i], QUOTE(value));
		*group = strdup(value);
		return *group ? 0 : error_begin(error, errno, "keep the group's name");
	}
	return 0;
}

int group_of_text(const char *text, size_t size, char **group, struct ironbox_error *error)
{
	size_t found_size = 0;
	const char *found = find_member(text, size, "\"annotations\"", &found_size);
	json_error_t wrong;
	json_t *annotations;
	int result;

	*group = NULL;
	if (!found || *found != '{')
		return 0;
	annotations = json_loadb(found, found_size, JSON_REJECT_DUPLICATES, &wrong);
	if (!annotations)
		return error_begin(error, 0, "config.json: annotations: %s", wrong.text);
	result = take_group(annotations, group, error);
	json_decref(annotations);
	return result;
}

int group_of_bundle(int bundle_fd, char **group, struct ironbox_error *error)
{
	cleanup_close int fd = openat(bundle_fd, "config.json", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup_free char *text = NULL;
	size_t size = 0;

	*group = NULL;
	if (fd < 0 && errno == ENOENT)
		return 0; /* for Create to complain of */
	text = fd < 0 ? NULL : file_read(fd, CONFIG_MAX, &size);
	if (!text)
		return error_begin(error, errno, "read config.json");
	return group_of_text(text, size, group, error);
}
