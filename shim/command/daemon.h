/* The shim when `start` has forked it: alone with its socket and its log. */
#ifndef IRONBOX_SHIM_DAEMON_H
#define IRONBOX_SHIM_DAEMON_H

#include <stdbool.h>

#include "command/arguments.h"
#include "support/error.h"
#include "task/serve.h"

struct daemon {
	const struct arguments *arguments;
	const char *group;      /* NULL: none */
	const char *containerd; /* its address */
	int log_fd;
	bool debug;
	char **argv;                         /* main's: what `ps` shows */
	char *words;                         /* of daemon_set_name, to be freed */
	const struct ironbox_error *warning; /* for the log, if it is told */
};

/* The log of the bundle in the current folder: the FIFO that containerd reads. It is opened for
 * both directions, so that neither its opening nor, when containerd is gone, a line blocks or
 * kills: what finds it full is lost. /dev/null where there is none. */
int daemon_open_log(struct ironbox_error *error);

/* Writes over the command line of `start`, so that `ps` tells shims apart, as with containerd's
 * own; before the fork, as of then the daemon is to be seen. The arguments point to nothing after
 * it: the settings get copies of namespace and id. */
int daemon_set_name(struct daemon *daemon, struct serve_settings *settings,
                    struct ironbox_error *error);

/* In the child of `start`; ends the process. */
_Noreturn void daemon_run(const struct daemon *daemon, const struct serve_settings *settings);

#endif
