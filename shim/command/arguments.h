/* The command line, in the syntax of Go's package flag, as containerd writes it. */
#ifndef IRONBOX_SHIM_ARGUMENTS_H
#define IRONBOX_SHIM_ARGUMENTS_H

#include <stdbool.h>
#include <stdio.h>

#include "support/error.h"

struct arguments {
	const char *namespace, *id;
	const char *address; /* containerd's gRPC socket */
	const char *bundle;  /* with delete */
	bool debug, version, info, help;
	const char *action; /* start, delete; NULL: none was given */
	/* What containerd and tools of it also say, and what nobody here needs. */
	const char *publish_binary, *socket, *debug_socket;
};

/* vector: without the program's name. Options end at the first word that is none, the action. */
int arguments_read(struct arguments *arguments, const char *const *vector,
                   struct ironbox_error *error);
void arguments_help(FILE *out);

#endif
