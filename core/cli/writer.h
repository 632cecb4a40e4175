/* JSON as Go's encoding/json writes it, which callers of runc compare with and parse. */
#ifndef IRONBOX_CLI_WRITER_H
#define IRONBOX_CLI_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 16

struct json_writer {
	FILE *out;
	const char *indent; /* of one level; NULL: all on one line */
	unsigned depth;
	bool filled[JSON_DEPTH_MAX]; /* whether the level has an item already */
};

/* key is NULL in an array and at the top. */
void writer_begin_object(struct json_writer *json, const char *key);
void writer_end_object(struct json_writer *json);
void writer_begin_array(struct json_writer *json, const char *key);
void writer_end_array(struct json_writer *json);
void writer_string(struct json_writer *json, const char *key, const char *text);
void writer_integer(struct json_writer *json, const char *key, int64_t number);
void writer_bool(struct json_writer *json, const char *key, bool value);
void writer_null(struct json_writer *json, const char *key);
/* An array of strings that ends in NULL. */
void writer_strings(struct json_writer *json, const char *key, const char *const *texts);

/* Flushes; -1 with errno when not all of it could be written: a reader may be gone. */
int output_end(FILE *out);

#endif
