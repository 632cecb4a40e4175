/* libsystemd, with the five libraries that it needs: a millisecond, which an exec or a kill, and
 * the delete of a container that has ended, do not pay. */
#ifndef CGROUP_SYSTEMD_LIBSYSTEMD_H
#define CGROUP_SYSTEMD_LIBSYSTEMD_H

#include <systemd/sd-bus.h>

#include <ironbox/plugin.h>

#include "library.h"

/* The functions that bus.c calls, each of the type that its header gives it. */
struct libsystemd {
	void *handle; /* of dlopen(3); first */
	__typeof__(sd_bus_open_system) *open_system;
	__typeof__(sd_bus_open_user) *open_user;
	__typeof__(sd_bus_close_unref) *close_unref;
	__typeof__(sd_bus_match_signal_async) *match_signal;
	__typeof__(sd_bus_call_async) *call;
	__typeof__(sd_bus_process) *process;
	__typeof__(sd_bus_wait) *wait;
	__typeof__(sd_bus_message_new_method_call) *new_call;
	__typeof__(sd_bus_message_unref) *unref_message;
	__typeof__(sd_bus_message_append) *append;
	__typeof__(sd_bus_message_append_array) *append_array;
	__typeof__(sd_bus_message_open_container) *open_container;
	__typeof__(sd_bus_message_close_container) *close_container;
	__typeof__(sd_bus_message_read) *read;
	__typeof__(sd_bus_message_get_error) *get_error;
	bool is_users; /* the systemd to ask is the user's own, and not the system's */
};

int libsystemd_open(struct libsystemd *library, const struct ironbox_stage *stage,
                    struct ironbox_error *error);

#endif
