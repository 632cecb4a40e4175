/* The process object as core needs it: what is the process itself and not its isolation. */
#ifndef IRONBOX_OCI_PROCESS_H
#define IRONBOX_OCI_PROCESS_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "oci/spec.h"

struct oci_rlimit {
	int resource;     /* RLIMIT_NOFILE */
	const char *type; /* "RLIMIT_NOFILE" */
	struct rlimit64 limit;
};

/* struct sched_attr of sched_setattr(2), which glibc 2.36 does not have */
struct oci_scheduler {
	bool given;
	uint32_t policy;
	int32_t nice;
	uint32_t priority;
	uint64_t flags;
	uint64_t runtime, deadline, period; /* nanoseconds */
};

struct oci_process {
	bool terminal;
	bool has_console_size;
	uint16_t console_width, console_height;
	uid_t uid;
	gid_t gid;
	bool has_umask;
	mode_t umask;
	gid_t *additional_gids; /* owned */
	size_t additional_gids_count;
	const char **args; /* NULL-terminated, owned array of the spec's strings; never empty */
	size_t args_count;
	const char **env; /* NULL-terminated, owned array; each entry has a '=' (TD5), no name is
	                   * there twice */
	size_t env_count;
	const char *cwd;            /* absolute */
	struct oci_rlimit *rlimits; /* owned */
	size_t rlimits_count;
	bool no_new_privileges;
	bool has_oom_score_adj;
	int32_t oom_score_adj;
	struct oci_scheduler scheduler;
	bool has_io_priority;
	int io_priority;                               /* as ioprio_set(2) takes it */
	bool has_affinity_initial, has_affinity_final; /* execCPUAffinity */
	cpu_set_t affinity_initial, affinity_final;
};

/* Reads the spec's process. All enums, ranges and lists are checked here, with their JSON path;
 * a missing process or empty args is an error. */
int process_read(struct oci_process *process, const struct spec *spec, struct ironbox_error *error);
void process_free(struct oci_process *process);

/* What `exec` can say on its command line instead of a process file; NULL or 0: not said. */
struct process_options {
	const char *const *args; /* NULL-terminated */
	const char *cwd;
	const char *user;                /* "UID" or "UID:GID", numbers only (TD2) */
	const char *const *env;          /* NULL-terminated, added to the container's, or in
	                                  * the place of what it has of that name */
	const char *const *capabilities; /* NULL-terminated: added to bounding, effective, permitted
	                                  * (and to ambient what is inheritable), as runc does */
	const char *const *additional_gids; /* NULL-terminated, numbers */
	const char *apparmor, *process_label;
	bool terminal, no_new_privileges;
};

/* The spec's own process with these options applied takes the place of process in the spec, as
 * `runc exec` does it: args replaced, env added, the rest kept. Checked anew. */
int process_apply_options(struct spec *spec, const struct process_options *options,
                          struct ironbox_error *error);

/* Of a SPEC_PROCESS document: whether it asks for a terminal. */
int process_set_terminal(struct spec *process, bool terminal, struct ironbox_error *error);

#endif
