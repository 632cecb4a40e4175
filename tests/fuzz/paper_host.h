/* An engine of paper: the services that a stage's parsers call, on one document and some texts. */
#ifndef FUZZ_PAPER_HOST_H
#define FUZZ_PAPER_HOST_H

#include <ironbox/plugin.h>

#include "oci/spec.h"
#include "support/error.h"

struct paper_host {
	struct ironbox_stage stage; /* what the stage sees: first */
	struct spec spec;
	struct ironbox_error error;
	uint64_t new_namespaces; /* CLONE_NEW* */
	/* Answers, or NULL: there is none. What they return is the target's. */
	const char *(*fact)(const struct paper_host *paper, const char *path);
	const char *(*recall)(const struct paper_host *paper, const char *key);
	void (*remember)(struct paper_host *paper, const char *key, const char *value);
	void (*report)(struct paper_host *paper, const char *name, uint64_t value);
	void *context; /* the target's own */
};

/* With data as the stage's own; the functions and the spec are filled in afterwards. */
void paper_host_begin(struct paper_host *paper, void *data);
/* False: the document is refused. */
bool paper_host_parse(struct paper_host *paper, enum spec_kind kind, const char *text, size_t size);
void paper_host_end(struct paper_host *paper);

/* An error that was returned has words, one line of them. */
void paper_host_check_error(const struct ironbox_error *error);

#endif
