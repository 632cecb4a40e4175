/* Handing an fd to who listens on a unix socket: --console-socket, --pidfd-socket. */
#ifndef IRONBOX_LIFECYCLE_SEND_FD_H
#define IRONBOX_LIFECYCLE_SEND_FD_H

#include "support/error.h"

/* Connects to the socket and sends one fd with a name, as runc's callers expect it. */
int send_fd(const char *socket_path, int fd, const char *name, struct ironbox_error *error);

#endif
