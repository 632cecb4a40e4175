/* FIFOs and regular files by their paths, without a wait for another end, and without following a
 * link that someone put in their place. */
#ifndef IRONBOX_SHIM_STDIO_OPEN_FILE_H
#define IRONBOX_SHIM_STDIO_OPEN_FILE_H

#include <stdbool.h>

#include "support/error.h"

enum named {
	NAMED_FAILED, /* the error is told */
	NAMED_NULL,   /* /dev/null */
	NAMED_FIFO,   /* open for both ways, O_NONBLOCK: nothing that a client does breaks it */
	NAMED_FILE,   /* regular, open for appending */
};

/* What is there already; only a FIFO unless `any`. */
enum named open_named(const char *path, bool any, int *fifo_fd, int *file_fd,
                      struct ironbox_error *error);
int open_named_fifo(const char *path, int *fifo_fd, struct ironbox_error *error);

/* A file to append to, made if it is not there, and so are the folders on its way. An fd, or -1. */
int open_log_file(const char *path, struct ironbox_error *error);

#endif
