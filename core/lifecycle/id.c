#include "lifecycle/id.h"

#include <string.h>

#define ID_LENGTH_MAX 200 /* leaves room for suffixes below NAME_MAX */

int id_check(const char *id, struct ironbox_error *error)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+.-";
	size_t length = strlen(id);

	if (length == 0)
		return error_begin(error, 0, "the container id is empty");
	if (length > ID_LENGTH_MAX)
		return error_begin(error, 0, "the container id is longer than %d bytes",
		                   ID_LENGTH_MAX);
	if (strspn(id, allowed) != length || !strcmp(id, ".") || !strcmp(id, ".."))
		return error_begin(
			error, 0, "invalid container id \"%s\": letters, digits and _+.- only", id);
	/* the folder in the state root in which stages cache compiled programs */
	if (!strcmp(id, "seccomp"))
		return error_begin(error, 0, "the container id \"%s\" is taken by ironbox itself",
		                   id);
	return 0;
}
