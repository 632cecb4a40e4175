/* names.h: the names of capabilities(7), as a set of bits. */
#ifndef CAPABILITIES_NAMES_H
#define CAPABILITIES_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum { NAMES_SIZE = 1024 };

/* The number of a capability, or -1 for what is none: "CAP_CHOWN" is 0. */
int capability_number(const char *name);
/* The names of a set, in order, parted by blanks. Returns text. */
const char *capability_names(uint64_t set, char text[NAMES_SIZE]);

#endif
