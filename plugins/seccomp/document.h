/* A JSON text of our own, by jansson, which is opened for it: few nodes have a default profile. */
#ifndef SECCOMP_DOCUMENT_H
#define SECCOMP_DOCUMENT_H

#include <ironbox/plugin.h>

#include "source.h"

/* Parses it; `path` stands in errors. NULL with the error told. */
struct document *document_parse(const char *text, const char *path, const struct ironbox_host *host,
                                struct ironbox_error *error);
/* With all texts that were read from it. NULL may be given. */
void document_free(struct document *document);

const struct ironbox_value *document_root(const struct document *document);
size_t document_count(const struct document *document, const struct ironbox_value *value);
const struct ironbox_value *document_item(const struct document *document,
                                          const struct ironbox_value *value, size_t index,
                                          const char **key);
const char *document_text(const struct document *document, const struct ironbox_value *value);
int document_read(const struct document *document, const struct source *source,
                  const struct ironbox_value *value, const struct ironbox_field *fields, void *out,
                  struct ironbox_error *error);

#endif
