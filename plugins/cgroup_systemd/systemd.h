/* What the files of this module share. */
#ifndef CGROUP_SYSTEMD_SYSTEMD_H
#define CGROUP_SYSTEMD_SYSTEMD_H

#include "internal.h"
#include "unit.h"

#define SYSTEMD_BOOTED "/run/systemd/system" /* sd_booted(3) */

/* ironbox_stage.data */
struct systemd_data {
	struct cgroup_data cgroup; /* first: the functions of cgroup_v2 see nothing else */
	struct unit unit;
	pid_t holder;
	uint64_t pids_max; /* what pids.max is to be when the holder is gone; 0: it is so */
};

/* A key of host->remember beside those of cgroup_v2: the scope's name, before it is asked for; ""
 * if systemd said no. KEY_PATH follows when it stands. */
#define KEY_UNIT "unit"

/* create.c; update.c; teardown.c */
ironbox_phase systemd_validate, systemd_prepare, systemd_attach, systemd_settle;
int systemd_update(struct ironbox_stage *stage, const struct ironbox_value *resources,
                   struct ironbox_error *error);
ironbox_phase systemd_teardown, systemd_probe;

#endif
