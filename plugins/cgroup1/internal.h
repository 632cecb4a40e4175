/* What the files of this module share. */
#ifndef CGROUP1_INTERNAL_H
#define CGROUP1_INTERNAL_H

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

#include <resources.h>

#include "hierarchies.h"

#define DEADLINE_MS 10000 /* for the freezer, and for the last process to leave */

struct settings {
	const char *missing_controller; /* "refuse" or "warn" */
};

/* ironbox_stage.data */
struct cgroup1 {
	struct settings settings;
	struct cgroup_resources resources;
	struct hierarchies hierarchies;
};

/* Whether a limit that this host cannot give is no more than worth a warning. */
bool settings_only_warn(const struct ironbox_stage *stage);

/* ---- limits.c, block_io.c: linux.resources and the files of v1 ---- */

/* Each field that is asked for has its controller among these (V1_BIT), or it is refused. */
int limits_check(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                 uint32_t controllers, struct ironbox_error *error);

/* Tells that this host cannot do `field`: 0 where a warning is enough, or -1. */
int limits_lack(const struct ironbox_stage *stage, const char *controller, const char *field,
                const char *file, struct ironbox_error *error);

int limits_write(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                 enum resources_use use, struct hierarchies *all, struct ironbox_error *error);

/* A line of a file that holds one line for each device, page size or interface. */
struct list_line {
	enum controller controller;
	const char *field;
	const char *file, *other_file; /* the second where there is no first; may be NULL */
	const char *text;
};
/* 0, or -1 with errno. */
int limits_write_line(const struct ironbox_stage *stage, struct hierarchies *all,
                      const struct list_line *line, struct ironbox_error *error);

/* The lists of linux.resources: blockIO's devices, hugepageLimits, rdma, network.priorities. */
int lists_write(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                struct hierarchies *all, struct ironbox_error *error);

/* ---- cpuset.c ---- */

/* A new cpuset has neither CPUs nor memory, and no process may enter it: it gets its parent's. Of
 * one that is not new only what it lacks. */
int cpuset_inherit(const struct ironbox_stage *stage, int directory_fd, bool is_new,
                   struct ironbox_error *error);

/* ---- devices.c ---- */
int devices_write(const struct ironbox_stage *stage, const struct ironbox_value *devices,
                  struct hierarchies *all, struct ironbox_error *error);

/* ---- members.c: the container's cgroups and who is in them ---- */

/* Makes the cgroup in each hierarchy; the record says so before. */
int members_make(struct ironbox_stage *stage, struct hierarchies *all, struct ironbox_error *error);

/* Opens what members_enter writes to, and has init, or the joiner, be born in the v2 tree. */
int members_open(struct ironbox_stage *stage, struct hierarchies *all, struct ironbox_error *error);

/* This process enters all of v1; in the v2 tree it was born, as a rule. */
int members_enter(const struct ironbox_stage *stage, struct hierarchies *all,
                  struct ironbox_error *error);

/* Removes what members_make made; kills who is in the way. Goes on to the last; tells the first
 * error. */
int members_remove(const struct ironbox_stage *stage, struct hierarchies *all,
                   struct ironbox_error *error);

/* An fd of the cgroup that has all processes in it or below, borrowed from *all; -1 with errno. */
int members_directory(struct hierarchies *all);

/* ---- freezer.c ---- */
int freezer_freeze(const struct ironbox_stage *stage, struct hierarchies *all,
                   struct ironbox_error *error);
int freezer_thaw(const struct ironbox_stage *stage, struct hierarchies *all,
                 struct ironbox_error *error);
/* One that was there before, by whichever freezer it has: who enters must not stand still. */
int freezer_thaw_one(const struct ironbox_stage *stage, const struct hierarchy *hierarchy,
                     struct ironbox_error *error);
/* 1, 0 or -1. */
int freezer_is_frozen(const struct ironbox_stage *stage, struct hierarchies *all,
                      struct ironbox_error *error);
/* To each process, so that none escapes by a fork(2). */
int freezer_signal(const struct ironbox_stage *stage, struct hierarchies *all, int number,
                   struct ironbox_error *error);

/* ---- stats.c ---- */
int stats_report(struct ironbox_stage *stage, struct hierarchies *all);

#endif
