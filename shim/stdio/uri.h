/* Where containerd says that a stream goes. */
#ifndef IRONBOX_SHIM_STDIO_URI_H
#define IRONBOX_SHIM_STDIO_URI_H

#include <limits.h>

#include "support/error.h"

enum uri_kind {
	URI_NONE,      /* "" */
	URI_PATH,      /* a path without a scheme: a FIFO, or a regular file that is there */
	URI_FIFO,      /* fifo:///path */
	URI_FILE,      /* file:///path, made if it is not there */
	URI_BINARY,    /* binary:///path?key=value: a program that reads */
	URI_BINARY_V2, /* the same, and it has to say that it is ready */
};

#define URI_SIZE_MAX      8192
#define URI_ARGUMENTS_MAX 64

struct uri {
	enum uri_kind kind;
	char path[PATH_MAX];                    /* absolute, without ".." */
	char text[URI_SIZE_MAX];                /* what the arguments point into */
	char *arguments[URI_ARGUMENTS_MAX + 2]; /* argv: path, key, value, key …, NULL */
};

/* NULL is as good as "". */
int uri_parse(struct uri *uri, const char *text, struct ironbox_error *error);

#endif
