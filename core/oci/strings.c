#include "oci/strings.h"

#include <stdlib.h>

const char **strings_of(const struct ironbox_value *list, size_t *count)
{
	size_t size = value_count(list);
	const char **strings = calloc(size + 1, sizeof(*strings));

	for (size_t i = 0; strings && i < size; i++)
		strings[i] = value_text(value_item(list, i, NULL));
	if (count)
		*count = size;
	return strings;
}

const char **strings_of_one(const char *text)
{
	const char **strings = calloc(2, sizeof(*strings));

	if (strings)
		strings[0] = text;
	return strings;
}
