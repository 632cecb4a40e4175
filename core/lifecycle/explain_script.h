/* The first line of a script, read as the kernel reads it (execve(2), "Interpreter scripts"). */
#ifndef IRONBOX_LIFECYCLE_EXPLAIN_SCRIPT_H
#define IRONBOX_LIFECYCLE_EXPLAIN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_LINE_MAX 256 /* as much of a file as the kernel looks at: BINPRM_BUF_SIZE */

enum script_kind {
	SCRIPT_NONE, /* does not begin with #! */
	SCRIPT_NAMES_NONE,
	SCRIPT_TOO_LONG, /* the interpreter's name does not end within the bytes looked at */
	SCRIPT_NAMES,
};

struct script {
	enum script_kind kind;
	char interpreter[SCRIPT_LINE_MAX];
	bool ends_in_cr; /* what the kernel takes for the name is one byte longer than it looks */
};

/* bytes: the first SCRIPT_LINE_MAX of the file, or all of it. Reads nothing else. */
void script_read(struct script *script, const void *bytes, size_t size);

/* Whether these first bytes are a text: there is at least one, and none that no text has. */
bool script_is_text(const void *bytes, size_t size);

#endif
