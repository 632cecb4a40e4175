/*
 * A container without a cgroup of its own, as one without root's rights may be: who is in it then?
 * All that are in its pid namespace, or below. Where it has none of its own either, init is all
 * that is known of it.
 */
#ifndef CGROUP_COMMON_NO_CGROUP_H
#define CGROUP_COMMON_NO_CGROUP_H

#include <ironbox/plugin.h>

/* Is the container to have none? It is what the caller said; or a container without root's rights
 * asks for nothing, neither by its path nor by limits (podman's rootless ones), and is happy. */
bool no_cgroup_is_wanted(const struct ironbox_stage *stage, bool has_limits);

/* What the caller said and what config.json asks for have to go together. */
int no_cgroup_check(const struct ironbox_stage *stage, bool has_limits,
                    struct ironbox_error *error);

/* What to add to the error that none could be made: "", or that an ordinary user needs one that is
 * his. */
const char *no_cgroup_reason(const struct ironbox_stage *stage, int code);

/* Tells each by host->report_process. */
int no_cgroup_processes(struct ironbox_stage *stage, struct ironbox_error *error);

/* Sends a signal to each. One that forks meanwhile may get away, but not from SIGKILL, which init's
 * pid namespace ends by. */
int no_cgroup_signal(struct ironbox_stage *stage, int number, struct ironbox_error *error);

#endif
