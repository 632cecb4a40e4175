/* internal.h: what the files of the network stage share. */
#ifndef NETWORK_INTERNAL_H
#define NETWORK_INTERNAL_H

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

/* ironbox_stage.data: only for linux.netDevices */
struct network {
	bool ready;  /* the fds mean something */
	int host_fd; /* a netlink socket of the runtime's own network namespace */
	int host_namespace_fd;
	int inner_fd; /* the same for the container's */
	int inner_namespace_fd;
};

/* ---- devices.c: the way in ---- */

bool devices_asked(const struct ironbox_stage *stage);
int devices_validate(const struct ironbox_stage *stage, struct ironbox_error *error);
int devices_move(struct ironbox_stage *stage, struct ironbox_error *error);

/* ---- give_back.c: the way back ---- */

int devices_give_back(struct ironbox_stage *stage, struct ironbox_error *error);

/* ---- reach.c: the two network namespaces ---- */

/* Opens the host's side, once. */
int host_open(const struct ironbox_stage *stage, struct ironbox_error *error);
/* Opens the container's side by a namespace's fd, or by the pidfd of a process in it (Linux 5.8).
 * -1 with errno. */
int inner_open(struct network *network, int fd);
/* Are both sides the same? Then there is nothing to move. */
bool inner_is_host(const struct network *network);
void network_close(struct network *network);

#endif
