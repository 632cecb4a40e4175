#include "lifecycle/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The member of an object, made if it is not there. */
static json_t *member(json_t *object, const char *key, json_t *(*make)(void))
{
	json_t *found = json_object_get(object, key);

	if (!found) {
		found = make();
		json_object_set_new(object, key, found);
	}
	return found;
}

static void put_indexed(json_t *object, const char *key, const char *index, uint64_t value)
{
	json_t *array = member(object, key, json_array);
	unsigned major, minor;
	char operation[32] = "";
	size_t place;

	if (sscanf(index, "%u:%u %31s", &major, &minor, operation) >= 2) {
		json_array_append_new(array,
		                      json_pack("{s:I, s:I, s:s, s:I}", "major", (json_int_t)major,
		                                "minor", (json_int_t)minor, "op", operation,
		                                "value", (json_int_t)value));
		return;
	}
	place = strtoul(index, NULL, 10);
	if (place > 65535) /* no host has as many CPUs */
		return;
	while (json_array_size(array) <= place)
		json_array_append_new(array, json_integer(0));
	json_array_set_new(array, place, json_integer((json_int_t)value));
}

void stats_put(json_t *root, const char *name, uint64_t value)
{
	char copy[256], *at = copy, *dot, *bracket;

	if (snprintf(copy, sizeof(copy), "%s", name) >= (int)sizeof(copy))
		return;
	bracket = strchr(copy, '[');
	if (bracket)
		*bracket++ = '\0';
	while ((dot = strchr(at, '.'))) {
		*dot = '\0';
		root = member(root, at, json_object);
		at = dot + 1;
	}
	if (bracket) {
		bracket[strcspn(bracket, "]")] = '\0';
		put_indexed(root, at, bracket, value);
		return;
	}
	json_object_set_new(root, at, json_integer((json_int_t)value));
}
