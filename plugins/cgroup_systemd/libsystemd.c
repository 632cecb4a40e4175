#include "libsystemd.h"

#define SYMBOL(member, function) LIBRARY_SYMBOL(struct libsystemd, member, function)

static const struct library_symbol libsystemd_symbols[] = {
	SYMBOL(open_system, sd_bus_open_system),
	SYMBOL(open_user, sd_bus_open_user),
	SYMBOL(close_unref, sd_bus_close_unref),
	SYMBOL(match_signal, sd_bus_match_signal_async),
	SYMBOL(call, sd_bus_call_async),
	SYMBOL(process, sd_bus_process),
	SYMBOL(wait, sd_bus_wait),
	SYMBOL(new_call, sd_bus_message_new_method_call),
	SYMBOL(unref_message, sd_bus_message_unref),
	SYMBOL(append, sd_bus_message_append),
	SYMBOL(append_array, sd_bus_message_append_array),
	SYMBOL(open_container, sd_bus_message_open_container),
	SYMBOL(close_container, sd_bus_message_close_container),
	SYMBOL(read, sd_bus_message_read),
	SYMBOL(get_error, sd_bus_message_get_error),
	{ NULL, 0 },
};

int libsystemd_open(struct libsystemd *library, const struct ironbox_stage *stage,
                    struct ironbox_error *error)
{
	library->is_users = stage->flags & IRONBOX_ROOTLESS;
	/* the soname since systemd 209, with symbols by version */
	return library_open(library, "libsystemd.so.0", libsystemd_symbols, stage->host, error);
}
