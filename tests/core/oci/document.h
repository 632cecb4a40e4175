/* What the suites share: documents from texts, and tables of texts with their errors. */
#ifndef IRONBOX_TESTS_OCI_DOCUMENT_H
#define IRONBOX_TESTS_OCI_DOCUMENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* which needs the first four, but does not include them */

#include "oci/spec.h"

/* A config.json with these members besides what every one has to have. */
#define CONFIG(members) "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}" members "}"
/* The same with a process of these members. */
#define PROCESS(members) CONFIG(", \"process\": {\"cwd\": \"/\", \"args\": [\"true\"]" members "}")

/* Parses a text that has to be right. */
static inline struct spec document(enum spec_kind kind, const char *text)
{
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	if (spec_parse(&spec, kind, "config.json", text, strlen(text), &error) < 0)
		fail_msg("%s: %s", text, error_text(&error));
	return spec;
}

/* A text that has to be wrong, and what is said about it. */
struct bad_text {
	enum spec_kind kind;
	const char *name, *text, *error;
};

static inline void text_is_refused(void **state)
{
	const struct bad_text *bad = *state;
	const char *file = bad->kind == SPEC_CONFIG ? "config.json" : "process.json";
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	assert_int_equal(spec_parse(&spec, bad->kind, file, bad->text, strlen(bad->text), &error),
	                 -1);
	assert_string_equal(error_text(&error), bad->error);
	assert_null(spec.root);
	assert_null(spec.text);
}

/* Makes a test of each row, so that the row's name is seen when it fails. */
static inline struct CMUnitTest *tests_of_texts(const struct bad_text *rows, size_t count)
{
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));

	assert_non_null(tests);
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			                        .test_func = text_is_refused,
			                        .initial_state = (void *)(uintptr_t)&rows[i] };
	return tests;
}

#endif
