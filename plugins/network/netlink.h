/*
 * netlink.h: requests to rtnetlink(7), one at a time, and the kernel's answer.
 *
 * By hand and not by libmnl: what we need of it is these few functions, and opening one more
 * library takes longer than all that this stage does in the usual container (measured: 145 us and
 * more, against 50 to 100 us for bringing lo up).
 */
#ifndef NETWORK_NETLINK_H
#define NETWORK_NETLINK_H

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REQUEST_SIZE = 512 };

struct request {
	union {
		struct nlmsghdr header;
		unsigned char bytes[REQUEST_SIZE];
	};
};

/* A socket of the network namespace that the caller is in. It stays there when the caller goes. */
int netlink_open(void);

void request_begin(struct request *request, uint16_t type, uint16_t flags, const void *body,
                   size_t size);
void request_add(struct request *request, uint16_t type, const void *value, size_t size);

/* Sends it, and waits for the answer that says that it is done. -1 with errno. */
int netlink_call(int netlink_fd, struct request *request);

/* Sends it, and gives each message of the answer to visit, unless that is NULL, until it returns
 * not 0. Returns what visit did last, or -1 with errno. */
typedef int netlink_visit(void *context, const struct nlmsghdr *message);
int netlink_ask(int netlink_fd, struct request *request, netlink_visit *visit, void *context);

static inline const void *message_body(const struct nlmsghdr *message)
{
	return (const unsigned char *)message + NLMSG_HDRLEN;
}

/* The value of the attribute of this type behind the body of a message, and its size; or NULL. */
const void *attribute_find(const struct nlmsghdr *message, size_t body_size, uint16_t type,
                           size_t *size);

#endif
