/*
 * The container's record: what its stages are and what they are about to make, appended to a file
 * in the state directory before it is made. So a later process, also after a SIGKILL at any
 * moment, can undo it all. One JSON array a line; a last line that was cut is one whose deed was
 * not begun, and is passed over.
 */
#ifndef IRONBOX_PIPELINE_RECORD_H
#define IRONBOX_PIPELINE_RECORD_H

#include <stddef.h>

#include "support/error.h"

struct record_entry {
	char *stage, *key, *value; /* owned */
};

struct record {
	int fd; /* O_APPEND; -1: nothing is kept on disk */
	struct record_entry *entries;
	size_t count, capacity;
	size_t whole, size; /* of the file when it was read: up to its last whole line; in all */
};

#define RECORD_NONE       ((struct record){ .fd = -1 })
#define RECORD_FILE       "record"
#define RECORD_KEY_MODULE "ironbox.module" /* the path of the module that made the container */
#define RECORD_KEY_PHASES "ironbox.phases" /* and which phases of it later verbs may call */
#define RECORD_ENGINE     "ironbox"        /* in the place of a stage: */
#define RECORD_KEY_INIT   "init"           /* "PID START-TIME", from the clone on */

/* Opens the record of a state directory, made if it is not there, and reads it. */
int record_open(struct record *record, int directory_fd, struct ironbox_error *error);
/* The same, for who has to go on: lines that are not ours are told to the log and passed over. */
int record_open_leniently(struct record *record, int directory_fd, struct ironbox_error *error);
void record_close(struct record *record);

/* Adds several with one write(2). */
int record_add_all(struct record *record, const struct record_entry *entries, size_t count,
                   struct ironbox_error *error);
int record_add(struct record *record, const char *stage, const char *key, const char *value,
               struct ironbox_error *error);
/* The last value under stage and key, or NULL. */
const char *record_find(const struct record *record, const char *stage, const char *key);

#endif
