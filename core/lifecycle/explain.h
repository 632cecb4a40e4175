/* Why a program can't be run, in one sentence that ends in the words callers match: docker looks
 * for those of ENOENT and EACCES in lower case (exit codes 127 and 126), podman in any. Nothing
 * here is done before something has failed. */
#ifndef IRONBOX_LIFECYCLE_EXPLAIN_H
#define IRONBOX_LIFECYCLE_EXPLAIN_H

#include "lifecycle/container.h"

/* How long the runtime waits for the sentence, once it knows that execve(2) failed. */
#define EXPLAIN_MS 2000

/* The program's path, args[0] with a slash, did not lead to one: code says so. Returns -1. */
int explain_unusable(const char *name, int code, struct ironbox_error *error);

/* args[0] was in none of the folders; denied: in one, but it may not be executed. */
int explain_not_in_path(const char *name, const char *folders, bool is_default, bool denied,
                        struct ironbox_error *error);

/* execve(2) failed with this code: what can be said without looking. Returns -1. */
int explain_plainly(const struct container *container, int code, struct ironbox_error *error);

/* Says more: looks at the file, what it needs, and how long the arguments are, as the container's
 * user and in its confinement. So a seccomp filter may end us for it, and an image's file system
 * keep us waiting: what explain_plainly said is to be told first. */
void explain_execve(const struct container *container, struct ironbox_error *error);

#endif
