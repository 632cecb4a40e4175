/* What systemd is asked for on the system's D-Bus, or a user's own on his:
 * org.freedesktop.systemd1(5). Each call opens a connection of its own, and ends by its deadline,
 * whoever does not answer. */
#ifndef CGROUP_SYSTEMD_BUS_H
#define CGROUP_SYSTEMD_BUS_H

#include "libsystemd.h"
#include "properties.h"
#include "unit.h"

/* How it went, as bytes that can cross a socket. */
struct bus_result {
	enum {
		BUS_DONE,
		BUS_FAILED,
		BUS_REFUSED, /* failed, and nothing came of it */
		BUS_UNKNOWN, /* there is no such unit */
	} status;
	int code; /* errno's, where words does not say it all; else 0 */
	char words[384];
};

/* Makes the scope, with the calling process in it, and waits until it stands. */
void bus_start_scope(const struct libsystemd *library, const struct unit *unit,
                     const char *description, const struct properties *properties,
                     unsigned deadline_ms, struct bus_result *result);

/* By its return they are in the files of the cgroup. */
void bus_set_properties(const struct libsystemd *library, const char *scope,
                        const struct properties *properties, unsigned deadline_ms,
                        struct bus_result *result);

/* Stops it, and waits until it has stopped. */
void bus_stop_unit(const struct libsystemd *library, const char *scope, unsigned deadline_ms,
                   struct bus_result *result);

/* The error of a result: "start web1.scope: …". Returns -1 always. */
int bus_fail(const struct ironbox_stage *stage, const struct bus_result *result, const char *what,
             const char *scope, struct ironbox_error *error);

#endif
