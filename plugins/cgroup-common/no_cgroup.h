/*
 * A container without a cgroup of its own, as one without root's rights may be: who is in it then?
 * All that are in its pid namespace, or below. Where it has none of its own either, init is all
 * that is known of it.
 */
#ifndef CGROUP_COMMON_NO_CGROUP_H
#define CGROUP_COMMON_NO_CGROUP_H

#include <ironbox/plugin.h>

/* What to add to the error that none could be made: "", or that an ordinary user needs one that is
 * his. */
const char *no_cgroup_reason(const struct ironbox_stage *stage, int code);

/* Tells each by host->report_process. */
int no_cgroup_processes(struct ironbox_stage *stage, struct ironbox_error *error);

/* Sends a signal to each. One that forks meanwhile may get away, but not from SIGKILL, which init's
 * pid namespace ends by. */
int no_cgroup_signal(struct ironbox_stage *stage, int number, struct ironbox_error *error);

#endif
