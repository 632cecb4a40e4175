/* A profile: the object linux.seccomp of the spec, read and checked word by word. */
#ifndef SECCOMP_PROFILE_H
#define SECCOMP_PROFILE_H

#include <linux/seccomp.h>
#include <seccomp.h> /* struct scmp_arg_cmp, SCMP_ARCH_*; no function of it is linked */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ironbox/plugin.h>

#include "source.h"

/* linux.seccomp.syscalls[]: what these calls answer if all of these conditions hold. */
struct rule {
	uint32_t action; /* SECCOMP_RET_*, with its errno in the lower half */
	const char **names;
	size_t names_count;
	struct scmp_arg_cmp *conditions;
	size_t conditions_count;
};

#define ARCHITECTURES_MAX 32

struct profile {
	const char *where; /* of errors: "config.json: linux.seccomp", or the default's path */
	uint32_t default_action;
	uint32_t architectures[ARCHITECTURES_MAX]; /* SCMP_ARCH_* */
	size_t architectures_count;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* as seccomp(2) takes them */
	bool notifies;  /* an action is SCMP_ACT_NOTIFY */
	const char *listener_path, *listener_metadata; /* NULL: not given */
	struct rule *rules;                            /* owned, as the two arrays below */
	size_t rules_count;
	const char **names; /* what the rules' names point into; the texts are the document's */
	struct scmp_arg_cmp *conditions;
};

/* Unknown words and what contradicts itself are errors that name the JSON path. */
int profile_read(struct profile *profile, const struct source *source, struct ironbox_error *error);
/* All that it owns: what is left is what loading the program takes. Twice is once. */
void profile_free_rules(struct profile *profile);

/* Whether `action` lets more pass than `than`. By class: errnos are all alike. */
static inline bool is_more_permissive(uint32_t action, uint32_t than)
{
	/* linux/seccomp.h: ordered "from least permissive values to most, as a signed value" */
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL) >
	       (int32_t)(than & SECCOMP_RET_ACTION_FULL);
}

#endif
