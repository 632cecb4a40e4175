/* In which cgroups restored processes stand: what a restorer made of its images nobody believes. */
#ifndef CGROUP_COMMON_RESTORED_H
#define CGROUP_COMMON_RESTORED_H

#include <ironbox/plugin.h>

/* The container's cgroup in one hierarchy: "" for v2, or one of the hierarchy's controllers; and
 * its path, as proc(5) shows it. */
struct cgroup_place {
	const char *controller, *path;
};

/* Refuses if a thread of init, or of a process that it and they have made, is neither in these nor
 * below. All have to stand still. 0 or -1. */
int cgroup_verify_restored(const struct ironbox_stage *stage, const struct cgroup_place *places,
                           size_t count, struct ironbox_error *error);

#endif
