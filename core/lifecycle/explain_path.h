/* What is the matter with a path at whose end a program should be. */
#ifndef IRONBOX_LIFECYCLE_EXPLAIN_PATH_H
#define IRONBOX_LIFECYCLE_EXPLAIN_PATH_H

#include <limits.h>
#include <stdbool.h>

#include "support/quote.h"

#define PREDICATE_MAX 900

/* "/opt/app" "is a symlink to /srv/app, which is not in the image" */
struct finding {
	int code; /* the errno value that it leads to */
	char subject[PATH_MAX];
	char predicate[PREDICATE_MAX];
};

/* Looks for what keeps execve(2) from opening this path: in the working directory and root of who
 * asks, and with its rights. False: nothing that is to be seen. No magic link is followed. */
bool explain_path(struct finding *finding, const char *path);

/* Joins two clauses: "needs X" and the finding about X become "needs X, which …" or, where it is
 * about another path than X, "needs X, and SUBJECT …". */
void explain_join(char out[PREDICATE_MAX], const char *clause, const char *about,
                  const struct finding *finding);

#endif
