/* link.h: network devices and their addresses, of the namespace that a netlink socket is of. */
#ifndef NETWORK_LINK_H
#define NETWORK_LINK_H

#include <linux/if_addr.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HARDWARE_ADDRESS_MAX = 32, ADDRESSES_MAX = 64 };

struct link {
	int index;
	bool up, loopback;
	bool is_virtual; /* ends with its namespace; others go back to the first one */
	char name[IFNAMSIZ];
	uint8_t hardware[HARDWARE_ADDRESS_MAX]; /* the one it was born with, if it tells */
	size_t hardware_size;
};

struct address {
	uint8_t family, prefix;
	uint8_t local[16], peer[16], broadcast[16];
	bool has_peer, has_broadcast;
	uint32_t flags;  /* those of IFA_F_* that are a wish, and no state */
	uint32_t metric; /* of the route that comes with it; 0: the kernel's */
};

/* All return 0, or -1 with errno: ENODEV where there is no such link. */
int link_find(int netlink_fd, const char *name, struct link *link);
/* Is it the same device, as far as it shows in another place? Of the same kind, and with the same
 * hardware address. */
bool link_is_alike(const struct link *first, const struct link *second);
int link_find_alike(int netlink_fd, const struct link *alike, struct link *link);
int link_set_up(int netlink_fd, int index, bool up);
int link_rename(int netlink_fd, int index, const char *name);
/* Puts it into another network namespace, and names it there. It is down and without addresses
 * then, and its index may be another one. */
int link_move(int netlink_fd, int index, int namespace_fd, const char *name);

/* The permanent addresses of global scope, in their order. */
int addresses_read(int netlink_fd, int index, struct address addresses[ADDRESSES_MAX],
                   size_t *count);
/* That the address is there already is no failure. */
int address_add(int netlink_fd, int index, const struct address *address);

#endif
