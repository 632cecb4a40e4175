/* Where a stream goes, as a client names it, or whoever wrote an image's labels. */
#include <string.h>

#include "harness.h"
#include "paper_host.h"
#include "stdio/uri.h"

static bool leads_elsewhere(const char *path)
{
	size_t length = strlen(path);

	return path[0] != '/' || strstr(path, "/../") ||
	       (length >= 3 && strcmp(path + length - 3, "/..") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	cleanup_free char *text = input_rest(&input);
	static struct uri uri;
	int count = 0;
	ERROR_NONE(error);

	if (uri_parse(&uri, text, &error) < 0) {
		paper_host_check_error(&error);
		return 0;
	}
	CHECK((uri.kind == URI_NONE) == (*text == '\0'), "%s is kind %d", text, uri.kind);
	CHECK(uri.kind == URI_NONE || !leads_elsewhere(uri.path), "%s leads to %s", text, uri.path);
	CHECK(uri.kind != URI_PATH || strcmp(uri.path, text) == 0, "%s became %s", text, uri.path);
	while (uri.arguments[count])
		count++;
	CHECK(count <= URI_ARGUMENTS_MAX + 1, "%s has %d arguments", text, count);
	CHECK(count == 0 || count % 2 == 1, "%s has a key without a value", text);
	for (int i = 1; i < count; i += 2)
		for (int j = i + 2; j < count; j += 2)
			CHECK(strcmp(uri.arguments[i], uri.arguments[j]) != 0, "%s twice in %s",
			      uri.arguments[i], text);
	return 0;
}
