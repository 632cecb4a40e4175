/* The names of systemd's units for a container: a scope, in a slice. */
#ifndef CGROUP_SYSTEMD_UNIT_H
#define CGROUP_SYSTEMD_UNIT_H

#include <ironbox/plugin.h>

#include "path.h"

#define UNIT_NAME_SIZE 256 /* systemd.unit(5): 255 characters */

struct unit {
	char slice[UNIT_NAME_SIZE], scope[UNIT_NAME_SIZE];
};

/* From linux.cgroupsPath, which is SLICE:PREFIX:NAME for systemd's sake: the scope PREFIX-NAME, or
 * NAME where PREFIX is empty; system.slice, or without root's rights user.slice, where SLICE is.
 * Without a cgroupsPath: ironbox-ID. */
int unit_read(const struct ironbox_stage *stage, struct unit *unit, struct ironbox_error *error);

/* Where its cgroup is to be, below that of its systemd: "/a.slice/a-b.slice/x.scope". -1: longer
 * than a path may be. */
int unit_path(const struct unit *unit, const char *base, char path[CGROUP_PATH_MAX]);

/* The cgroup of the user's own systemd, from that of a process which it started:
 * "/user.slice/user-1000.slice/user@1000.service". False: it started none there. */
bool unit_find_base(const char *own, char base[CGROUP_PATH_MAX]);

#endif
