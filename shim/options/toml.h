/*
 * The part of TOML that a flat table of options is written in, as encoders write it: lines of
 * `key = value`, whose values are strings of one line, booleans and decimal integers. All else that
 * TOML has (tables, lists, dates, floats, strings of many lines) is refused, with its line.
 */
#ifndef IRONBOX_SHIM_TOML_H
#define IRONBOX_SHIM_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

enum toml_kind { TOML_STRING, TOML_BOOLEAN, TOML_INTEGER };

struct toml_value {
	enum toml_kind kind;
	const char *string; /* until visit returns */
	bool boolean;
	int64_t integer;
};

/* Takes one pair; its error gets the line put in front. */
typedef int toml_visit(void *context, const char *key, const struct toml_value *value,
                       struct ironbox_error *error);

/* Calls visit for each pair, in order. A key that comes twice is visit's to notice. */
int toml_read(const char *text, size_t size, toml_visit *visit, void *context,
              struct ironbox_error *error);

#endif
