/* FIFOs and regular files by their paths, without a wait for another end, but for a bounded one,
 * and without following a link that someone put in their place. */
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

struct wanted {
	bool any;        /* not only a FIFO */
	int patience_ms; /* for who reads the FIFO; it is opened all the same when nobody comes */
};
/* What is there already. */
enum named open_named(const char *path, const struct wanted *wanted, int *fifo_fd, int *file_fd,
                      struct ironbox_error *error);
/* Without a wait. */
int open_named_fifo(const char *path, int *fifo_fd, struct ironbox_error *error);

/* A file to append to, made if it is not there, and so are the folders on its way. An fd, or -1. */
int open_log_file(const char *path, struct ironbox_error *error);

#endif
