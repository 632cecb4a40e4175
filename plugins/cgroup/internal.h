/* What the files of this module share: one stage for containers on cgroup v2. */
#ifndef CGROUP_INTERNAL_H
#define CGROUP_INTERNAL_H

#include <ironbox/plugin.h>

#include "path.h"
#include "resources.h"

#define MOUNT       "/sys/fs/cgroup"
#define DEADLINE_MS 10000u /* to freeze, to die, to be removed */

/* ironbox_stage.data */
struct cgroup_data {
	const char *missing_controller; /* of the ini: "refuse" or "warn" */
	uint32_t left_out;              /* CONTROLLER_BITs that are missing and only warned about */
	struct cgroup_resources resources;
	bool was_found; /* the cgroup was there before */
	bool is_open;   /* cgroup_fd is one, from prepare or join_prepare to settle */
	bool must_move; /* exec: cgroup_fd is one of cgroup.procs, which the joiner writes to */
	int cgroup_fd;
};

/* The keys of host->remember. */
#define KEY_PATH                                                                         \
	"path" /* of the container's cgroup, "" if it was made by someone else after all \
	        */
#define KEY_FOUND "found" /* "yes": it was there before, so it stays when the container goes */

/* validate.c: a limit that this host can't give is refused, or told to the log and left out, as
 * [cgroup] missing_controller says. -1 or 0. */
int cgroup_miss(const struct ironbox_stage *stage, struct ironbox_error *error, const char *format,
                ...) __attribute__((format(printf, 3, 4)));
int cgroup_check_resources(const struct ironbox_stage *stage,
                           const struct cgroup_resources *resources, struct ironbox_error *error);
/* The CONTROLLER_BITs that are asked for and that this host does not have: 0, or -1. */
int cgroup_check_controllers(struct ironbox_stage *stage, const struct cgroup_resources *resources,
                             uint32_t *missing, struct ironbox_error *error);
/* A rootless container that asks for nothing gets no cgroup, and is happy (podman). */
bool cgroup_is_unwanted(const struct ironbox_stage *stage);
ironbox_phase cgroup_configure, cgroup_validate;

/* create.c */
ironbox_phase cgroup_prepare;
/* fill.c: limits, owner and, by birth, init of the cgroup that data->cgroup_fd is: the end of
 * prepare. Device rules follow in attach. */
int cgroup_fill(struct ironbox_stage *stage, struct ironbox_error *error);
ironbox_phase cgroup_attach, cgroup_settle;
bool cgroup_needs_attach(const struct ironbox_stage *stage);
/* Declare the container's cgroup: to be stopped by, and to be restored in. */
ironbox_phase cgroup_checkpoint, cgroup_restore;
/* All that was restored is in it. */
ironbox_phase cgroup_verify;
/* delegate.c: hands the cgroup to the container's user where the spec says so. */
int cgroup_delegate(struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error);

/* recorded.c: an O_PATH fd of the mount, which is v2 for sure. */
int cgroup_open_mount(const struct ironbox_stage *stage, struct ironbox_error *error);
/* The path of a process's cgroup now; "" if it lies outside of our cgroup namespace. */
int cgroup_read_path(const struct ironbox_stage *stage, pid_t pid, char path[CGROUP_PATH_MAX],
                     struct ironbox_error *error);
/* The path that create remembered, checked again: its record is only a file. NULL without *told:
 * the container has no cgroup. */
const char *cgroup_recorded_path(const struct ironbox_stage *stage, bool *told,
                                 struct ironbox_error *error);
/* Its cgroup: 1 with *fd, 0 where there is none (any more), -1. */
int cgroup_open_recorded(const struct ironbox_stage *stage, int *fd, struct ironbox_error *error);

/* subtree.c: gives the children of `path`'s parent the controllers `required`, else fails; and of
 * `wanted` what can be had. parent_fd is that parent. */
struct subtree_request {
	int mount_fd, parent_fd;
	const char *path;
	const struct cgroup_resources *resources;
	uint32_t required, wanted;
};
int subtree_enable(const struct ironbox_stage *stage, const struct subtree_request *request,
                   struct ironbox_error *error);
/* The same for a cgroup that stands: what *resources need, and nothing else. */
int cgroup_enable_controllers(const struct ironbox_stage *stage, const char *path,
                              const struct cgroup_resources *resources, uint32_t left_out,
                              struct ironbox_error *error);

/* limits.c: writes all that *resources have, without the controllers in left_out. */
struct limits {
	const struct ironbox_stage *stage;
	int cgroup_fd;
	const struct cgroup_resources *resources;
	enum resources_use use;
	uint32_t left_out;
	/* What is to be told of each file and value, instead of writing it; or NULL. */
	void (*tell)(void *context, const char *file, const char *value);
	void *context;
};
int limits_write(const struct limits *limits, struct ironbox_error *error);
/* cgroup_write for one file of it. */
int limit_put(const struct limits *limits, const char *file, const char *value, const char *field,
              struct ironbox_error *error);
/* The same; a file that this kernel does not have is a case for cgroup_miss. */
int limit_write(const struct limits *limits, const char *file, const char *value, const char *field,
                struct ironbox_error *error);
int limit_write_number(const struct limits *limits, const char *file, int64_t value,
                       const char *field, struct ironbox_error *error);
/* io.c: the blockIO part. */
int limits_write_io(const struct limits *limits, struct ironbox_error *error);

/* convert.c */
uint64_t convert_shares(uint64_t shares);          /* cpu.shares 2..262144 to cpu.weight 1..10000 */
uint64_t convert_block_io_weight(uint32_t weight); /* 10..1000 to io.weight 1..10000 */
/* Swap is memory and swap together in the spec, swap alone in v2. -1 is no limit, on both sides.
 * False: no such swap limit with this memory limit. */
bool convert_swap(int64_t memory, int64_t memory_and_swap, int64_t *swap);

/* events.c: waits until `key` of cgroup.events is `value`. 0, or -1 with errno; ETIMEDOUT. */
int events_await(int cgroup_fd, const char *key, uint64_t value, unsigned deadline_ms);

/* join.c, control.c, update.c, stats.c, teardown.c */
ironbox_phase cgroup_join_prepare, cgroup_join;
ironbox_phase cgroup_pause, cgroup_resume, cgroup_processes, cgroup_stats, cgroup_teardown;
ironbox_phase cgroup_probe;
int cgroup_signal(struct ironbox_stage *stage, int number, struct ironbox_error *error);
int cgroup_paused(struct ironbox_stage *stage, struct ironbox_error *error);
int cgroup_update(struct ironbox_stage *stage, const struct ironbox_value *resources,
                  struct ironbox_error *error);
/* The first half of it: *limits are those of `value`, checked, and ready to be written; *fd, the
 * caller's to close, is the container's cgroup. */
int cgroup_update_open(struct ironbox_stage *stage, const struct ironbox_value *value,
                       struct limits *limits, struct cgroup_resources *resources, int *fd,
                       struct ironbox_error *error);
int cgroup_watch(struct ironbox_stage *stage, struct ironbox_error *error);

#endif
