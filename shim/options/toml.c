/* TOML 1.0, https://toml.io/en/v1.0.0: expressions of one line, without tables. */
#include "options/toml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "support/quote.h"
#include "support/utf8.h"

struct reading {
	const char *at;
	char *store; /* where decoded texts go: none is longer than what it is written as */
	struct ironbox_error *error;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

static void skip_blanks(struct reading *reading)
{
	while (is_blank(*reading->at))
		reading->at++;
}

static int fail(const struct reading *reading, const char *words)
{
	return error_begin(reading->error, 0, "%s", words);
}

/* ---- strings ---- */

/* The code point of \uXXXX or \UXXXXXXXX; -1: it is none. */
static int32_t read_code(const char *at, unsigned digits)
{
	uint32_t code = 0;

	for (unsigned i = 0; i < digits; i++) {
		const char *hex = "0123456789abcdef", *digit;

		if (!at[i])
			return -1;
		digit = strchr(hex, at[i] >= 'A' && at[i] <= 'F' ? at[i] - 'A' + 'a' : at[i]);
		if (!digit)
			return -1;
		code = code << 4 | (uint32_t)(digit - hex);
		if (code > 0x10ffff)
			return -1;
	}
	/* not a character; and a NUL would end what it stands in */
	return code == 0 || (code >= 0xd800 && code <= 0xdfff) ? -1 : (int32_t)code;
}

static char *put_code(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
	} else if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
		*out++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
		*out++ = (char)(0x80 | (code & 0x3f));
	}
	return out;
}

/* Behind a backslash. NULL: no such escape. */
static char *read_escape(struct reading *reading, char *out)
{
	static const char letters[] = "btnfr\"\\", means[] = "\b\t\n\f\r\"\\";
	char letter = *reading->at;
	const char *found = letter ? strchr(letters, letter) : NULL;
	unsigned digits = letter == 'u' ? 4 : 8;
	int32_t code;

	if (found) {
		reading->at++;
		*out++ = means[found - letters];
		return out;
	}
	code = letter == 'u' || letter == 'U' ? read_code(reading->at + 1, digits) : -1;
	if (code < 0)
		return NULL;
	reading->at += 1 + digits;
	return put_code(out, (uint32_t)code);
}

/* 'as it stands' or "with escapes"; *text gets it, in the store. */
static int read_string(struct reading *reading, const char **text)
{
	char quote = *reading->at++, *out = reading->store;
	size_t size;

	if (reading->at[0] == quote && reading->at[1] == quote)
		return fail(reading, "strings of many lines are not understood");
	*text = out;
	while (*reading->at != quote) {
		size = utf8_size(reading->at);
		if (!*reading->at || *reading->at == '\n')
			return fail(reading, "the string has no end");
		if (!size || is_control(*reading->at))
			return fail(reading, "a byte that no string may have");
		if (*reading->at == '\\' && quote == '"') {
			reading->at++;
			out = read_escape(reading, out);
			if (!out)
				return fail(reading, "no such escape in a string");
			continue;
		}
		memcpy(out, reading->at, size);
		out += size;
		reading->at += size;
	}
	reading->at++;
	*out++ = '\0';
	reading->store = out;
	return 0;
}

/* ---- keys and other values ---- */

static bool is_of_key(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '-';
}

static int read_key(struct reading *reading, const char **key)
{
	size_t size = 0;

	if (*reading->at == '"' || *reading->at == '\'')
		return read_string(reading, key);
	if (*reading->at == '[')
		return fail(reading, "tables are not understood");
	while (is_of_key(reading->at[size]))
		size++;
	if (size == 0)
		return fail(reading, "expected key = value");
	*key = memcpy(reading->store, reading->at, size);
	reading->store[size] = '\0';
	reading->store += size + 1;
	reading->at += size;
	return 0;
}

static bool read_word(struct reading *reading, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(reading->at, word, size) != 0 || is_of_key(reading->at[size]))
		return false;
	reading->at += size;
	return true;
}

/* "+1_000": an underscore stands between digits, and no 0 in front of others. */
static int read_integer(struct reading *reading, int64_t *value)
{
	const char *at = reading->at;
	bool negative = *at == '-';

	at += *at == '-' || *at == '+';
	if (!is_digit(*at) || (*at == '0' && (is_digit(at[1]) || at[1] == '_')))
		return fail(reading, "expected a string, true, false, or a decimal integer");
	for (*value = 0; is_digit(*at); at += 1 + (at[1] == '_' && is_digit(at[2]))) {
		int digit = *at - '0';

		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_sub_overflow(*value, digit, value))
			return fail(reading, "the integer is too large");
	}
	/* gathered below 0, where there is one more */
	if (!negative && __builtin_sub_overflow(0, *value, value))
		return fail(reading, "the integer is too large");
	reading->at = at;
	return 0;
}

static int read_value(struct reading *reading, struct toml_value *value)
{
	switch (*reading->at) {
	case '"':
	case '\'':
		value->kind = TOML_STRING;
		return read_string(reading, &value->string);
	case '[':
	case '{':
		return fail(reading, "lists and tables are not understood");
	default:
		break;
	}
	value->kind = TOML_BOOLEAN;
	value->boolean = read_word(reading, "true");
	if (value->boolean || read_word(reading, "false"))
		return 0;
	value->kind = TOML_INTEGER;
	return read_integer(reading, &value->integer);
}

/* ---- lines ---- */

/* Behind the pair: nothing, or a comment. Leaves `at` at the line's end. */
static int read_end(struct reading *reading)
{
	skip_blanks(reading);
	if (*reading->at == '#')
		while (!is_control(*reading->at))
			reading->at++;
	if (reading->at[0] == '\r' && reading->at[1] == '\n')
		reading->at++;
	if (*reading->at == '\n' || !*reading->at)
		return 0;
	return fail(reading, is_control(*reading->at) ? "a control character"
	                                              : "something else behind the value");
}

static int read_pair(struct reading *reading, toml_visit *visit, void *context)
{
	struct toml_value value = { .string = NULL };
	const char *key;

	if (read_key(reading, &key) < 0)
		return -1;
	skip_blanks(reading);
	if (*reading->at == '.')
		return fail(reading, "keys of keys are not understood");
	if (*reading->at++ != '=')
		return fail(reading, "expected key = value");
	skip_blanks(reading);
	if (read_value(reading, &value) < 0)
		return error_context(reading->error, "%s", QUOTE(key));
	if (read_end(reading) < 0)
		return -1;
	return visit(context, key, &value, reading->error);
}

static int read_line(struct reading *reading, toml_visit *visit, void *context)
{
	skip_blanks(reading);
	if (strchr("#\r\n", *reading->at)) /* or the end of all */
		return read_end(reading);
	return read_pair(reading, visit, context);
}

int toml_read(const char *text, size_t size, toml_visit *visit, void *context,
              struct ironbox_error *error)
{
	/* a copy that ends in a NUL, and behind it as much for one line's decoded texts: two texts
	 * with two NULs are no longer than `k=''` */
	cleanup_free char *copy = malloc(2 * size + 4);
	struct reading reading = { .at = copy, .error = error };
	unsigned line = 1;

	if (size == 0)
		return 0;
	if (!copy)
		return error_begin(error, errno, "read %zu bytes of TOML", size);
	if (memchr(text, '\0', size))
		return error_begin(error, 0, "a NUL byte");
	memcpy(copy, text, size);
	copy[size] = '\0';
	for (;; line++, reading.at++) {
		reading.store = copy + size + 1;
		if (read_line(&reading, visit, context) < 0)
			return error_context(error, "line %u", line);
		if (!*reading.at)
			return 0;
	}
}
