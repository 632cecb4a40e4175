/* The sealed copy that core/launch makes. */
#ifndef IRONBOX_CLI_SEAL_H
#define IRONBOX_CLI_SEAL_H

#include "support/error.h"

/* An error unless this process runs from a copy of its program that no container can write
 * (CVE-2019-5736). */
int seal_check(struct ironbox_error *error);

#endif
