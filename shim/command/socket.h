/*
 * The socket on which a shim is called. Its path is what containerd's own tools compute too:
 * FOLDER/sha256(CONTAINERD'S SOCKET/NAMESPACE/ID). Never an abstract name, which every process in
 * the host's network namespace can reach (CVE-2020-15257).
 */
#ifndef IRONBOX_SHIM_SOCKET_H
#define IRONBOX_SHIM_SOCKET_H

#include <stdbool.h>
#include <sys/un.h>

#include "support/error.h"

#define SOCKET_FOLDER "/run/containerd/s"
#define SOCKET_SCHEME "unix://"

struct shim_socket {
	struct sockaddr_un name;
	int fd;       /* listening; -1: `living` */
	bool living;  /* another shim listens there */
	bool claimed; /* the file is ours */
};
#define SHIM_SOCKET_NONE ((struct shim_socket){ .fd = -1 })

/* Only the path, in socket->name. folder NULL: SOCKET_FOLDER. containerd: its address, with or
 * without unix://. */
int socket_name(struct shim_socket *socket, const char *folder, const char *containerd,
                const char *namespace, const char *id, struct ironbox_error *error);

/* Makes the folder where it is missing, and listens there, or finds who does. A socket that nobody
 * listens on is replaced. Two that come at once get one socket. */
int socket_claim(struct shim_socket *socket, struct ironbox_error *error);

/* Removes the file of a socket that nobody listens on. */
int socket_remove_stale(const struct shim_socket *socket, struct ironbox_error *error);

/* Removes what socket_claim has made. */
void socket_release(struct shim_socket *socket);
#define cleanup_shim_socket __attribute__((cleanup(socket_release)))

/* "unix:///run/containerd/s/…" into address, of SOCKET_ADDRESS_SIZE bytes. */
#define SOCKET_ADDRESS_SIZE (sizeof(SOCKET_SCHEME) + sizeof(((struct sockaddr_un *)0)->sun_path))
void socket_address(const struct shim_socket *socket, char *address);
/* And back. -1: it is none of a socket with a path. */
int socket_of_address(struct shim_socket *socket, const char *address);

#endif
