#include "labels.h"

#include <string.h>

#define STACK "//&" /* apparmor.d(5), "A//&B": both confine */

/* The length of a label without its newline and its " (MODE)". *mode gets "MODE)", or NULL. */
static size_t name_size(const char *shown, size_t size, const char **mode)
{
	*mode = NULL;
	if (size > 0 && shown[size - 1] == '\n')
		size--;
	if (size == 0 || shown[size - 1] != ')')
		return size;
	for (size_t at = size - 1; at > 1; at--)
		if (shown[at] == '(' && shown[at - 1] == ' ') {
			*mode = shown + at + 1;
			return at - 1;
		}
	return size;
}

bool label_is_unconfined(const char *shown)
{
	const char *mode;
	size_t size = name_size(shown, strlen(shown), &mode);

	/* a profile of mode "unconfined" is a name for nothing; aa_getcon(2) */
	if (mode)
		return strncmp(mode, "unconfined)", strlen("unconfined)")) == 0;
	return size == strlen("unconfined") && memcmp(shown, "unconfined", size) == 0;
}

/* The length of the first profile of a stack. */
static size_t first_size(const char *stack, size_t size)
{
	const char *end = memmem(stack, size, STACK, strlen(STACK));

	return end ? (size_t)(end - stack) : size;
}

/* Is the profile one of those of a stack? */
static bool stack_has(const char *stack, size_t size, const char *profile, size_t profile_size)
{
	for (;;) {
		size_t first = first_size(stack, size);

		if (first == profile_size && memcmp(stack, profile, first) == 0)
			return true;
		if (first == size)
			return false;
		stack += first + strlen(STACK);
		size -= first + strlen(STACK);
	}
}

static bool list_has(const char *list, const char *profile, size_t size)
{
	while (*list) {
		size_t line = strcspn(list, "\n");
		const char *mode;

		if (name_size(list, line, &mode) == size && memcmp(list, profile, size) == 0)
			return true;
		list += line + (list[line] == '\n');
	}
	return false;
}

bool label_has(const char *shown, const char *wanted)
{
	const char *mode;
	size_t shown_size = name_size(shown, strlen(shown), &mode);

	for (;;) {
		size_t size = first_size(wanted, strlen(wanted));

		if (!stack_has(shown, shown_size, wanted, size))
			return false;
		if (!wanted[size])
			return true;
		wanted += size + strlen(STACK);
	}
}

const char *label_missing(const char *list, const char *wanted, int *size)
{
	for (;;) {
		size_t first = first_size(wanted, strlen(wanted));

		/* ":NAMESPACE:PROFILE" can be written in several ways, and unconfined is no
		 * profile: the kernel says when it is written */
		if (wanted[0] != ':' &&
		    !(first == strlen("unconfined") && memcmp(wanted, "unconfined", first) == 0) &&
		    !list_has(list, wanted, first)) {
			*size = (int)first;
			return wanted;
		}
		if (!wanted[first])
			return NULL;
		wanted += first + strlen(STACK);
	}
}
