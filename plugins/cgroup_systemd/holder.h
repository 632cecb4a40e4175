/*
 * A scope comes with a process in it, and ends with its last one. Init is to be born in it, so
 * there has to be another one before: a child of ours, which asks systemd to make the scope of
 * itself, and holds it until init is there.
 */
#ifndef CGROUP_SYSTEMD_HOLDER_H
#define CGROUP_SYSTEMD_HOLDER_H

#include <sys/types.h>

#include "bus.h"

/* Makes the scope, by a child that is in it then: *pid, to be ended by holder_end; 0 if it failed.
 */
void holder_begin(const struct libsystemd *library, const struct unit *unit,
                  const char *description, const struct properties *properties, pid_t *pid,
                  struct bus_result *result);
/* Ends and reaps it, if there is one. */
void holder_end(pid_t *pid);

#endif
