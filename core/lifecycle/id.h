/* Container ids. They become names of directories, cgroups and sockets, so few bytes may be in. */
#ifndef IRONBOX_LIFECYCLE_ID_H
#define IRONBOX_LIFECYCLE_ID_H

#include "support/error.h"

/* 1 to 200 of [A-Za-z0-9_+.-], not ".", ".." or "seccomp" */
int id_check(const char *id, struct ironbox_error *error);

#endif
