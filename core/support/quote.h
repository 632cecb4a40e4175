/* Names of others, made fit for one line of a log. */
#ifndef IRONBOX_SUPPORT_QUOTE_H
#define IRONBOX_SUPPORT_QUOTE_H

#include <stddef.h>

#define QUOTED_MAX 240

/* Puts name's text into out (size at least 16), whole or cut with "…" at its end. What could break
 * the line or turn a terminal round stands escaped: control bytes as \n or \x1b, so do bytes that
 * are no UTF-8 and marks of direction; and a backslash is two. Returns out. */
const char *quote(char *out, size_t size, const char *name);

/* For printf: quote() into a buffer that lives as long as the block. */
#define QUOTE(name) quote((char[QUOTED_MAX]){ 0 }, QUOTED_MAX, (name))

#endif
