#include "command/arguments.h"

#include <stddef.h>
#include <string.h>

#include "cli/suggest.h"
#include "support/quote.h"

static const struct row {
	const char *name, *what; /* what: NULL, as it needs no words here */
	size_t offset;
	bool is_bool;
} rows[] = {
	{ "namespace", "containerd's namespace", offsetof(struct arguments, namespace), false },
	{ "id", "of the container", offsetof(struct arguments, id), false },
	{ "address", "containerd's socket", offsetof(struct arguments, address), false },
	{ "bundle", "the bundle's folder, for delete", offsetof(struct arguments, bundle), false },
	{ "debug", "more in the log", offsetof(struct arguments, debug), true },
	{ "info", "print what the runtime can do, as a protobuf message",
	  offsetof(struct arguments, info), true },
	{ "v", "print the version", offsetof(struct arguments, version), true },
	{ "version", NULL, offsetof(struct arguments, version), true },
	{ "h", NULL, offsetof(struct arguments, help), true },
	{ "help", NULL, offsetof(struct arguments, help), true },
	{ "publish-binary", NULL, offsetof(struct arguments, publish_binary), false },
	{ "socket", NULL, offsetof(struct arguments, socket), false },
	{ "debug-socket", NULL, offsetof(struct arguments, debug_socket), false },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct row *find_row(const char *name, size_t size)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strlen(rows[i].name) == size && memcmp(rows[i].name, name, size) == 0)
			return &rows[i];
	return NULL;
}

static int unknown_option(const char *word, const char *name, size_t size,
                          struct ironbox_error *error)
{
	struct suggestion suggestion = suggest_for(name, size);

	for (size_t i = 0; i < ROWS; i++)
		suggest_word(&suggestion, rows[i].name);
	if (suggestion.best)
		return error_begin(error, 0, "%s: no such option; did you mean -%s?", QUOTE(word),
		                   suggestion.best);
	return error_begin(error, 0, "%s: no such option; -h lists them", QUOTE(word));
}

/* strconv.ParseBool of Go. */
static int read_bool(bool *out, const char *word, const char *text, struct ironbox_error *error)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(text, yes[i]) != 0 && strcmp(text, no[i]) != 0)
			continue;
		*out = strcmp(text, yes[i]) == 0;
		return 0;
	}
	return error_begin(error, 0, "%s: neither true nor false", QUOTE(word));
}

/* vector[0] is an option. Returns how many words it took, or -1. */
static int read_option(struct arguments *arguments, const char *const *vector,
                       struct ironbox_error *error)
{
	const char *word = vector[0], *name = word + (word[1] == '-' ? 2 : 1);
	size_t size = strcspn(name, "=");
	const char *value = name[size] == '=' ? name + size + 1 : NULL;
	const struct row *row = find_row(name, size);
	void *member;

	if (!row)
		return unknown_option(word, name, size, error);
	member = (char *)arguments + row->offset;
	if (row->is_bool)
		return read_bool(member, word, value ? value : "true", error) < 0 ? -1 : 1;
	if (!value && !vector[1])
		return error_begin(error, 0, "%s: needs a value", QUOTE(word));
	*(const char **)member = value ? value : vector[1];
	return value ? 1 : 2;
}

int arguments_read(struct arguments *arguments, const char *const *vector,
                   struct ironbox_error *error)
{
	*arguments = (struct arguments){ 0 };
	while (*vector && vector[0][0] == '-' && vector[0][1] != '\0') {
		int taken = strcmp(*vector, "--") == 0 ? 1 : read_option(arguments, vector, error);

		if (taken < 0)
			return -1;
		if (strcmp(*vector, "--") == 0) {
			vector++;
			break;
		}
		vector += taken;
	}
	arguments->action = *vector;
	if (*vector && vector[1])
		return error_begin(error, 0, "%s: nothing is expected behind the action %s",
		                   QUOTE(vector[1]), QUOTE(*vector));
	return 0;
}

void arguments_help(FILE *out)
{
	fputs("containerd-shim-ironbox-v1 [OPTION...] start|delete\n"
	      "\n"
	      "Run by containerd, for the runtime io.containerd.ironbox.v1, in the bundle's "
	      "folder.\n"
	      "\n",
	      out);
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].what)
			fprintf(out, "  -%-10s %s\n", rows[i].name, rows[i].what);
}
