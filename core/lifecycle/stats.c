#include "lifecycle/stats.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The member of an object, made if it is not there. NULL, which jansson takes as no object and no
 * array: it is of another type, or can't be made (a key that is not UTF-8). */
static json_t *member(json_t *object, const char *key, json_t *(*make)(void), json_type type)
{
	json_t *found = json_object_get(object, key);

	if (!found && json_object_set_new(object, key, make()) == 0)
		found = json_object_get(object, key);
	return found && json_typeof(found) == type ? found : NULL;
}

static void put_indexed(json_t *object, const char *key, const char *index, uint64_t value)
{
	json_t *array = member(object, key, json_array, JSON_ARRAY);
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
	if (!array || place > 65535) /* no host has as many CPUs */
		return;
	while (json_array_size(array) <= place)
		json_array_append_new(array, json_integer(0));
	json_array_set_new(array, place, json_integer((json_int_t)value));
}

void stats_put(json_t *root, const char *name, uint64_t value)
{
	char copy[256], *at = copy, *dot, *bracket, *slash;

	if (snprintf(copy, sizeof(copy), "%s", name) >= (int)sizeof(copy))
		return;
	bracket = strchr(copy, '[');
	if (bracket)
		*bracket++ = '\0';
	while ((dot = strchr(at, '.'))) {
		*dot = '\0';
		root = member(root, at, json_object, JSON_OBJECT);
		at = dot + 1;
	}
	if (bracket) {
		bracket[strcspn(bracket, "]")] = '\0';
		put_indexed(root, at, bracket, value);
		return;
	}
	slash = strstr(at, "/100");
	if (slash && !slash[4]) {
		*slash = '\0';
		json_object_set_new(root, at, json_real((double)value / 100));
		return;
	}
	json_object_set_new(root, at, json_integer((json_int_t)value));
}

static void dump(FILE *out, const json_t *value);

/* Names are a stage's, which may have them from files of the kernel: devices, page sizes. */
static void dump_text(FILE *out, const char *text)
{
	json_t *string = json_string(text); /* UTF-8: it was one before */

	json_dumpf(string, out, JSON_ENCODE_ANY);
	json_decref(string);
}

static void dump_object(FILE *out, const json_t *object)
{
	json_t *unconst = (json_t *)(uintptr_t)object; /* iterated, not changed */
	const char *between = "{", *key;
	json_t *member_value;

	if (json_object_size(object) == 0)
		fputs("{", out);
	json_object_foreach(unconst, key, member_value)
	{
		fputs(between, out);
		dump_text(out, key);
		fputs(":", out);
		dump(out, member_value);
		between = ",";
	}
	fputs("}", out);
}

static void dump(FILE *out, const json_t *value)
{
	size_t i;

	if (json_is_object(value)) {
		dump_object(out, value);
	} else if (json_is_array(value)) {
		for (i = 0; i < json_array_size(value); i++) {
			fputs(i ? "," : "[", out);
			dump(out, json_array_get(value, i));
		}
		fputs(i ? "]" : "[]", out);
	} else if (json_is_integer(value)) {
		fprintf(out, "%llu", (unsigned long long)json_integer_value(value));
	} else if (json_is_real(value)) {
		fprintf(out, "%.2f", json_real_value(value));
	} else {
		dump_text(out, json_string_value(value));
	}
}

char *stats_dump(const json_t *root)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	dump(out, root);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}
