/*
 * What can be done with a container: the calls of both front ends, the command and the shim.
 * Each returns 0, or -1 with the error told. Each takes the container's lock.
 */
#ifndef IRONBOX_LIFECYCLE_LIFECYCLE_H
#define IRONBOX_LIFECYCLE_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <ironbox/plugin.h>

#include "config/config.h"
#include "oci/process.h"
#include "oci/spec.h"
#include "support/error.h"
#include "support/progress.h"

/* What holds for the whole process: the ini, and where containers' states are. */
struct runtime {
	const struct config *config;
	const char *state_root; /* absolute */
	bool rootless;
	bool no_cgroup;      /* containers get none */
	const char *variant; /* the modules for it take the place of others; NULL: none */
	char *progress; /* PROGRESS_SIZE bytes, maybe shared memory, that say in words what is being
	                   done ("rootfs: setup"): progress_read; NULL: not kept */
};

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};
extern const char *const container_status_names[]; /* "creating", … */

/*
 * How the process that a verb makes is tied to who asked. All zero is what the command wants.
 *
 * Whose child is it? The caller's, in all ways (joined namespaces, exec, restore); when the caller
 * ends, that of the nearest reaper above it (PR_SET_CHILD_SUBREAPER). So a reaper that has each
 * verb done by a child of its own gets every process, and none before it has heard of its pid:
 * while the verb is under way, it is the verb that kills and reaps what it takes back.
 */
struct process_ties {
	const int *stdio; /* three fds for its 0, 1, 2, which stay the caller's; NULL: our own */
	int *console_fd;  /* gets the terminal's master, the caller's to close; -1: it has no
	                   * terminal; NULL: nobody wants it */
	pid_t *pid;       /* gets its pid; NULL: nobody wants it. Told before its program runs:
	                   * in shared memory it says, of a caller that was killed, what to kill
	                   * (if it is a child of who reaps: waitid(2)). 0 if the verb failed */
};

struct create_request {
	const char *id;
	const char *bundle;         /* a path; "." if not said */
	const char *console_socket; /* NULL: none */
	const char *pidfd_socket;
	const char *pid_file;
	uint32_t preserve_fds; /* 3 … 3+N-1 go to the container */
	uint32_t listen_fds;   /* the first of these that are sockets for sd_listen_fds(3) */
	bool no_pivot;
	bool no_new_keyring;
	struct process_ties ties;
	/* A snapshot's, as containerd hands them over. Mounted on root.path, within the container's
	 * own mount namespace, where they end with it ([rootfs] host_visible: where everybody sees
	 * them, until delete). */
	const struct ironbox_root_mount *rootfs_mounts;
	size_t rootfs_mount_count;
};

struct run_request {
	struct create_request create;
	bool detach;
	bool keep; /* no delete at the end */
	bool no_subreaper;
};

struct exec_request {
	const char *id;
	const char *process_path; /* a process.json; NULL: the text or the options below */
	const char *process_text; /* the same as a text; NULL: the options below */
	size_t process_size;
	const bool *terminal; /* whether it is to have one, whatever it says; NULL: as it says */
	struct process_options options;
	const char *console_socket, *pidfd_socket, *pid_file;
	const char *cgroup; /* a path below the container's cgroup; NULL: the container's own */
	uint32_t preserve_fds;
	bool detach;
	bool ignore_paused;
	struct process_ties ties;
};

/* What checkpoint and restore tell the stage that does it. */
struct checkpoint_options {
	const char *image_path, *work_path, *parent_path; /* NULL: as the stage has it */
	const char *manage_cgroups_mode, *status_fd, *lsm_profile, *lsm_mount_context;
	const char *const *empty_ns; /* NULL-terminated, or NULL */
	bool leave_running, pre_dump, tcp_established, tcp_skip_in_flight, ext_unix_sk, shell_job,
		file_locks, link_remap, auto_dedup;
};

struct restore_request {
	struct create_request create;
	struct checkpoint_options options;
	bool detach;
	bool no_subreaper;
};

int container_create(const struct runtime *runtime, const struct create_request *request,
                     struct ironbox_error *error);
int container_start(const struct runtime *runtime, const char *id, struct ironbox_error *error);
/* *exit_code: the container's (128+n for a signal); 0 when detached. */
int container_run(const struct runtime *runtime, const struct run_request *request, int *exit_code,
                  struct ironbox_error *error);
int container_exec(const struct runtime *runtime, const struct exec_request *request,
                   int *exit_code, struct ironbox_error *error);
int container_kill(const struct runtime *runtime, const char *id, int signal, bool all,
                   struct ironbox_error *error);
/* force: kills first; an id that is not there is no error then. */
int container_delete(const struct runtime *runtime, const char *id, bool force,
                     struct ironbox_error *error);
int container_pause(const struct runtime *runtime, const char *id, struct ironbox_error *error);
int container_resume(const struct runtime *runtime, const char *id, struct ironbox_error *error);
/* Writes images of the container's processes; unless they are left running they are dead then. */
int container_checkpoint(const struct runtime *runtime, const char *id,
                         const struct checkpoint_options *options, struct ironbox_error *error);
/* A container of a bundle whose processes come from such images. *exit_code as with run. */
int container_restore(const struct runtime *runtime, const struct restore_request *request,
                      int *exit_code, struct ironbox_error *error);
/* resources: a SPEC_RESOURCES document. */
int container_update(const struct runtime *runtime, const char *id, const struct spec *resources,
                     struct ironbox_error *error);

/* What `state` and `list` tell. Strings are owned by it. */
struct container_info {
	char *id, *oci_version, *bundle, *rootfs, *created, *owner;
	enum container_status status;
	pid_t pid;                         /* 0 when stopped */
	struct ironbox_value *annotations; /* owned; an object, or NULL */
};
int container_state(const struct runtime *runtime, const char *id, struct container_info *info,
                    struct ironbox_error *error);
void container_info_free(struct container_info *info);
/* Calls visit for each container, in the order of their ids; one that can't be read is told to the
 * log and passed over. */
int container_list(const struct runtime *runtime,
                   void (*visit)(void *context, const struct container_info *info), void *context,
                   struct ironbox_error *error);

/* *pids is malloc'ed. */
int container_processes(const struct runtime *runtime, const char *id, pid_t **pids, size_t *count,
                        struct ironbox_error *error);

/* The statistics as the JSON object in "data" of `events --stats`; *json is malloc'ed. */
int container_stats(const struct runtime *runtime, const char *id, char **json,
                    struct ironbox_error *error);
/* Calls visit with "stats" and the JSON each interval, and with "oom" and NULL when the container
 * ran out of memory, until it stops or visit returns not 0. */
int container_events(const struct runtime *runtime, const char *id, unsigned interval_ms,
                     int (*visit)(void *context, const char *type, const char *json), void *context,
                     struct ironbox_error *error);

/* An fd that becomes readable (read it empty: it does not block) when the container may have run
 * out of memory, the caller's to close; -1 with *oom_kills 0 where no stage can tell. *oom_kills:
 * how many were killed for it so far, by container_stats' "memory.oomKills". */
int container_watch_memory(const struct runtime *runtime, const char *id, int *fd,
                           uint64_t *oom_kills, struct ironbox_error *error);
/* The same count later, also of a container whose init is dead: 1, or 0 when its cgroup is gone,
 * and the count with it. */
int container_oom_kills(const struct runtime *runtime, const char *id, uint64_t *oom_kills,
                        struct ironbox_error *error);

/*
 * A container that is held open, so that an exec reads no file and loads no plugin again: config
 * and ini are parsed, the modules are loaded. For a process that waits for execs into this one
 * container, and forks for each: the fork calls container_exec_in once, and ends (its child, the
 * process, is the nearest reaper's then). Opening sets all signals to their defaults and unblocks
 * them, once for all that is made: what the caller ignores after that is ignored in there too.
 * *runtime has to live as long; a fork may set runtime->progress to a memory of its own.
 */
struct exec_place;
struct exec_place *container_exec_open(const struct runtime *runtime, const char *id,
                                       struct ironbox_error *error);
/* The id is the place's. Detached alone. Fails with code ESTALE when the container's record has
 * changed: then nothing was begun, and another place is to be opened. */
int container_exec_in(struct exec_place *place, const struct exec_request *request,
                      struct ironbox_error *error);
void container_exec_close(struct exec_place *place);

/* `ironbox plugins`: one stage as the ini has it. */
struct stage_info {
	const char *name;   /* of the stage */
	const char *module; /* seccomp.so; for `auto` the one that this node gets */
	const char *path;
	const char *version; /* "" when it could not be loaded */
	unsigned abi_major, abi_minor;
	bool enabled;
	const char *wakes_on;     /* the manifest's line; "" means always */
	const char *verbs;        /* likewise; "" means all */
	const char *problem;      /* why it could not be loaded, or NULL */
	const char *const *lacks; /* NULL-terminated */
};
int pipeline_list(const struct runtime *runtime,
                  void (*visit)(void *context, const struct stage_info *info), void *context,
                  struct ironbox_error *error);

#endif
