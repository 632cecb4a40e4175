/* The options in front of the verb. */
#ifndef IRONBOX_CLI_GLOBALS_H
#define IRONBOX_CLI_GLOBALS_H

#include "cli/options.h"

struct global_options {
	const char *root, *config, *log, *log_format, *rootless, *cgroup_manager;
	bool systemd_cgroup, debug, version;
};

extern const struct option_row global_rows[];
extern const struct global_options global_defaults;

/* How the process ends when no verb says otherwise; runc's numbers. */
enum {
	STATUS_FAILED = 1,
	STATUS_UNKNOWN_COMMAND = 3,
	STATUS_REFUSED = 125, /* with rights that are not the caller's own */
};

#endif
