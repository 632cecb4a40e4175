/*
 * The options that come with Create (and with start, on stdin): containerd.runc.v1.Options, as CRI
 * and clients written for runc send it, and runtimeoptions.v1.Options, as ctr and CRI send it for
 * any other runtime. What either has no word for keeps its default.
 */
#ifndef IRONBOX_SHIM_OPTIONS_H
#define IRONBOX_SHIM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/error.h"

struct task_options {
	char *config_path; /* an ini of its own; NULL: the node's. Texts are owned */
	char *root;        /* a state root of its own */
	char *shim_cgroup; /* where the shim itself is to live */
	char *criu_image_path, *criu_work_path;
	bool systemd_cgroup, no_pivot, no_new_keyring;
	uid_t io_uid; /* who is to own the pipes of stdio */
	gid_t io_gid;
};

/* Of a google.protobuf.Any. "" as type_url, and types that are not known: all defaults. */
int task_options_read(struct task_options *options, const char *type_url, const uint8_t *value,
                      size_t size, struct ironbox_error *error);
void task_options_free(struct task_options *options);

#endif
