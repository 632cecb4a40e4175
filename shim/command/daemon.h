/* The shim when `start` has forked it: alone with its socket and its log. */
#ifndef IRONBOX_SHIM_DAEMON_H
#define IRONBOX_SHIM_DAEMON_H

#include <stdbool.h>

#include "command/arguments.h"
#include "support/error.h"

struct daemon {
	const struct arguments *arguments;
	const char *group; /* NULL: none */
	const char *containerd, *ttrpc_address;
	const char *socket_path;
	int listen_fd, log_fd;
	bool debug;
	char **argv;                         /* main's: what `ps` shows */
	const struct ironbox_error *warning; /* for the log, if it is told */
};

/* The log of the bundle in the current folder: the FIFO that containerd reads. It is opened for
 * both directions, so that neither its opening nor, when containerd is gone, a line blocks or
 * kills: what finds it full is lost. /dev/null where there is none. */
int daemon_open_log(struct ironbox_error *error);

/* In the child of `start`; ends the process. */
_Noreturn void daemon_run(const struct daemon *daemon);

#endif
