/* The group that a config.json names, found without reading all of it: a whole reading has to find
 * the same one. */
#include <jansson.h>
#include <string.h>

#include "command/group.h"
#include "harness.h"
#include "paper_host.h"

static const char *const keys[] = {
	"io.containerd.ironbox.v1.group",
	"io.containerd.runc.v2.group",
	"io.kubernetes.cri.sandbox-id",
};

static const char *whole_reading(const json_t *root)
{
	const json_t *annotations = json_object_get(root, "annotations");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = json_string_value(json_object_get(annotations, keys[i]));

		if (value && *value)
			return value;
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = malloc(size ? size : 1); /* its very size: no '\0' behind it */
	cleanup_free char *group = NULL;
	const char *expected;
	json_t *root;
	int result;
	ERROR_NONE(error);

	if (!text)
		return 0;
	memcpy(text, data, size);
	result = group_of_text(text, size, &group, &error);
	CHECK(result == 0 || !group, "an error, and the group %s", group);
	if (result < 0)
		paper_host_check_error(&error);
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	/* names with escapes are another matter: nobody writes "annotations" so */
	if (json_is_object(root) && !memchr(text, '\\', size)) {
		expected = whole_reading(root);
		CHECK(result < 0 || !group == !expected, "%s instead of %s", group ? group : "none",
		      expected ? expected : "none");
		CHECK(!group || strcmp(group, expected) == 0, "%s instead of %s", group, expected);
		CHECK(result == 0 || expected, "refused, though it names none");
	}
	json_decref(root);
	return 0;
}
