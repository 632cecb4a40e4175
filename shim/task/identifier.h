#ifndef IRONBOX_SHIM_IDENTIFIER_H
#define IRONBOX_SHIM_IDENTIFIER_H

#include <stdbool.h>

/* Whether text is a name by containerd's rules, so that it may be part of a path: letters and
 * digits, between which there may be one of . _ and -, at most 76 bytes. */
bool identifier_is_valid(const char *text);

#endif
