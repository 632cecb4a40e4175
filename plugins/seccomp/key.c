#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "cache.h"

/* Grows when compile.c, enosys.c, optimise.c or check.c make something else of a profile. */
#define PROGRAM_REVISION 3u

static int put(struct key *key, const void *bytes, size_t size)
{
	if (size > key->capacity - key->size) {
		size_t capacity = 2 * key->capacity + size + 8192;
		unsigned char *grown = realloc(key->bytes, capacity);

		if (!grown)
			return -1;
		key->bytes = grown;
		key->capacity = capacity;
	}
	memcpy(key->bytes + key->size, bytes, size);
	key->size += size;
	return 0;
}

static int put_number(struct key *key, uint64_t number)
{
	return put(key, &number, sizeof(number));
}

/* With its NUL, so that two texts can't be one longer. */
static int put_text(struct key *key, const char *text)
{
	return put(key, text, strlen(text) + 1);
}

/* The kernel counts: a state root may outlive it. What it lacks was looked at before a program was
 * stored, and is not looked at again. */
static int put_node(struct key *key)
{
	struct utsname node;

	if (uname(&node) < 0 || put_number(key, PROGRAM_REVISION) < 0 ||
	    put_text(key, node.release) < 0)
		return -1;
	return put_text(key, node.machine);
}

static int put_condition(struct key *key, const struct scmp_arg_cmp *condition)
{
	if (put_number(key, condition->arg) < 0 || put_number(key, condition->op) < 0 ||
	    put_number(key, condition->datum_a) < 0)
		return -1;
	return put_number(key, condition->datum_b);
}

static int put_rule(struct key *key, const struct rule *rule)
{
	size_t i;

	if (put_number(key, rule->action) < 0 || put_number(key, rule->names_count) < 0 ||
	    put_number(key, rule->conditions_count) < 0)
		return -1;
	for (i = 0; i < rule->names_count; i++)
		if (put_text(key, rule->names[i]) < 0)
			return -1;
	for (i = 0; i < rule->conditions_count; i++)
		if (put_condition(key, &rule->conditions[i]) < 0)
			return -1;
	return 0;
}

/* Flags and listener are seccomp(2)'s and no part of the program. */
int key_make(struct key *key, const struct profile *profile)
{
	static const unsigned char padding[8];
	size_t i;

	*key = (struct key){ 0 };
	if (put_node(key) < 0 || put_number(key, profile->default_action) < 0 ||
	    put_number(key, profile->architectures_count) < 0 ||
	    put_number(key, profile->rules_count) < 0)
		return -1;
	for (i = 0; i < profile->architectures_count; i++)
		if (put_number(key, profile->architectures[i]) < 0)
			return -1;
	for (i = 0; i < profile->rules_count; i++)
		if (put_rule(key, &profile->rules[i]) < 0)
			return -1;
	/* whole words, for the hash */
	if (put(key, padding, -key->size % sizeof(padding)) < 0)
		return -1;
	key->hash = hash_bytes(key->bytes, key->size, 0);
	return 0;
}

void key_free(struct key *key)
{
	free(key->bytes);
	*key = (struct key){ 0 };
}

uint64_t hash_bytes(const void *bytes, size_t size, uint64_t hash)
{
	const unsigned char *at = bytes;
	size_t i;

	for (i = 0; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, at + i, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u; /* 2^64 by the golden ratio, odd */
		hash ^= hash >> 32;
	}
	return hash;
}
