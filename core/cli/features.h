/* What this runtime can do, as the spec's features document: for `features` and the shim's -info.
 */
#ifndef IRONBOX_CLI_FEATURES_H
#define IRONBOX_CLI_FEATURES_H

#include <stdio.h>

/* indent: of one level; NULL: all on one line. Errors of writing stay with the stream. */
void features_write(FILE *out, const char *indent);

#endif
