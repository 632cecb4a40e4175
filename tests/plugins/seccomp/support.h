/* What the unit suites of seccomp.so share: a host that only tells errors, and short ways. */
#ifndef TEST_SECCOMP_SUPPORT_H
#define TEST_SECCOMP_SUPPORT_H

#include "document.h"
#include "libseccomp.h"
#include "program.h"

/* Ours: to the plugin it is opaque. */
struct ironbox_error {
	char text[1024];
};

extern const struct ironbox_host test_host;

/* A JSON text as a profile, with the document that it points into. */
struct read_profile {
	struct document *document;
	struct profile profile;
};

int read_profile(struct read_profile *read, const char *text, struct ironbox_error *error);
void read_profile_free(struct read_profile *read);

/* The text of profiles/NAME.json; the caller's to free. */
char *profile_text(const char *name);
/* Fails the test if it does not become a program. */
void compile_text(struct program *program, const char *text);

#endif
