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
 * NAME where PREFIX is empty; system.slice where SLICE is. Without a cgroupsPath: ironbox-ID. */
int unit_read(const struct ironbox_stage *stage, struct unit *unit, struct ironbox_error *error);

/* Where its cgroup is to be: "/a.slice/a-b.slice/x.scope". -1: longer than a path may be. */
int unit_path(const struct unit *unit, char path[CGROUP_PATH_MAX]);

#endif
