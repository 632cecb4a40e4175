/* The files of a cgroup in one text: each begins with a line "=== NAME"; the private folder has
 * them. */
#ifndef FUZZ_CGROUP_FILES_H
#define FUZZ_CGROUP_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "paper_host.h"

/* Puts the files there, and takes away those of the last time. Names with a '/' are left out. */
void cgroup_files_put(const char *text);

/* Reports, put together as `events --stats` prints them. */
struct reports {
	struct json_t *root;
	const char *text; /* all files */
};

void reports_begin(struct reports *reports, struct paper_host *paper, const char *text);
/* What is printed is JSON, with the numbers that were reported. */
void reports_end(struct reports *reports);

#endif
