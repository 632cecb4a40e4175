/*
 * config.json as one checked tree. It is read and checked whole, once, against the tables in
 * fields.c: each field of runtime-spec 1.3 with its JSON path, type, range and owner (core, or the
 * name of a stage). Unknown fields are ignored, as the spec says. What a reader gets afterwards is
 * of the right type; the strings and values belong to the spec until spec_free.
 */
#ifndef IRONBOX_OCI_SPEC_H
#define IRONBOX_OCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include <ironbox/field.h>

#include "support/error.h"

struct ironbox_value; /* a jansson value behind its back */

struct spec {
	struct ironbox_value *root;
	char *text; /* the bytes that were read, for the container's own copy */
	size_t size;
};

/* What a document is: the path prefix that its tables begin with. */
enum spec_kind {
	SPEC_CONFIG,    /* a config.json */
	SPEC_PROCESS,   /* a process object, as `exec --process` takes it */
	SPEC_RESOURCES, /* a linux.resources object, as `update --resources` takes it */
};

/* Parses and checks. `name` stands in front of errors: "config.json: linux.memory: …".
 * At most 10 MiB, depth 64; no duplicate keys, no NUL in strings. */
int spec_parse(struct spec *spec, enum spec_kind kind, const char *name, const char *text,
               size_t size, struct ironbox_error *error);
/* The same from a regular file below directory_fd (AT_FDCWD works); the last component is not
 * followed if it is a symlink. */
int spec_load(struct spec *spec, enum spec_kind kind, int directory_fd, const char *name,
              struct ironbox_error *error);
void spec_free(struct spec *spec);

#define cleanup_spec __attribute__((cleanup(spec_free)))
#define SPEC_NONE    ((struct spec){ 0 })

/* Puts a process object in the place of the spec's own (exec): takes what `process` holds.
 * Capabilities, no_new_privs, rlimits and labels that it leaves out, labels that are empty too,
 * stay those of the spec's own. */
void spec_replace_process(struct spec *spec, struct spec *process);

/* The value at "linux.resources.memory", "mounts[3].options" or
 * "linux.namespaces[type=network]" (the first item with that member), or NULL. */
const struct ironbox_value *spec_at(const struct spec *spec, const char *path);
/* Whether something is asked for at that path: there, and not null, false, 0, "", [] or an object
 * of such. Senders mean "not given" by all of these. */
bool spec_asks(const struct spec *spec, const char *path);

size_t value_count(const struct ironbox_value *value);
const struct ironbox_value *value_item(const struct ironbox_value *value, size_t index,
                                       const char **key);
/* The member of an object with this key, which may have dots in it; or NULL. */
const struct ironbox_value *value_member(const struct ironbox_value *value, const char *key);
const char *value_text(const struct ironbox_value *value);
/* Shortcut: the text of the value at a path, or NULL. */
const char *spec_text(const struct spec *spec, const char *path);
bool spec_bool(const struct spec *spec, const char *path);
/* See ironbox_host.read; the error names the value's path within the document. */
int value_read(const struct spec *spec, const struct ironbox_value *value,
               const struct ironbox_field *fields, void *out, struct ironbox_error *error);

/* Begins the error "PATH: words" with the value's path in the document. Returns -1. */
int value_fail(const struct spec *spec, const struct ironbox_value *value,
               struct ironbox_error *error, const char *words);

/* Calls `visit` for each field that is asked for, with its JSON path as the document has it
 * ("mounts[2].uidMappings"), and its owner ("core", "rootfs" …), outermost owned field only.
 * Stops when visit returns not 0, and returns that. */
typedef int spec_visitor(void *context, const char *path, const char *owner);
int spec_each_asked(const struct spec *spec, spec_visitor *visit, void *context);

/* The owner of a schema path with [] for any item and * for any key, such as
 * "linux.resources.hugepageLimits[].limit"; NULL if the tables do not know it. */
const char *spec_owner(const char *pattern);

#endif
