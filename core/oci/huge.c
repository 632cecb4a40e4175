/*
 * Integers beyond int64_t. jansson keeps integers in int64_t and refuses a text with a larger one,
 * but RLIM_INFINITY (18446744073709551615) is what callers send for "unlimited", and seccomp's
 * masks are as large. Such a text is parsed from a copy in which each of these numbers is a 0 of
 * the same width; then strings of a NUL and the digits take the places of those zeros in the tree.
 * Neither JSON (NUL is refused) nor a command line can make such a string. Which zero is whose is
 * told by counting numbers: jansson keeps members in the order of the text (2.8).
 */
#include "oci/document.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#define HUGE_DIGITS_MAX 40 /* longer ones are out of every range: their first digits will do */

struct huge {
	size_t index;                       /* it is the document's index-th number */
	char text[1 + HUGE_DIGITS_MAX + 1]; /* "\0" and the digits */
};

struct huge_list {
	struct huge *items;
	size_t count, capacity;
};

static void free_huge_list(const struct huge_list *list)
{
	free(list->items);
}

/* -?(0|[1-9][0-9]*) of RFC 8259. */
static bool is_integer(const char *token, size_t size)
{
	size_t first = *token == '-', at = first;

	while (at < size && token[at] >= '0' && token[at] <= '9')
		at++;
	return at == size && at > first && (token[first] != '0' || at == first + 1);
}

static bool is_huge(const char *token, size_t size)
{
	char digits[24];

	if (!is_integer(token, size))
		return false; /* a real number, or none at all: jansson's to read or to refuse */
	if (size >= sizeof(digits))
		return true;
	memcpy(digits, token, size);
	digits[size] = '\0';
	errno = 0;
	strtoll(digits, NULL, 10);
	return errno == ERANGE;
}

static int note_huge(struct huge_list *list, size_t index, const char *token, size_t size)
{
	struct huge *huge;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		struct huge *items = reallocarray(list->items, capacity, sizeof(*items));

		if (!items)
			return -1;
		list->items = items;
		list->capacity = capacity;
	}
	huge = &list->items[list->count++];
	*huge = (struct huge){
		.index = index,
	};
	memcpy(huge->text + 1, token, size < HUGE_DIGITS_MAX ? size : HUGE_DIGITS_MAX);
	return 0;
}

static char *end_of_string(char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at + 1;
}

static char *end_of_number(char *at, const char *end)
{
	while (at < end && (isalnum((unsigned char)*at) || strchr("+-.", *at)))
		at++;
	return at;
}

/* Blanks out each huge number of a text, and notes it. */
static int collect_huge(struct huge_list *list, char *text, size_t size)
{
	const char *end = text + size;
	size_t index = 0;

	for (char *at = text; at < end;) {
		char *token = at;

		if (*at == '"') {
			at = end_of_string(at, end);
		} else if (*at == '-' || isdigit((unsigned char)*at)) {
			at = end_of_number(at, end);
			if (is_huge(token, at - token)) {
				if (note_huge(list, index, token, at - token) < 0)
					return -1;
				memset(token, ' ', at - token);
				*token = '0';
			}
			index++;
		} else {
			at++;
		}
	}
	return 0;
}

struct placing {
	const struct huge *next, *end;
	size_t index; /* numbers seen so far */
};

/* The string that takes the place of a value; NULL: it stays. */
static json_t *replacement(struct placing *placing, const json_t *value)
{
	const struct huge *huge;

	if (!json_is_number(value) || placing->index++ != placing->next->index)
		return NULL;
	huge = placing->next++;
	return json_stringn_nocheck(huge->text, 1 + strlen(huge->text + 1));
}

static void place_all(struct placing *placing, json_t *value)
{
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value) && placing->next < placing->end;
		     i++) {
			json_t *item = json_array_get(value, i);
			json_t *with = replacement(placing, item);

			if (with)
				json_array_set_new(value, i, with);
			else
				place_all(placing, item);
		}
	} else if (json_is_object(value)) {
		for (void *at = json_object_iter(value); at && placing->next < placing->end;
		     at = json_object_iter_next(value, at)) {
			json_t *item = json_object_iter_value(at);
			json_t *with = replacement(placing, item);

			if (with)
				json_object_iter_set_new(value, at, with);
			else
				place_all(placing, item);
		}
	}
}

json_t *huge_load(const char *text, size_t size, size_t flags, json_error_t *failure)
{
	__attribute__((cleanup(free_huge_list))) struct huge_list list = { 0 };
	cleanup_free char *copy = malloc(size);
	struct placing placing = { 0 };
	json_t *root;

	if (!copy)
		return NULL;
	memcpy(copy, text, size);
	if (collect_huge(&list, copy, size) < 0)
		return NULL;
	root = json_loadb(copy, size, flags, failure);
	if (!root || !list.count)
		return root;
	placing.next = list.items;
	placing.end = list.items + list.count;
	place_all(&placing, root);
	return root;
}

static bool is_huge_text(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) > 0 && !*json_string_value(value);
}

bool is_text(const json_t *value)
{
	return json_is_string(value) && !is_huge_text(value);
}

enum number_outcome number_read(const json_t *value, int64_t least, uint64_t most, uint64_t *bits)
{
	if (json_is_integer(value)) {
		int64_t number = json_integer_value(value);

		*bits = (uint64_t)number;
		return number >= least && (number < 0 || *bits <= most) ? NUMBER_FITS
		                                                        : NUMBER_OUTSIDE;
	}
	if (!is_huge_text(value))
		return NUMBER_NONE;
	errno = 0;
	*bits = strtoull(json_string_value(value) + 1, NULL, 10);
	return json_string_value(value)[1] != '-' && !errno && *bits <= most ? NUMBER_FITS
	                                                                     : NUMBER_OUTSIDE;
}

int number_fail(const struct place *place, enum number_outcome outcome, int64_t least,
                uint64_t most, struct ironbox_error *error)
{
	if (outcome == NUMBER_NONE)
		return place_fail(place, error, "expected an integer");
	return place_fail(place, error, "expected an integer from %lld to %llu", (long long)least,
	                  (unsigned long long)most);
}
