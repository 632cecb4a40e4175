/*
 * What the shim keeps in a container's bundle, as ironbox.json, for the action `delete`: that one
 * comes in a process of its own, after the shim was killed maybe, and is told a bundle and no more.
 * Written whole before the container is made, and again when it has ended.
 */
#ifndef IRONBOX_SHIM_BUNDLE_H
#define IRONBOX_SHIM_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "support/error.h"

#define BUNDLE_RECORD_FILE "ironbox.json"

struct bundle_record {
	char *config_path; /* the ini that its options name, or NULL; owned, like all texts */
	char *state_root;
	pid_t pid; /* of init; 0: not made yet */
	bool exited;
	uint32_t exit_status;
	struct timespec exited_at;
};

int bundle_record_write(int bundle_fd, const struct bundle_record *record,
                        struct ironbox_error *error);
/* -1 with code ENOENT: there is none. */
int bundle_record_read(int bundle_fd, struct bundle_record *record, struct ironbox_error *error);
void bundle_record_free(struct bundle_record *record);
#define cleanup_bundle_record __attribute__((cleanup(bundle_record_free)))

/* The state root of a namespace's containers: root, or /run/containerd/ironbox, and the
 * namespace. malloc'ed. */
char *bundle_state_root(const char *root, const char *namespace);

#endif
