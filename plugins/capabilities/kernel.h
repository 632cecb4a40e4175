/*
 * kernel.h: the five capability sets of this thread, by the system calls themselves: libcap would
 * be one more library on the way of each container, for four calls.
 */
#ifndef CAPABILITIES_KERNEL_H
#define CAPABILITIES_KERNEL_H

#include <stdint.h>

enum set { SET_BOUNDING, SET_EFFECTIVE, SET_PERMITTED, SET_INHERITABLE, SET_AMBIENT, SETS };

/* A bit for each capability: 1 << CAP_CHOWN, … */
struct sets {
	uint64_t of[SETS];
};

/* All return 0, or -1 with errno. */

/* capget(2): effective, permitted and inheritable. */
int sets_get(struct sets *sets);
/* capset(2) of the same three. */
int sets_set(const struct sets *sets);
/* What the bounding set has, of all that this kernel knows. */
int bounding_get(uint64_t *bounding);
/* Drops all that keep has not. -1: some could not be dropped, if they were there at all. */
int bounding_drop(uint64_t keep);
/* Empties the ambient set, and raises what is in this one. */
int ambient_set(uint64_t ambient);
/* Only what is permitted and inheritable can be in it: capabilities(7). Looks at these alone. */
int ambient_get(uint64_t possible, uint64_t *ambient);

#endif
