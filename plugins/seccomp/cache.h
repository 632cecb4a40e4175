/* Programs that were compiled before, below STATE_ROOT/seccomp. */
#ifndef SECCOMP_CACHE_H
#define SECCOMP_CACHE_H

#include "profile.h"
#include "program.h"

/* All that a program depends on, in one row of bytes that no two profiles share: a file of the
 * cache holds it whole, so that none who writes a profile can make one that is taken for another.
 */
struct key {
	unsigned char *bytes; /* owned */
	size_t size, capacity;
	uint64_t hash; /* only a name for the file */
};

int key_make(struct key *key, const struct profile *profile);
void key_free(struct key *key);
#define cleanup_key __attribute__((cleanup(key_free)))
/* A hash that is fast, and no more: who can choose the bytes can make two of one hash. */
uint64_t hash_bytes(const void *bytes, size_t size, uint64_t hash);

/* The program of this key: 1, or 0 when there is none, or none that can be trusted. */
int cache_find(struct program *program, const struct key *key, const char *state_root);
/* Keeps it for the next container. library_path: what compiled it; another file there later, and
 * the program is compiled anew. -1 with errno: the container does well without. */
int cache_store(const struct program *program, const struct key *key, const char *library_path,
                const char *state_root);

#endif
