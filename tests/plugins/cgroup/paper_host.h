/* An engine of paper: the host's services on one JSON document, for unit tests of the stage. */
#ifndef TESTS_CGROUP_PAPER_HOST_H
#define TESTS_CGROUP_PAPER_HOST_H

#include <ironbox/plugin.h>

#include "oci/spec.h"
#include "support/error.h"

struct paper_host {
	struct ironbox_stage stage; /* what the code under test sees: first */
	struct spec spec;
	struct ironbox_error error;
	char logged[2048];
};

/* json: a linux.resources object (SPEC_RESOURCES) or a whole config. Fails the test if it is bad.
 */
void paper_host_begin(struct paper_host *paper, enum spec_kind kind, const char *json, void *data);
void paper_host_end(struct paper_host *paper);

#endif
