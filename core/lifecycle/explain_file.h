/* What is the matter with a file that execve(2) does not take: itself, or what it needs. */
#ifndef IRONBOX_LIFECYCLE_EXPLAIN_FILE_H
#define IRONBOX_LIFECYCLE_EXPLAIN_FILE_H

#include "lifecycle/explain_path.h"

/* Finds why execve(2) of this path fails with this code: false if that is not to be seen. Reads at
 * most 9 KiB of a file, of regular ones alone, and of five scripts in a row. */
bool explain_file(struct finding *finding, const char *path, int code);

/* Whether execve(2) says EPERM for the file's capabilities: its effective bit is set, and the
 * bounding set lacks one of them (capabilities(7), "capability-dumb binaries"). */
bool explain_capabilities(const char *path);

#endif
