/* What a verb is to the command line: a row of commands[], in a file of its own. */
#ifndef IRONBOX_CLI_COMMAND_H
#define IRONBOX_CLI_COMMAND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cli/options.h"
#include "lifecycle/lifecycle.h"
#include "support/error.h"

/* How far a verb reaches. */
enum reach {
	REACH_NOTHING,   /* needs neither ironbox.ini nor a state root */
	REACH_STATE,     /* looks at or controls what is there */
	REACH_CONTAINER, /* a child of ours enters a container: only from a sealed copy of ourselves
	                  */
};

/* One call of a verb. */
struct invocation {
	const struct runtime *runtime; /* NULL with REACH_NOTHING */
	const void *options;           /* what the verb's rows filled */
	char *const *arguments; /* NULL-terminated; their number is within the verb's bounds */
	int status;             /* what the process exits with when run returned 0 */
};

struct command {
	const char *name;
	const char *arguments; /* "ID [SIGNAL]" */
	const char *summary;   /* one line */
	const char *more;      /* paragraphs for `help VERB`, or NULL */
	unsigned fewest, most; /* arguments */
	enum reach reach;
	bool argument_ends_options; /* behind the first argument stand someone else's options */
	int failure_status;         /* 0 means 1 */
	const struct option_row *options; /* NULL: none but --help */
	const void *defaults;             /* what the options' struct begins as; NULL: all zero */
	size_t options_size;
	/* The number of fds from 3 on that go to the container; NULL: none do. */
	uint64_t (*preserved_fds)(const void *options);
	int (*run)(struct invocation *invocation, struct ironbox_error *error);
};

#define ANY_NUMBER UINT_MAX /* of arguments: execve(2) has its own bounds */

/* All verbs in the order in which help shows them, NULL at the end. */
extern const struct command *const commands[];

const struct command *command_find(const char *name);

/* The id of the container, where that is the first argument. */
static inline const char *invocation_id(const struct invocation *invocation)
{
	return invocation->arguments[0];
}

#endif
