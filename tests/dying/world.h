/* world.h: all of the host that a container could leave something in, as one text. */
#ifndef DYING_WORLD_H
#define DYING_WORLD_H

#include <stdbool.h>
#include <stdio.h>

/* A line for each mount, network device with its addresses, open fd of ours, and file below the
 * folders; and for each cgroup that bears the id. free() it. NULL: it could not be read. */
char *world_describe(char *const *folders, const char *id);

/* Prints what is in one and not in the other; returns how many lines that are. */
unsigned world_compare(const char *before, const char *now, FILE *to);

/* Keys that bear the id (session keyrings). The kernel takes its time to throw one away. */
bool world_has_keys(const char *id);

#endif
