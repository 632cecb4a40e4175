#include "document.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "library.h"

/* The functions of jansson that are called here. json_typeof() and its like are macros. */
struct jansson {
	void *handle;
	__typeof__(json_loads) *loads;
	__typeof__(json_delete) *delete;
	__typeof__(json_array_size) *array_size;
	__typeof__(json_array_get) *array_get;
	__typeof__(json_object_size) *object_size;
	__typeof__(json_object_get) *object_get;
	__typeof__(json_object_iter) *object_iter;
	__typeof__(json_object_iter_next) *iter_next;
	__typeof__(json_object_iter_key) *iter_key;
	__typeof__(json_object_iter_value) *iter_value;
	__typeof__(json_string_value) *string_value;
	__typeof__(json_integer_value) *integer_value;
};

#define SYMBOL(member, function) LIBRARY_SYMBOL(struct jansson, member, function)

static const struct library_symbol jansson_symbols[] = {
	SYMBOL(loads, json_loads),
	SYMBOL(delete, json_delete),
	SYMBOL(array_size, json_array_size),
	SYMBOL(array_get, json_array_get),
	SYMBOL(object_size, json_object_size),
	SYMBOL(object_get, json_object_get),
	SYMBOL(object_iter, json_object_iter),
	SYMBOL(iter_next, json_object_iter_next),
	SYMBOL(iter_key, json_object_iter_key),
	SYMBOL(iter_value, json_object_iter_value),
	SYMBOL(string_value, json_string_value),
	SYMBOL(integer_value, json_integer_value),
	{ NULL, 0 },
};

struct document {
	struct jansson jansson;
	json_t *root; /* NULL: not parsed */
};

/* Opaque here as in the engine, but for this file. jansson's getters take no const. */
static json_t *json_of(const struct ironbox_value *value)
{
	return (json_t *)(uintptr_t)value;
}

static const struct ironbox_value *value_of(const json_t *json)
{
	return (const struct ironbox_value *)json;
}

struct document *document_parse(const char *text, const char *path, const struct ironbox_host *host,
                                struct ironbox_error *error)
{
	struct document *document = calloc(1, sizeof(*document));
	json_error_t failure;

	if (!document) {
		host->fail(error, errno, "read %s", path);
		return NULL;
	}
	if (library_open(&document->jansson, "libjansson.so.4", jansson_symbols, host, error) ==
	    0) {
		document->root = document->jansson.loads(text, JSON_REJECT_DUPLICATES, &failure);
		if (document->root)
			return document;
		host->fail(error, 0, "%s:%d: %s", path, failure.line, failure.text);
	}
	document_free(document);
	return NULL;
}

void document_free(struct document *document)
{
	if (!document)
		return;
	if (document->root)
		document->jansson.delete(document->root); /* nobody else has it */
	library_close(&document->jansson);
	free(document);
}

const struct ironbox_value *document_root(const struct document *document)
{
	return value_of(document->root);
}

size_t document_count(const struct document *document, const struct ironbox_value *value)
{
	const json_t *json = json_of(value);

	if (json_is_array(json))
		return document->jansson.array_size(json);
	return json_is_object(json) ? document->jansson.object_size(json) : 0;
}

const struct ironbox_value *document_item(const struct document *document,
                                          const struct ironbox_value *value, size_t index,
                                          const char **key)
{
	const struct jansson *jansson = &document->jansson;
	json_t *json = json_of(value);
	void *iterator;

	if (key)
		*key = NULL;
	if (json_is_array(json))
		return value_of(jansson->array_get(json, index));
	for (iterator = jansson->object_iter(json); iterator && index; index--)
		iterator = jansson->iter_next(json, iterator);
	if (iterator && key)
		*key = jansson->iter_key(iterator);
	return iterator ? value_of(jansson->iter_value(iterator)) : NULL;
}

const char *document_text(const struct document *document, const struct ironbox_value *value)
{
	return document->jansson.string_value(json_of(value));
}

/* Puts a value where its field says. False: of another kind, or out of range. */
static bool store(const struct document *document, json_t *json, const struct ironbox_field *field,
                  void *place)
{
	json_int_t number = document->jansson.integer_value(json);
	uint32_t small = (uint32_t)number;
	uint64_t large = (uint64_t)number;
	const struct ironbox_value *value = value_of(json);
	const char *text = document->jansson.string_value(json);

	switch (field->kind) {
	case IRONBOX_UINT32:
		memcpy(place, &small, sizeof(small));
		return json_is_integer(json) && number >= 0 && number <= UINT32_MAX;
	case IRONBOX_UINT64:
		memcpy(place, &large, sizeof(large));
		return json_is_integer(json) && number >= 0;
	case IRONBOX_STRING:
		memcpy(place, &text, sizeof(text));
		return text;
	case IRONBOX_VALUE: /* the lists are all that is read so */
		memcpy(place, &value, sizeof(value));
		return json_is_array(json);
	default:
		return false; /* no field of a profile is of that kind */
	}
}

static const char *expected(const struct ironbox_field *field)
{
	switch (field->kind) {
	case IRONBOX_STRING:
		return "a string";
	case IRONBOX_VALUE:
		return "an array";
	default:
		return "an integer of 0 or more that is not too large";
	}
}

int document_read(const struct document *document, const struct source *source,
                  const struct ironbox_value *value, const struct ironbox_field *fields, void *out,
                  struct ironbox_error *error)
{
	const json_t *object = json_of(value);

	if (!json_is_object(object))
		return source->host->fail(error, 0, "%s: expected an object", source->where);
	for (; fields->name; fields++) {
		json_t *json = document->jansson.object_get(object, fields->name);

		if (json_is_null(json)) /* as in config.json: it is not given */
			json = NULL;
		if (!json && fields->required)
			return source->host->fail(error, 0, "%s: %s is required", source->where,
			                          fields->name);
		if (!json)
			continue;
		if (!store(document, json, fields, (char *)out + fields->offset))
			return source->host->fail(error, 0, "%s: %s: expected %s", source->where,
			                          fields->name, expected(fields));
		if (fields->has_offset != IRONBOX_NO_HAS)
			*(bool *)((char *)out + fields->has_offset) = true;
	}
	return 0;
}
