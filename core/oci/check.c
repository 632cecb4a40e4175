/* The walker that checks a document, once and whole, against the tables. */
#include "oci/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t append(char text[PLACE_TEXT_MAX], size_t used, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static size_t append(char text[PLACE_TEXT_MAX], size_t used, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(text + used, PLACE_TEXT_MAX - used, format, arguments);
	va_end(arguments);
	if (size < 0)
		return used;
	return used + (size_t)size < PLACE_TEXT_MAX ? used + (size_t)size : PLACE_TEXT_MAX - 1;
}

static size_t append_place(const struct place *place, char text[PLACE_TEXT_MAX])
{
	size_t used;

	if (!place)
		return 0;
	used = append_place(place->outer, text);
	if (!place->name)
		return append(text, used, "[%zu]", place->index);
	return append(text, used, "%s%s", used && *place->name ? "." : "", place->name);
}

void place_text(const struct place *place, char text[PLACE_TEXT_MAX])
{
	text[0] = '\0';
	append_place(place, text);
}

int place_fail(const struct place *place, struct ironbox_error *error, const char *format, ...)
{
	char words[ERROR_TEXT_MAX], text[PLACE_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	place_text(place, text);
	return error_begin(error, 0, "%s%s%s", text, *text ? ": " : "", words);
}

const struct spec_field *field_find(const struct spec_field *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

/* Values that no row checks may still be deep enough to hurt those who walk them. room: how many
 * levels of arrays and objects are left. */
static bool is_too_deep(json_t *value, unsigned room)
{
	if (!room && (json_is_array(value) || json_is_object(value)))
		return true;
	for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
		if (is_too_deep(json_array_get(value, i), room - 1))
			return true;
	if (!json_is_object(value))
		return false;
	for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at))
		if (is_too_deep(json_object_iter_value(at), room - 1))
			return true;
	return false;
}

static int check_unknown(const struct place *place, json_t *value, struct ironbox_error *error)
{
	unsigned room = DOCUMENT_DEPTH_MAX;

	for (const struct place *at = place; at; at = at->outer)
		room--; /* the tables are not 10 deep */
	if (is_too_deep(value, room))
		return place_fail(place, error, "nested more than %d deep", DOCUMENT_DEPTH_MAX);
	return 0;
}

static int fail_words(const struct place *place, const struct field_word *words, const char *text,
                      struct ironbox_error *error)
{
	char list[PLACE_TEXT_MAX];
	size_t used = 0;

	for (; words->text; words++)
		used = append(list, used, "%s%s", used ? ", " : "", words->text);
	return place_fail(place, error, "\"%.80s\" is none of %s", text, list);
}

static int check_text(const struct place *place, const struct spec_field *field,
                      const json_t *value, struct ironbox_error *error)
{
	const char *text = json_string_value(value);

	if (!is_text(value))
		return place_fail(place, error, "expected a string");
	if (field->words && !field_word_find(field->words, text) && (*text || field->required))
		return fail_words(place, field->words, text, error);
	if (field->rule && !field->rule->holds(text))
		return place_fail(place, error, "\"%.200s\" %s", text, field->rule->otherwise);
	return 0;
}

static int check_integer(const struct place *place, const struct spec_field *field,
                         const json_t *value, struct ironbox_error *error)
{
	uint64_t bits;
	enum number_outcome outcome = number_read(value, field->least, field->most, &bits);

	return outcome == NUMBER_FITS
	               ? 0
	               : number_fail(place, outcome, field->least, field->most, error);
}

static int check_list(const struct place *place, const struct spec_field *field, json_t *value,
                      struct ironbox_error *error)
{
	if (!json_is_array(value))
		return place_fail(place, error, "expected an array");
	if (json_array_size(value) < (size_t)field->least)
		return place_fail(place, error, "expected an array that is not empty");
	for (size_t i = 0; i < json_array_size(value); i++) {
		struct place item = { .outer = place, .index = i };

		if (check_value(&item, field->inner, json_array_get(value, i), error) < 0)
			return -1;
	}
	return 0;
}

static int check_map(const struct place *place, const struct spec_field *field, json_t *value,
                     struct ironbox_error *error)
{
	if (!json_is_object(value))
		return place_fail(place, error, "expected an object");
	for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
		struct place item = { .outer = place, .name = json_object_iter_key(at) };

		if (check_value(&item, field->inner, json_object_iter_value(at), error) < 0)
			return -1;
	}
	return 0;
}

static int check_required(const struct place *place, const struct spec_field *table,
                          const json_t *object, struct ironbox_error *error)
{
	for (; table->name; table++)
		if (table->required) {
			const json_t *value = json_object_get(object, table->name);
			struct place missing = { .outer = place, .name = table->name };

			if (!value || json_is_null(value))
				return place_fail(&missing, error, "missing");
		}
	return 0;
}

int check_document(const struct place *place, const struct spec_field *table, json_t *root,
                   struct ironbox_error *error)
{
	if (!json_is_object(root))
		return place_fail(place, error, "expected an object");
	for (void *at = json_object_iter(root); at; at = json_object_iter_next(root, at)) {
		struct place member = { .outer = place, .name = json_object_iter_key(at) };
		const struct spec_field *field = field_find(table, member.name);
		json_t *value = json_object_iter_value(at);

		if (json_is_null(value))
			continue; /* its senders mean "not given" */
		if (field ? check_value(&member, field, value, error) < 0
		          : check_unknown(&member, value, error) < 0)
			return -1;
	}
	return check_required(place, table, root, error);
}

/* "seccomp": {}, "pids": {}: senders mean "not given", so nothing is missing in it. */
static bool is_left_out(const struct spec_field *field, const json_t *value)
{
	return field->name && !field->required && json_is_object(value) && !json_object_size(value);
}

int check_value(const struct place *place, const struct spec_field *field, json_t *value,
                struct ironbox_error *error)
{
	switch (field->type) {
	case FIELD_TEXT:
		return check_text(place, field, value, error);
	case FIELD_BOOL:
		return json_is_boolean(value) ? 0
		                              : place_fail(place, error, "expected true or false");
	case FIELD_INTEGER:
		return check_integer(place, field, value, error);
	case FIELD_OBJECT:
		if (is_left_out(field, value))
			return 0;
		return check_document(place, field->inner, value, error);
	case FIELD_LIST:
		return check_list(place, field, value, error);
	case FIELD_MAP:
		return check_map(place, field, value, error);
	case FIELD_IGNORED:
		return check_unknown(place, value, error);
	}
	return place_fail(place, error,
	                  "a field of no type"); /* unreachable: -Wswitch sees to it */
}
