#include "options/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "options/toml.h"
#include "support/quote.h"

/* The members of containerd.runc.v1.Options and of runtimeoptions.v1.Options, by their names in
 * containerd's config. Without a member: known, and of no meaning here. */
#define NO_MEMBER     ((size_t)-1)
#define PLACE(member) offsetof(struct task_options, member)

enum row_kind { ROW_TEXT, ROW_BOOLEAN, ROW_ID };

static const struct row {
	const char *name;
	enum row_kind kind;
	size_t place;
} rows[] = {
	{ "NoPivotRoot", ROW_BOOLEAN, PLACE(no_pivot) },
	{ "NoNewKeyring", ROW_BOOLEAN, PLACE(no_new_keyring) },
	{ "ShimCgroup", ROW_TEXT, PLACE(shim_cgroup) },
	{ "IoUid", ROW_ID, PLACE(io_uid) },
	{ "IoGid", ROW_ID, PLACE(io_gid) },
	{ "BinaryName", ROW_TEXT, NO_MEMBER },
	{ "Root", ROW_TEXT, PLACE(root) },
	{ "CriuPath", ROW_TEXT, NO_MEMBER },
	{ "SystemdCgroup", ROW_BOOLEAN, PLACE(systemd_cgroup) },
	{ "CriuImagePath", ROW_TEXT, PLACE(criu_image_path) },
	{ "CriuWorkPath", ROW_TEXT, PLACE(criu_work_path) },
	{ "TaskApiAddress", ROW_TEXT, NO_MEMBER },
	{ "TaskApiVersion", ROW_ID, NO_MEMBER },
	{ "TypeUrl", ROW_TEXT, NO_MEMBER },
	{ "ConfigPath", ROW_TEXT, PLACE(config_path) },
	{ "ConfigBody", ROW_TEXT, NO_MEMBER },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

_Static_assert(sizeof(uid_t) == sizeof(uint32_t) && sizeof(gid_t) == sizeof(uint32_t), "ROW_ID");

struct table {
	struct task_options *options;
	bool seen[ROW_COUNT];
};

static int put(const struct row *row, struct task_options *options, const struct toml_value *value,
               struct ironbox_error *error)
{
	void *member = (char *)options + row->place;
	char *copy;

	if (row->place == NO_MEMBER)
		return 0;
	switch (row->kind) {
	case ROW_TEXT:
		if (!*value->string)
			return 0;
		copy = strdup(value->string);
		if (!copy)
			return error_begin(error, errno, "%s", row->name);
		memcpy(member, &copy, sizeof(copy));
		return 0;
	case ROW_BOOLEAN:
		memcpy(member, &value->boolean, sizeof(value->boolean));
		return 0;
	case ROW_ID:
		memcpy(member, &(uint32_t){ (uint32_t)value->integer }, sizeof(uint32_t));
		return 0;
	}
	return 0;
}

static int check(const struct row *row, const struct toml_value *value, struct ironbox_error *error)
{
	static const struct {
		enum toml_kind kind;
		const char *words;
	} wanted[] = {
		[ROW_TEXT] = { TOML_STRING, "a string" },
		[ROW_BOOLEAN] = { TOML_BOOLEAN, "true or false" },
		[ROW_ID] = { TOML_INTEGER, "an integer from 0 to 4294967295" },
	};

	if (value->kind != wanted[row->kind].kind ||
	    (row->kind == ROW_ID && (value->integer < 0 || value->integer > UINT32_MAX)))
		return error_begin(error, 0, "%s: expected %s", row->name, wanted[row->kind].words);
	return 0;
}

/* Names are compared as Go's decoders do, which containerd's users know from runc's options. */
static int take(void *context, const char *key, const struct toml_value *value,
                struct ironbox_error *error)
{
	struct table *table = context;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (strcasecmp(rows[i].name, key) != 0)
			continue;
		if (table->seen[i])
			return error_begin(error, 0, "%s: given twice", rows[i].name);
		table->seen[i] = true;
		if (check(&rows[i], value, error) < 0)
			return -1;
		return put(&rows[i], table->options, value, error);
	}
	return error_begin(error, 0, "%s: no such option", QUOTE(key));
}

int options_table_read(struct task_options *options, const char *text, size_t size,
                       struct ironbox_error *error)
{
	struct table table = { .options = options };

	if (toml_read(text, size, take, &table, error) < 0)
		return error_context(error, "config_body");
	return 0;
}
