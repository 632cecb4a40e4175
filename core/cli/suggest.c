/* Distance between words, counted in letters that are wrong, missing, too many or swapped. */
#include "cli/suggest.h"

#include <string.h>

#define WORD_MAX 32

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment, three rows of its matrix at a time. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *older = rows[0], *old = rows[1], *now = rows[2], *spare;

	for (size_t j = 0; j <= b_size; j++)
		old[j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t same = a[i - 1] == b[j - 1] ? 0 : 1;

			now[j] = least(old[j - 1] + same, least(old[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], older[j - 2] + 1);
		}
		spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[b_size];
}

void suggest_word(struct suggestion *suggestion, const char *word)
{
	size_t size = strlen(word), far;

	if (size > WORD_MAX || suggestion->wrong_size > WORD_MAX || suggestion->wrong_size == 0)
		return;
	far = distance(suggestion->wrong, suggestion->wrong_size, word, size);
	/* A third of the letters may be wrong: more, and it would be a guess */
	if (far * 3 > size || (suggestion->best && far >= suggestion->distance))
		return;
	suggestion->best = word;
	suggestion->distance = far;
}
