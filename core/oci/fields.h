/*
 * The tables: one row for each field of runtime-spec 1.3 on Linux, with its type, range, words and
 * owner. A new field is one row. The walkers are check.c, asked.c and owner.c.
 */
#ifndef IRONBOX_OCI_FIELDS_H
#define IRONBOX_OCI_FIELDS_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

enum field_type {
	FIELD_TEXT,
	FIELD_BOOL,
	FIELD_INTEGER,
	FIELD_OBJECT,  /* inner: the table of its members */
	FIELD_LIST,    /* inner: one row that each item is like; least: the fewest items */
	FIELD_MAP,     /* inner: one row that the value of each key is like */
	FIELD_IGNORED, /* not ours to carry out, whatever it holds; owner "none" */
};

/* A word that an enum allows, and what it stands for where the engine needs that. */
struct field_word {
	const char *text; /* NULL: the end */
	int value;
};

/* What a text has to be like, beyond its type. The error is: "TEXT" OTHERWISE. */
struct field_rule {
	bool (*holds)(const char *text);
	const char *otherwise;
};

struct spec_field {
	const char *name;  /* NULL: the row of a list's or a map's items, or the end of a table */
	const char *owner; /* "core", a stage or "none"; NULL: whose the field around it is */
	enum field_type type;
	bool required;
	int64_t least;
	uint64_t most;
	const struct field_word *words; /* text: one of these, or "" where it is not required */
	const struct field_rule *rule;
	const struct spec_field *inner;
};

/* The beginning of a row; more members may follow. */
#define TEXT(word)              .name = (word), .type = FIELD_TEXT
#define BOOL(word)              .name = (word), .type = FIELD_BOOL
#define INTEGER(word, from, to) .name = (word), .type = FIELD_INTEGER, .least = (from), .most = (to)
#define INT64(word)             INTEGER(word, INT64_MIN, INT64_MAX)
#define UINT32(word)            INTEGER(word, 0, UINT32_MAX)
#define UINT64(word)            INTEGER(word, 0, UINT64_MAX)
#define OBJECT(word, table)     .name = (word), .type = FIELD_OBJECT, .inner = (table)
#define LIST(word, row)         .name = (word), .type = FIELD_LIST, .inner = (row)
#define MAP(word, row)          .name = (word), .type = FIELD_MAP, .inner = (row)
#define IGNORED(word)           .name = (word), .type = FIELD_IGNORED, .owner = "none"

/* The tables of whole documents, and of the objects that have a file of their own. */
extern const struct spec_field config_fields[];
extern const struct spec_field process_fields[];
extern const struct spec_field linux_fields[];
extern const struct spec_field resources_fields[];
extern const struct spec_field seccomp_fields[];

/* Rows that many fields share. */
extern const struct spec_field text_item;     /* any text */
extern const struct spec_field env_item;      /* NAME=VALUE */
extern const struct spec_field id_map_item;   /* a line of a uid_map */
extern const struct field_rule absolute_rule; /* a path from the root on */
extern const struct field_rule absolute_or_empty_rule;

/* Words that process.c turns into numbers. */
extern const struct field_word rlimit_words[];
extern const struct field_word scheduler_policy_words[];
extern const struct field_word scheduler_flag_words[];
extern const struct field_word io_class_words[];

/* The row of a word, or NULL. */
const struct field_word *field_word_find(const struct field_word *words, const char *text);

/* Parses "0-3,7" into a set. False: it is no list of cpus, or has one that cpu_set_t has not. */
bool cpu_list_parse(const char *text, cpu_set_t *set);

#endif
