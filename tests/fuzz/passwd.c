/* The container's /etc/passwd, which an image's author wrote: a uid, then the text. */
#include <string.h>

#include "harness.h"
#include "lifecycle/home.h"

/* Whether the text has a line with this uid and this home, read field by field from the front. */
static bool has_line(const char *text, const char *uid, const char *home)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		cleanup_free char *line = bytes_copy((const uint8_t *)text, length);
		char *rest = line, *field[6];

		for (size_t i = 0; i < 6; i++)
			field[i] = strsep(&rest, ":");
		if (field[2] && field[5] && strcmp(field[2], uid) == 0 &&
		    strcmp(field[5], home) == 0)
			return true;
		text += length + (text[length] == '\n');
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint32_t uid = input_number(&input);
	cleanup_free char *text = input_rest(&input), *cut = strdup(text), *variable = NULL;
	const char *home;
	char number[16];

	CHECK(cut, "no memory");
	variable = home_from_passwd(cut, uid);
	CHECK(variable && strncmp(variable, "HOME=/", 6) == 0, "%s", variable);
	home = variable + strlen("HOME=");
	CHECK(!strpbrk(home, ":\n"), "%s", home);
	snprintf(number, sizeof(number), "%u", uid);
	CHECK(strcmp(home, "/") == 0 || has_line(text, number, home), "%s of %s", home, number);
	return 0;
}
