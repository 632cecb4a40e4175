/* The rows of the options in front of the verb. */
#include "cli/globals.h"

const struct global_options global_defaults = {
	.log_format = "text",
	.rootless = "auto",
	.cgroup_manager = "cgroupfs",
};

const struct option_row global_rows[] = {
	OPTION(struct global_options, root, "root", 0, "DIR",
	       "where containers' states are kept (default: /run/ironbox)"),
	OPTION(struct global_options, config, "config", 0, "FILE",
	       "read this ironbox.ini, not the node's"),
	OPTION(struct global_options, log, "log", 0, "FILE", "write the log to this file"),
	OPTION(struct global_options, log_format, "log-format", 0, "FORMAT",
	       "of log lines: text or json"),
	OPTION(struct global_options, debug, "debug", 0, NULL, "log more"),
	OPTION(struct global_options, rootless, "rootless", 0, "WHEN",
	       "go without the host's root rights: true, false or auto"),
	OPTION(struct global_options, cgroup_manager, "cgroup-manager", 0, "MANAGER",
	       "cgroupfs (the default), systemd, or disabled: containers get no cgroup"),
	OPTION(struct global_options, systemd_cgroup, "systemd-cgroup", 0, NULL,
	       "have systemd make cgroups: --cgroup-manager systemd"),
	{ .name = "criu",
	  .kind = OPTION_STRING,
	  .metavar = "FILE",
	  .help = "(not there)",
	  .refused = "is said by [criu] path in ironbox.ini",
	  .hidden = true },
	OPTION(struct global_options, version, "version", 'v', NULL, "print the version"),
	OPTION_ROWS_END,
};
