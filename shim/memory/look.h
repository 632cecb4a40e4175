/* What is done in a worker: opening what watching takes, and looking. */
#ifndef IRONBOX_SHIM_LOOK_H
#define IRONBOX_SHIM_LOOK_H

#include "memory/memory.h"

#define LOOK_WORDS_SIZE 1024

struct look {
	/* As of struct memory_watching. */
	int (*oom_kills)(const void *container, uint64_t *kills, struct ironbox_error *error);
	const void *container;
	const struct memory_ends *ends; /* oom_kills: as of the last look */
};

/* *kills: how many there are now. words: of what came since the last look, "" where nothing did. */
int look(const struct look *look, uint64_t *kills, char words[LOOK_WORDS_SIZE],
         struct ironbox_error *error);

/* The path of the memory controller's cgroup, else of v2's, in the text of a /proc/PID/cgroup:
 * *size 0 where there is none. Points into the text. */
const char *look_find_cgroup(const char *text, size_t *size);

#endif
