/* Command lines from tables: a row is an option, and names the struct member that it fills. */
#ifndef IRONBOX_CLI_OPTIONS_H
#define IRONBOX_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

enum option_kind {
	OPTION_END, /* closes a table */
	OPTION_FLAG,
	OPTION_STRING,
	OPTION_LIST, /* may be given again and again */
	OPTION_COUNT,
	OPTION_DURATION,
};

struct option_list {
	const char **items; /* NULL-terminated, owned; NULL: the option was not given */
	size_t count;
};

struct option_duration {
	uint64_t ms;
};

struct option_row {
	const char *name; /* --name, and -name: containerd passes -no-subreaper */
	char letter;      /* -b; 0: none */
	enum option_kind kind;
	uint32_t offset;
	const char *metavar; /* what its value is called; NULL for a flag */
	const char *help;
	const char *refused; /* not NULL: giving it is this error, for it can't be carried out */
	bool hidden;         /* accepted, and not shown by help */
	bool takes_empty;    /* "" is a value like others; else it is as if it was not given */
};

/* The member's own type chooses the kind, so a table cannot disagree with its struct. */
#define OPTION_KIND_OF(type, member) \
	_Generic(((type *)0)->member,            \
		bool: OPTION_FLAG,               \
		const char *: OPTION_STRING,     \
		struct option_list: OPTION_LIST, \
		uint32_t: OPTION_COUNT,          \
		struct option_duration: OPTION_DURATION)

#define OPTION_ROW(type, member) \
	.kind = OPTION_KIND_OF(type, member), .offset = offsetof(type, member)

/* OPTION(struct kill_options, all, "all", 'a', NULL, "signal every process") */
#define OPTION(type, member, long_name, short_letter, value, text)                       \
	{                                                                                \
		OPTION_ROW(type, member), .name = (long_name), .letter = (short_letter), \
					  .metavar = (value), .help = (text)             \
	}
#define OPTION_ROWS_END      \
	{                    \
		.name = NULL \
	}

struct option_parse {
	const struct option_row *rows; /* NULL: no options at all */
	void *values;                  /* the struct of the rows' members, with its defaults */
	/* The first argument ends the options: what follows is a command with options of its own */
	bool argument_ends;
	const void *defaults; /* as values; NULL: all zero. What "" gives back to a string */
	bool help;            /* set when -h or --help is met; nothing behind it was read */
};

/* Reads a NULL-terminated vector (without the program's name). What is no option is moved to its
 * front, a NULL behind it. Returns the number of these arguments, or -1. */
int options_parse(struct option_parse *parse, char **vector, struct ironbox_error *error);

/* Gives back what lists hold. */
void options_free(const struct option_row *rows, void *values);

#endif
