/* What the process sets up for itself before a verb runs. */
#ifndef IRONBOX_CLI_STARTUP_H
#define IRONBOX_CLI_STARTUP_H

#include "cli/globals.h"
#include "config/config.h"
#include "lifecycle/lifecycle.h"
#include "support/error.h"

/* Refuses to run with rights that the caller does not have: as a setuid program. */
int startup_check_rights(struct ironbox_error *error);

/* Umask and fds: 3 to 3+preserved-1 are the caller's and must be open, all beyond are closed by
 * execve(2). Before anything of ours is opened. (core/launch has seen to 0, 1 and 2.) */
int startup_fds(uint64_t preserved, struct ironbox_error *error);

/* process_log, by --log, --log-format and --debug. */
int startup_log(const struct global_options *globals, struct ironbox_error *error);

/* What runtime's pointers point to. */
struct startup {
	struct config config;
	struct runtime runtime;
	char *state_root; /* owned */
};

/* ironbox.ini, the state root and whether we are rootless. */
int startup_runtime(struct startup *startup, const struct global_options *globals,
                    struct ironbox_error *error);
void startup_free(struct startup *startup);
#define cleanup_startup __attribute__((cleanup(startup_free)))

#endif
