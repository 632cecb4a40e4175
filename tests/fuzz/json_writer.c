/* What we print is JSON for any bytes: they come from images, paths and annotations. */
#include <jansson.h>
#include <string.h>

#include "cli/writer.h"
#include "harness.h"

/* Whether it is UTF-8 without surrogates and overlong forms: RFC 3629. jansson's own opinion. */
static bool is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string;
}

static void write_all(struct json_writer *json, const char *key, const char *text, int64_t number)
{
	const char *const texts[] = { text, key, NULL };

	writer_begin_object(json, NULL);
	writer_string(json, "text", text);
	writer_integer(json, "number", number);
	writer_strings(json, "texts", texts);
	writer_begin_array(json, "none");
	writer_end_array(json);
	writer_begin_object(json, "inner");
	writer_string(json, key, key);
	writer_end_object(json);
	writer_bool(json, "yes", true);
	writer_null(json, "null");
	writer_end_object(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct json_writer json = { .indent = input_byte(&input) & 1 ? "  " : NULL };
	int64_t number = (int64_t)input_long(&input);
	cleanup_free char *key = input_text(&input, '\n'), *text = input_rest(&input);
	cleanup_free char *printed = NULL;
	size_t printed_size = 0;
	json_error_t failure;
	json_t *root, *found;

	json.out = open_memstream(&printed, &printed_size);
	CHECK(json.out, "no memory");
	write_all(&json, key, text, number);
	CHECK(output_end(json.out) == 0, "not written");
	fclose(json.out);
	root = json_loadb(printed, printed_size, JSON_REJECT_DUPLICATES, &failure);
	CHECK(root, "%s: %s", failure.text, printed);
	found = json_object_get(root, "text");
	CHECK(json_is_string(found), "%s", printed);
	CHECK(!is_utf8(text) || strcmp(json_string_value(found), text) == 0, "%s", printed);
	CHECK(json_integer_value(json_object_get(root, "number")) == number, "%s", printed);
	json_decref(root);
	return 0;
}
