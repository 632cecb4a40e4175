/* What the files of this folder share: jansson's values behind ironbox_value, and places in them.
 */
#ifndef IRONBOX_OCI_DOCUMENT_H
#define IRONBOX_OCI_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "oci/fields.h"
#include "oci/spec.h"
#include "support/error.h"

#define DOCUMENT_DEPTH_MAX  64
#define DOCUMENT_VALUES_MAX 1000000
#define PLACE_TEXT_MAX      512

/* jansson takes const values where it only reads them, but not everywhere. */
static inline json_t *json_of(const struct ironbox_value *value)
{
	return (json_t *)(uintptr_t)value;
}

static inline const struct ironbox_value *value_of(const json_t *json)
{
	return (const struct ironbox_value *)json;
}

/* Where a walker stands: a chain on its stack, made text only for an error. */
struct place {
	const struct place *outer;
	const char *name; /* a member's key, or a whole path; NULL: item `index` of a list */
	size_t index;
};

/* "linux.resources.hugepageLimits[1].limit"; "" for the document itself. Cut where it ends. */
void place_text(const struct place *place, char text[PLACE_TEXT_MAX]);
/* Begins the error "PLACE: …". Returns -1. */
int place_fail(const struct place *place, struct ironbox_error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Checks a value, and all that is in it, against its row. */
int check_value(const struct place *place, const struct spec_field *field, json_t *value,
                struct ironbox_error *error);
/* Checks a document's root against its table. */
int check_document(const struct place *place, const struct spec_field *table, json_t *root,
                   struct ironbox_error *error);

/* A row of a table by its name, or NULL. */
const struct spec_field *field_find(const struct spec_field *table, const char *name);

/* A string of the document. Integers that int64_t can't hold stand in the tree as strings that no
 * JSON text can make (huge.c): those are none. */
bool is_text(const json_t *value);

/*
 * An integer of the document, also one above INT64_MAX: *bits gets its two's complement.
 * NUMBER_NONE: no integer at all; NUMBER_OUTSIDE: not from least to most.
 */
enum number_outcome { NUMBER_FITS, NUMBER_OUTSIDE, NUMBER_NONE };
enum number_outcome number_read(const json_t *value, int64_t least, uint64_t most, uint64_t *bits);

/* Begins the error of a number that number_read refused. Returns -1. */
int number_fail(const struct place *place, enum number_outcome outcome, int64_t least,
                uint64_t most, struct ironbox_error *error);

/* Parses a text in which jansson met a number that int64_t can't hold. */
json_t *huge_load(const char *text, size_t size, size_t flags, json_error_t *failure);

/* Whether senders mean something by this value: not null, false, 0, "", [], {} … */
bool value_asks(const json_t *value);

#endif
