/* Help texts, made from the tables. */
#ifndef IRONBOX_CLI_HELP_H
#define IRONBOX_CLI_HELP_H

#include "cli/command.h"

/* What `ironbox` is, its verbs and its own options. */
void help_print(FILE *out);
void help_print_command(FILE *out, const struct command *command);
void version_print(FILE *out);

/* Tells that there is no such verb, and which one may have been meant. Returns -1. */
int command_unknown(const char *name, struct ironbox_error *error);

#endif
