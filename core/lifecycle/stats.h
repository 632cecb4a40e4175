/* Numbers by name, put together as the JSON that `events --stats` prints. */
#ifndef IRONBOX_LIFECYCLE_STATS_H
#define IRONBOX_LIFECYCLE_STATS_H

#include <jansson.h>
#include <stdint.h>

/* Puts one number into the tree. "memory.usage.limit" makes objects on its way;
 * "cpu.usage.percpu[2]" an array; "blkio.ioServiceBytesRecursive[8:0 Read]" an array of
 * {"major", "minor", "op", "value"}, as runc's are. "cpu.psi.some.avg10/100" is in hundredths, and
 * a number with two digits behind the point. */
void stats_put(json_t *root, const char *name, uint64_t value);

/* The tree as compact JSON, malloc'ed, or NULL. Numbers are unsigned: "no limit" is 2^64 - 1, which
 * jansson can hold but not print. */
char *stats_dump(const json_t *root);

#endif
