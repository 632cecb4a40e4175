/* The words of linux.seccomp and what they stand for. */
#ifndef SECCOMP_WORDS_H
#define SECCOMP_WORDS_H

#include <stdint.h>

struct word {
	const char *text; /* NULL: the end */
	uint32_t value;
};

extern const struct word action_words[];       /* SECCOMP_RET_* */
extern const struct word architecture_words[]; /* SCMP_ARCH_* */
extern const struct word operator_words[];     /* enum scmp_compare */
extern const struct word flag_words[];         /* SECCOMP_FILTER_FLAG_* */

/* NULL: no such word. */
const struct word *word_find(const struct word *words, const char *text);
/* The text that stands for a value; "?" if none does. */
const char *word_of(const struct word *words, uint32_t value);

#endif
