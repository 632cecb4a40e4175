/* What a document asks for, and whose it is to carry out. */
#include "oci/document.h"

#include <string.h>

bool value_asks(const json_t *value)
{
	uint64_t bits;

	if (json_is_true(value) || json_is_real(value))
		return true;
	if (is_text(value))
		return json_string_length(value) > 0;
	if (number_read(value, INT64_MIN, UINT64_MAX, &bits) != NUMBER_NONE)
		return bits != 0;
	if (json_is_array(value))
		return json_array_size(value) > 0;
	for (void *at = json_object_iter(json_of(value_of(value))); at;
	     at = json_object_iter_next(json_of(value_of(value)), at))
		if (value_asks(json_object_iter_value(at)))
			return true;
	return false;
}

bool spec_asks(const struct spec *spec, const char *path)
{
	return value_asks(json_of(spec_at(spec, path)));
}

/* Members of a table without an owner of its own are looked into: process, root, linux. */
static int each_asked(const struct place *place, const struct spec_field *table, json_t *object,
                      spec_visitor *visit, void *context)
{
	for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
		struct place member = { .outer = place, .name = json_object_iter_key(at) };
		const struct spec_field *field = field_find(table, member.name);
		json_t *value = json_object_iter_value(at);
		char path[PLACE_TEXT_MAX];
		int result = 0;

		if (!field || field->type == FIELD_IGNORED)
			continue;
		/* a key of a map asks by itself: "netDevices": {"eth0": {}} */
		if (!value_asks(value) &&
		    !(field->type == FIELD_MAP && json_object_size(value) > 0))
			continue;
		if (field->owner) {
			place_text(&member, path);
			result = visit(context, path, field->owner);
		} else if (field->type == FIELD_OBJECT) {
			result = each_asked(&member, field->inner, value, visit, context);
		}
		if (result)
			return result;
	}
	return 0;
}

int spec_each_asked(const struct spec *spec, spec_visitor *visit, void *context)
{
	return each_asked(NULL, config_fields, json_of(spec->root), visit, context);
}

/* The row that a pattern's next step leads to: "name", "[]" or "*"; *pattern moves behind it. */
static const struct spec_field *step(const struct spec_field *field, const char **pattern)
{
	const char *name = *pattern + (**pattern == '.');
	size_t size = strcspn(name, ".[");

	if (strncmp(*pattern, "[]", 2) == 0) {
		*pattern += 2;
		return field->type == FIELD_LIST ? field->inner : NULL;
	}
	*pattern = name + size;
	if (field->type == FIELD_MAP)
		return size == 1 && *name == '*' ? field->inner : NULL;
	if (field->type != FIELD_OBJECT)
		return NULL;
	for (const struct spec_field *row = field->inner; row->name; row++)
		if (strlen(row->name) == size && memcmp(row->name, name, size) == 0)
			return row;
	return NULL;
}

const char *spec_owner(const char *pattern)
{
	const struct spec_field document = { OBJECT(NULL, config_fields) };
	const struct spec_field *field = &document;
	const char *owner = NULL;

	while (*pattern && field->type != FIELD_IGNORED) {
		field = step(field, &pattern);
		if (!field)
			return NULL;
		if (field->owner)
			owner = field->owner;
	}
	return owner;
}
