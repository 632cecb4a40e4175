/* ironbox/field.h: typed input from tables. One row names a key and the struct member it fills. */
#ifndef IRONBOX_FIELD_H
#define IRONBOX_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ironbox_value;

enum ironbox_kind {
	IRONBOX_END, /* closes a table */
	IRONBOX_BOOL,
	IRONBOX_INT32,
	IRONBOX_UINT32,
	IRONBOX_INT64,
	IRONBOX_UINT64,
	IRONBOX_STRING, /* const char *, owned by the document */
	IRONBOX_VALUE,  /* const struct ironbox_value *: an array or an object, read on its own */
};

struct ironbox_field {
	const char *name;
	enum ironbox_kind kind;
	uint32_t offset;     /* of the member */
	uint32_t has_offset; /* of a bool that says "was given", or IRONBOX_NO_HAS */
	bool required;       /* its absence is an error */
};

#define IRONBOX_NO_HAS UINT32_MAX

/* The member's own type chooses the kind, so a table cannot disagree with its struct. */
#define IRONBOX_KIND_OF(type, member) \
	_Generic(((type *)0)->member,                   \
		bool: IRONBOX_BOOL,                     \
		int32_t: IRONBOX_INT32,                 \
		uint32_t: IRONBOX_UINT32,               \
		int64_t: IRONBOX_INT64,                 \
		uint64_t: IRONBOX_UINT64,               \
		const char *: IRONBOX_STRING,           \
		const struct ironbox_value *: IRONBOX_VALUE)

/* A field whose absence leaves the member as it was. */
#define IRONBOX_FIELD(type, member, name)                                                        \
	{                                                                                        \
		(name), IRONBOX_KIND_OF(type, member), offsetof(type, member), IRONBOX_NO_HAS, 0 \
	}
/* The same, and the bool member has_MEMBER tells whether it was given. */
#define IRONBOX_FIELD_HAS(type, member, name)                                  \
	{                                                                      \
		(name), IRONBOX_KIND_OF(type, member), offsetof(type, member), \
			offsetof(type, has_##member), 0                        \
	}
#define IRONBOX_FIELD_REQUIRED(type, member, name)                                               \
	{                                                                                        \
		(name), IRONBOX_KIND_OF(type, member), offsetof(type, member), IRONBOX_NO_HAS, 1 \
	}
#define IRONBOX_FIELD_END                               \
	{                                               \
		NULL, IRONBOX_END, 0, IRONBOX_NO_HAS, 0 \
	}

#endif
