/* Numbers, sizes and durations as people write them, read strictly: all of the text or nothing. */
#ifndef IRONBOX_CLI_UNITS_H
#define IRONBOX_CLI_UNITS_H

#include <stdint.h>

/* Decimal digits alone, at most `most`. */
int number_from_text(const char *text, uint64_t most, uint64_t *number);

/* The same with a sign. */
int signed_from_text(const char *text, int64_t *number);

/* Bytes: 512, 512k, 64MiB, 1.5g: powers of 1024, as runc takes them; -1 stands for no limit. */
int size_from_text(const char *text, int64_t *bytes);

/* As Go writes it: 5s, 500ms, 1m30s, 1.5h. What is shorter than a millisecond is one, 0 is 0. */
int duration_from_text(const char *text, uint64_t *ms);

#endif
