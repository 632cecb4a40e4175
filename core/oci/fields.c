/* The rows at the top of config.json, and those that many tables share. */
#include "oci/fields.h"

#include <string.h>

static bool is_absolute(const char *text)
{
	return text[0] == '/';
}

static bool is_absolute_or_empty(const char *text)
{
	return text[0] == '/' || !text[0];
}

/* TD5: an entry without a value must never be filled from the caller's own environment. */
static bool is_assignment(const char *text)
{
	return strchr(text, '=') != NULL;
}

/* The words of semver that the specification sends: 1.MINOR.PATCH, then maybe -dev or +build. */
static bool is_version_1(const char *text)
{
	static const char digits[] = "0123456789";
	size_t minor, patch;

	if (strncmp(text, "1.", 2) != 0)
		return false;
	text += 2;
	minor = strspn(text, digits);
	if (!minor || text[minor] != '.')
		return false;
	text += minor + 1;
	patch = strspn(text, digits);
	text += patch;
	return patch && (!*text || ((*text == '-' || *text == '+') && text[1]));
}

static const struct field_rule version_rule = {
	is_version_1, "is no version 1.x.y of the runtime specification"
};
static const struct field_rule env_rule = { is_assignment, "has no =" };
const struct field_rule absolute_rule = { is_absolute, "is no absolute path" };
const struct field_rule absolute_or_empty_rule = { is_absolute_or_empty, "is no absolute path" };

const struct spec_field text_item = { TEXT(NULL) };
const struct spec_field env_item = { TEXT(NULL), .rule = &env_rule };

static const struct spec_field id_map_fields[] = {
	{ UINT32("containerID"), .required = true },
	{ UINT32("hostID"), .required = true },
	{ UINT32("size"), .required = true },
	{ 0 },
};
const struct spec_field id_map_item = { OBJECT(NULL, id_map_fields) };

static const struct spec_field hook_fields[] = {
	{ TEXT("path"), .required = true, .rule = &absolute_rule },
	{ LIST("args", &text_item) },
	{ LIST("env", &env_item) },
	{ INTEGER("timeout", 0, INT32_MAX) }, /* 0: its senders mean "none" */
	{ 0 },
};
static const struct spec_field hook_item = { OBJECT(NULL, hook_fields) };

static const struct spec_field hooks_fields[] = {
	{ LIST("prestart", &hook_item) },
	{ LIST("createRuntime", &hook_item) },
	{ LIST("createContainer", &hook_item) },
	{ LIST("startContainer", &hook_item) },
	{ LIST("poststart", &hook_item) },
	{ LIST("poststop", &hook_item) },
	{ 0 },
};

static const struct spec_field mount_fields[] = {
	{ TEXT("destination"), .required = true },
	{ TEXT("type") },
	{ TEXT("source") },
	{ LIST("options", &text_item) },
	{ LIST("uidMappings", &id_map_item) },
	{ LIST("gidMappings", &id_map_item) },
	{ 0 },
};
static const struct spec_field mount_item = { OBJECT(NULL, mount_fields) };

static const struct spec_field root_fields[] = {
	{ TEXT("path"), .required = true, .owner = "rootfs" },
	{ BOOL("readonly"), .owner = "rootfs" },
	{ 0 },
};

const struct spec_field config_fields[] = {
	{ TEXT("ociVersion"), .owner = "core", .required = true, .rule = &version_rule },
	{ OBJECT("root", root_fields), .required = true }, /* config.md: so on POSIX platforms */
	{ OBJECT("process", process_fields) },
	{ TEXT("hostname"), .owner = "namespace" },
	{ TEXT("domainname"), .owner = "namespace" },
	{ LIST("mounts", &mount_item), .owner = "rootfs" },
	{ OBJECT("hooks", hooks_fields), .owner = "core" },
	{ MAP("annotations", &text_item), .owner = "core" },
	{ OBJECT("linux", linux_fields) },
	{ IGNORED("vm") },
	{ IGNORED("windows") },
	{ IGNORED("solaris") },
	{ IGNORED("freebsd") },
	{ IGNORED("zos") },
	{ 0 },
};

const struct field_word *field_word_find(const struct field_word *words, const char *text)
{
	for (; words->text; words++)
		if (strcmp(words->text, text) == 0)
			return words;
	return NULL;
}
