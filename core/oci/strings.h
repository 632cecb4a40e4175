/* Lists of strings as execve(2) takes them. */
#ifndef IRONBOX_OCI_STRINGS_H
#define IRONBOX_OCI_STRINGS_H

#include <stddef.h>

#include "oci/spec.h"

/* The strings of a list (NULL: an empty one), NULL-terminated. The array is the caller's to free,
 * the strings are the document's; *count may be NULL. NULL: out of memory. */
const char **strings_of(const struct ironbox_value *list, size_t *count);

/* The same with one string. */
const char **strings_of_one(const char *text);

#endif
