/* Which containers share a shim: those whose config.json names the same group. */
#ifndef IRONBOX_SHIM_GROUP_H
#define IRONBOX_SHIM_GROUP_H

#include <stddef.h>

#include "support/error.h"

/* *group: malloc'ed; NULL when none is named, also where there is no config.json. */
int group_of_bundle(int bundle_fd, char **group, struct ironbox_error *error);

/* The same of a config.json's text. */
int group_of_text(const char *text, size_t size, char **group, struct ironbox_error *error);

#endif
