/* Access to a checked tree: by path, by item, and into structs by tables of fields. */
#include "oci/document.h"

#include <stdlib.h>
#include <string.h>

/* The first item of a list that has this text as this member: "type=network". */
static json_t *item_with(const json_t *list, const char *member, size_t member_size,
                         const char *text, size_t text_size)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		const json_t *value = json_object_getn(item, member, member_size);

		if (is_text(value) && json_string_length(value) == text_size &&
		    memcmp(json_string_value(value), text, text_size) == 0)
			return item;
	}
	return NULL;
}

/* "[3]" or "[type=network]" at *path, which moves behind it. */
static json_t *at_bracket(const json_t *list, const char **path)
{
	const char *inside = *path + 1;
	size_t size = strcspn(inside, "]"), member = strcspn(inside, "=]");

	*path = inside + size + (inside[size] == ']');
	if (member < size)
		return item_with(list, inside, member, inside + member + 1, size - member - 1);
	return json_array_get(list, strtoul(inside, NULL, 10));
}

const struct ironbox_value *spec_at(const struct spec *spec, const char *path)
{
	const json_t *value = json_of(spec->root);

	while (*path && value) {
		if (*path == '[') {
			value = at_bracket(value, &path);
		} else {
			size_t size = strcspn(path, ".[");

			value = json_object_getn(value, path, size);
			path += size;
		}
		path += *path == '.';
	}
	return json_is_null(value) ? NULL : value_of(value);
}

size_t value_count(const struct ironbox_value *value)
{
	const json_t *json = json_of(value);

	return json_is_object(json) ? json_object_size(json) : json_array_size(json);
}

const struct ironbox_value *value_item(const struct ironbox_value *value, size_t index,
                                       const char **key)
{
	json_t *json = json_of(value);
	void *at;

	if (key)
		*key = NULL;
	if (!json_is_object(json))
		return value_of(json_array_get(json, index));
	at = json_object_iter(json);
	while (at && index--)
		at = json_object_iter_next(json, at);
	if (at && key)
		*key = json_object_iter_key(at);
	return value_of(json_object_iter_value(at));
}

const struct ironbox_value *value_member(const struct ironbox_value *value, const char *key)
{
	return value_of(json_object_get(json_of(value), key));
}

const char *value_text(const struct ironbox_value *value)
{
	return is_text(json_of(value)) ? json_string_value(json_of(value)) : NULL;
}

const char *spec_text(const struct spec *spec, const char *path)
{
	return value_text(spec_at(spec, path));
}

bool spec_bool(const struct spec *spec, const char *path)
{
	return json_is_true(json_of(spec_at(spec, path)));
}

/* Writes the path of a value in the tree at a place, if it is there. Only an error needs it, so the
 * tree is searched instead of knowing each value's parent. */
static bool find_path(const struct place *place, json_t *at, const json_t *wanted,
                      char path[PLACE_TEXT_MAX])
{
	if (at == wanted) {
		place_text(place, path);
		return true;
	}
	for (size_t i = 0; json_is_array(at) && i < json_array_size(at); i++) {
		struct place item = { .outer = place, .index = i };

		if (find_path(&item, json_array_get(at, i), wanted, path))
			return true;
	}
	if (!json_is_object(at))
		return false;
	for (void *i = json_object_iter(at); i; i = json_object_iter_next(at, i)) {
		struct place item = { .outer = place, .name = json_object_iter_key(i) };

		if (find_path(&item, json_object_iter_value(i), wanted, path))
			return true;
	}
	return false;
}

int value_fail(const struct spec *spec, const struct ironbox_value *value,
               struct ironbox_error *error, const char *words)
{
	char path[PLACE_TEXT_MAX] = "";
	struct place place = { .name = path };

	if (value)
		find_path(NULL, json_of(spec->root), json_of(value), path);
	return place_fail(&place, error, "%s", words);
}

static int read_number(const struct place *place, const json_t *value, enum ironbox_kind kind,
                       void *out, struct ironbox_error *error)
{
	static const struct {
		int64_t least;
		uint64_t most;
	} ranges[] = {
		[IRONBOX_INT32] = { INT32_MIN, INT32_MAX },
		[IRONBOX_UINT32] = { 0, UINT32_MAX },
		[IRONBOX_INT64] = { INT64_MIN, INT64_MAX },
		[IRONBOX_UINT64] = { 0, UINT64_MAX },
	};
	uint64_t bits;
	enum number_outcome outcome =
		number_read(value, ranges[kind].least, ranges[kind].most, &bits);

	if (outcome != NUMBER_FITS)
		return number_fail(place, outcome, ranges[kind].least, ranges[kind].most, error);
	if (kind == IRONBOX_INT32 || kind == IRONBOX_UINT32)
		*(uint32_t *)out = (uint32_t)bits;
	else
		*(uint64_t *)out = bits;
	return 0;
}

/* Fills one member by its kind. */
static int read_value(const struct place *place, const json_t *value, enum ironbox_kind kind,
                      void *out, struct ironbox_error *error)
{
	switch (kind) {
	case IRONBOX_END:
		return 0;
	case IRONBOX_BOOL:
		if (!json_is_boolean(value))
			return place_fail(place, error, "expected true or false");
		*(bool *)out = json_is_true(value);
		return 0;
	case IRONBOX_INT32:
	case IRONBOX_UINT32:
	case IRONBOX_INT64:
	case IRONBOX_UINT64:
		return read_number(place, value, kind, out, error);
	case IRONBOX_STRING:
		if (!is_text(value))
			return place_fail(place, error, "expected a string");
		*(const char **)out = json_string_value(value);
		return 0;
	case IRONBOX_VALUE:
		if (!json_is_array(value) && !json_is_object(value))
			return place_fail(place, error, "expected an array or an object");
		*(const struct ironbox_value **)out = value_of(value);
		return 0;
	}
	return place_fail(place, error, "the stage's table asks for kind %d, which is none", kind);
}

static int read_field(const struct place *outer, const json_t *object,
                      const struct ironbox_field *field, void *out, struct ironbox_error *error)
{
	struct place place = { .outer = outer, .name = field->name };
	const json_t *value = json_object_get(object, field->name);

	if (!value || json_is_null(value))
		return field->required ? place_fail(&place, error, "missing") : 0;
	if (read_value(&place, value, field->kind, (char *)out + field->offset, error) < 0)
		return -1;
	if (field->has_offset != IRONBOX_NO_HAS)
		*(bool *)((char *)out + field->has_offset) = true;
	return 0;
}

int value_read(const struct spec *spec, const struct ironbox_value *value,
               const struct ironbox_field *fields, void *out, struct ironbox_error *error)
{
	char path[PLACE_TEXT_MAX] = "";
	struct place place = { .name = path };
	const json_t *object = json_of(value);

	if (value && !json_is_object(object))
		return value_fail(spec, value, error, "expected an object");
	for (; fields->kind != IRONBOX_END; fields++)
		if (read_field(NULL, object, fields, out, error) < 0) {
			/* once more, to tell it with the whole path */
			if (value)
				find_path(NULL, json_of(spec->root), object, path);
			return read_field(&place, object, fields, out, error);
		}
	return 0;
}
