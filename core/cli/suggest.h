/* "did you mean …?": the nearest of a set of words. */
#ifndef IRONBOX_CLI_SUGGEST_H
#define IRONBOX_CLI_SUGGEST_H

#include <stddef.h>

struct suggestion {
	const char *wrong; /* not terminated */
	size_t wrong_size;
	const char *best; /* NULL: no word was near enough */
	size_t distance;
};

static inline struct suggestion suggest_for(const char *wrong, size_t size)
{
	return (struct suggestion){ .wrong = wrong, .wrong_size = size };
}

/* Takes the word if it is nearer than the best before it. */
void suggest_word(struct suggestion *suggestion, const char *word);

#endif
