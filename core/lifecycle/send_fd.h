/* Handing an fd to who listens on a unix socket: --console-socket, --pidfd-socket. */
#ifndef IRONBOX_LIFECYCLE_SEND_FD_H
#define IRONBOX_LIFECYCLE_SEND_FD_H

#include "support/channel.h"
#include "support/error.h"

/* Connects to the socket and sends one fd with a name, as runc's callers expect it. */
int send_fd(const char *socket_path, int fd, const char *name, struct ironbox_error *error);

/* Takes the terminal's master that init has sent, and sends it on. */
int send_console(struct channel *channel, const char *socket_path, struct ironbox_error *error);

#endif
