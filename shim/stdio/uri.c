/* URIs as RFC 3986 has them, as far as containerd uses them for streams. */
#include "stdio/uri.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/quote.h"

static const struct scheme {
	const char *text;
	enum uri_kind kind;
} schemes[] = {
	{ "fifo", URI_FIFO },
	{ "file", URI_FILE },
	{ "binary", URI_BINARY },
	{ "binary-v2", URI_BINARY_V2 },
};

static int digit(char character)
{
	if (!isxdigit((unsigned char)character))
		return -1;
	return isdigit((unsigned char)character) ? character - '0'
	                                         : tolower((unsigned char)character) - 'a' + 10;
}

/* %41 becomes A, in place. false: a % without two digits, or a NUL. */
static bool decode(char *text, bool plus_is_blank)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		int byte = (unsigned char)*at;

		if (*at == '+' && plus_is_blank) {
			byte = ' ';
		} else if (*at == '%') {
			if (digit(at[1]) < 0 || digit(at[2]) < 0)
				return false;
			byte = digit(at[1]) << 4 | digit(at[2]);
			at += 2;
		}
		if (byte == 0)
			return false;
		*to++ = (char)byte;
	}
	*to = '\0';
	return true;
}

static bool has_dots(const char *path)
{
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (at[3] == '/' || at[3] == '\0')
			return true;
	return false;
}

static int take_path(struct uri *uri, const char *path, const char *text,
                     struct ironbox_error *error)
{
	if (strlen(path) >= sizeof(uri->path))
		return error_begin(error, ENAMETOOLONG, "%s", QUOTE(text));
	if (path[0] != '/' || has_dots(path))
		return error_begin(error, EINVAL, "%s: expected an absolute path without \"..\"",
		                   QUOTE(text));
	memcpy(uri->path, path, strlen(path) + 1);
	return 0;
}

/* Key and value are an argument each, in the order in which they stand; of a key that stands there
 * twice the first counts. */
static int take_arguments(struct uri *uri, char *query, struct ironbox_error *error)
{
	int count = 1;
	char *pair;

	uri->arguments[0] = uri->path;
	while ((pair = strsep(&query, "&"))) {
		char *value = pair, *key = strsep(&value, "=");
		bool again = false;

		if (!*key && !value)
			continue;
		if (!decode(key, true) || (value && !decode(value, true)))
			return error_begin(error, EINVAL, "a %% or a NUL in the query");
		for (int i = 1; i < count; i += 2)
			again |= strcmp(uri->arguments[i], key) == 0;
		if (again)
			continue;
		if (count + 2 > URI_ARGUMENTS_MAX + 1)
			return error_begin(error, E2BIG, "more than %d keys in the query",
			                   URI_ARGUMENTS_MAX / 2);
		uri->arguments[count++] = key;
		uri->arguments[count++] = value ? value : key + strlen(key);
	}
	uri->arguments[count] = NULL;
	return 0;
}

static int parse_scheme(struct uri *uri, const char *text, size_t scheme_size,
                        struct ironbox_error *error)
{
	char *path = uri->text + scheme_size + strlen("://"), *query;

	uri->kind = URI_NONE;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strlen(schemes[i].text) == scheme_size &&
		    strncmp(text, schemes[i].text, scheme_size) == 0)
			uri->kind = schemes[i].kind;
	if (uri->kind == URI_NONE)
		return error_begin(error, EINVAL,
		                   "%s: expected a path, or fifo, file, binary or binary-v2",
		                   QUOTE(text));
	path[strcspn(path, "#")] = '\0';
	query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	if (!decode(path, false))
		return error_begin(error, EINVAL, "%s: a %% or a NUL in the path", QUOTE(text));
	if (take_path(uri, path, text, error) < 0)
		return -1;
	return take_arguments(uri, query, error) < 0 ? error_context(error, "%s", QUOTE(text)) : 0;
}

int uri_parse(struct uri *uri, const char *text, struct ironbox_error *error)
{
	const char *colon = text ? strstr(text, "://") : NULL;

	uri->kind = URI_NONE;
	uri->arguments[0] = NULL;
	if (!text || !*text)
		return 0;
	if (strlen(text) >= sizeof(uri->text))
		return error_begin(error, ENAMETOOLONG, "%s", QUOTE(text));
	memcpy(uri->text, text, strlen(text) + 1);
	if (text[0] != '/' && colon)
		return parse_scheme(uri, text, (size_t)(colon - text), error);
	uri->kind = URI_PATH;
	return take_path(uri, text, text, error);
}
