/* A plugin's manifest: ini lines in an ELF note, read without loading the file. */
#ifndef IRONBOX_PIPELINE_MANIFEST_H
#define IRONBOX_PIPELINE_MANIFEST_H

#include <stdbool.h>

#include "support/error.h"

#define MANIFEST_TEXT_MAX 4096

struct manifest {
	char text[MANIFEST_TEXT_MAX]; /* what the members point into */
	const char *name;
	/* Lists by blanks, or a path; "" where the line is not there. */
	const char *after, *before, *wakes_on, *verbs, *fits, *otherwise, *variants, *variant;
	char copies[MANIFEST_TEXT_MAX];
};

/* Reads it from the ELF file behind fd; `path` is for the error. */
int manifest_read(struct manifest *manifest, int fd, const char *path, struct ironbox_error *error);

bool list_has_word(const char *list, const char *word);

/* Calls visit for each word of a list; stops when it returns not 0, and returns that. */
int list_each_word(const char *list, int (*visit)(void *context, const char *word), void *context);

#endif
