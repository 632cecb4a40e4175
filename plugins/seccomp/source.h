/* Where a profile is read from: config.json by the engine's calls, or a document of our own. */
#ifndef SECCOMP_SOURCE_H
#define SECCOMP_SOURCE_H

#include <ironbox/plugin.h>

struct document;

struct source {
	const struct ironbox_host *host;
	const struct ironbox_stage *stage;
	const struct document *document; /* NULL: values are the engine's */
	const struct ironbox_value *value;
	const char *where; /* of errors: "config.json: linux.seccomp", or the document's path */
};

/* As the calls of struct ironbox_host of these names. */
size_t source_count(const struct source *source, const struct ironbox_value *value);
const struct ironbox_value *source_item(const struct source *source,
                                        const struct ironbox_value *value, size_t index,
                                        const char **key);
const char *source_text(const struct source *source, const struct ironbox_value *value);
int source_read(const struct source *source, const struct ironbox_value *value,
                const struct ironbox_field *fields, void *out, struct ironbox_error *error);

#endif
