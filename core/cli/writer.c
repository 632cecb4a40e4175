/* A writer that keeps no tree: what it is told goes out in that order. */
#include "cli/writer.h"

#include <string.h>

#include "support/utf8.h"

static void begin_line(struct json_writer *json)
{
	if (!json->indent)
		return;
	fputc('\n', json->out);
	for (unsigned level = 0; level < json->depth; level++)
		fputs(json->indent, json->out);
}

/* Go escapes these three as well, so that a page may hold the text. */
static bool is_escaped(unsigned char byte)
{
	return byte < ' ' || byte == '"' || byte == '\\' || strchr("<>&", byte);
}

/* And the two ends of line that are none to JSON, and are to JavaScript: U+2028, U+2029. */
static bool is_line_end(const char *text)
{
	return strncmp(text, "\342\200\250", 3) == 0 || strncmp(text, "\342\200\251", 3) == 0;
}

static void put_escaped(FILE *out, unsigned char byte)
{
	static const char letters[] = "nrt", bytes[] = "\n\r\t";
	const char *found = strchr(bytes, byte);

	if (byte == '"' || byte == '\\')
		fprintf(out, "\\%c", byte);
	else if (found)
		fprintf(out, "\\%c", letters[found - bytes]);
	else
		fprintf(out, "\\u%04x", byte);
}

/* How many bytes can be written as they are. */
static size_t plain_size(const char *text)
{
	size_t plain = 0, size;

	while ((size = utf8_size(text + plain)) > 0 && !is_escaped((unsigned char)text[plain]) &&
	       !is_line_end(text + plain))
		plain += size;
	return plain;
}

static void put_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text) {
		size_t plain = plain_size(text);

		fwrite(text, 1, plain, out);
		text += plain;
		if (is_line_end(text)) {
			fputs(text[2] & 1 ? "\\u2029" : "\\u2028", out);
			text += 3;
		} else if (*text && !utf8_size(text)) {
			fputs("\\ufffd", out); /* Go's answer to bytes that are no UTF-8 */
			text++;
		} else if (*text) {
			put_escaped(out, (unsigned char)*text++);
		}
	}
	fputc('"', out);
}

/* The comma, the line and the key in front of an item. */
static void begin_item(struct json_writer *json, const char *key)
{
	if (json->depth > 0) {
		if (json->filled[json->depth - 1])
			fputc(',', json->out);
		json->filled[json->depth - 1] = true;
		begin_line(json);
	}
	if (key) {
		put_quoted(json->out, key);
		fputs(json->indent ? ": " : ":", json->out);
	}
}

static void open_level(struct json_writer *json, const char *key, char bracket)
{
	begin_item(json, key);
	fputc(bracket, json->out);
	json->filled[json->depth++] = false;
}

static void close_level(struct json_writer *json, char bracket)
{
	if (json->filled[--json->depth])
		begin_line(json);
	fputc(bracket, json->out);
}

void writer_begin_object(struct json_writer *json, const char *key)
{
	open_level(json, key, '{');
}

void writer_end_object(struct json_writer *json)
{
	close_level(json, '}');
}

void writer_begin_array(struct json_writer *json, const char *key)
{
	open_level(json, key, '[');
}

void writer_end_array(struct json_writer *json)
{
	close_level(json, ']');
}

void writer_string(struct json_writer *json, const char *key, const char *text)
{
	begin_item(json, key);
	put_quoted(json->out, text);
}

void writer_integer(struct json_writer *json, const char *key, int64_t number)
{
	begin_item(json, key);
	fprintf(json->out, "%lld", (long long)number);
}

void writer_bool(struct json_writer *json, const char *key, bool value)
{
	begin_item(json, key);
	fputs(value ? "true" : "false", json->out);
}

void writer_null(struct json_writer *json, const char *key)
{
	begin_item(json, key);
	fputs("null", json->out);
}

void writer_strings(struct json_writer *json, const char *key, const char *const *texts)
{
	writer_begin_array(json, key);
	for (; *texts; texts++)
		writer_string(json, NULL, *texts);
	writer_end_array(json);
}

int output_end(FILE *out)
{
	return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}
