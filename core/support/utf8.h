/* UTF-8: texts from outside may be any bytes, and JSON may not. */
#ifndef IRONBOX_SUPPORT_UTF8_H
#define IRONBOX_SUPPORT_UTF8_H

#include <stddef.h>

/* The bytes of the character that text, which ends in '\0', begins with: 1 to 4; 0: it begins with
 * none (RFC 3629: no surrogates, no longer forms than needed, nothing above U+10FFFF), or ends. */
size_t utf8_size(const char *text);

#endif
