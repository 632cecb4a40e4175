/* The shim as a daemon: what `start` has made, served until Shutdown. */
#ifndef IRONBOX_SHIM_SERVE_H
#define IRONBOX_SHIM_SERVE_H

#include <stdbool.h>

#include "support/error.h"

struct serve_settings {
	const char *namespace;
	const char *id;            /* of the container, or group, that the socket is named after */
	const char *ttrpc_address; /* containerd's, for events */
	const char *socket_path;   /* ours, removed by shim_serve, whatever comes of it */
	int listen_fd;
	bool debug;
};

/* In the daemon, whose stderr is the log of the bundle. 0: it was shut down. */
int shim_serve(const struct serve_settings *settings, struct ironbox_error *error);

#endif
