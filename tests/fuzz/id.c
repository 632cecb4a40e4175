/* A container's id becomes the name of files, cgroups and sockets. */
#include <ctype.h>
#include <string.h>

#include "harness.h"
#include "lifecycle/id.h"
#include "paper_host.h"

static bool is_id(const char *text)
{
	size_t length = 0;

	for (; text[length]; length++)
		if (!isalnum((unsigned char)text[length]) && text[length] != '_' &&
		    text[length] != '+' && text[length] != '.' && text[length] != '-')
			return false;
	/* the last one is the folder of compiled programs beside the containers' */
	return length >= 1 && length <= 200 && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
	       strcmp(text, "seccomp") != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	cleanup_free char *id = input_rest(&input);
	ERROR_NONE(error);

	if (id_check(id, &error) == 0) {
		CHECK(is_id(id), "%s is taken", id);
	} else {
		CHECK(!is_id(id), "%s is refused", id);
		paper_host_check_error(&error);
	}
	return 0;
}
