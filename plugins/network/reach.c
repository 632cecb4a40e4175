/* reach.c: sockets in the two network namespaces between which devices move. */
#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "internal.h"
#include "netlink.h"

int host_open(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct network *network = stage->data;

	if (network->ready)
		return 0;
	*network = (struct network){ true, -1, -1, -1, -1 };
	network->host_fd = netlink_open();
	if (network->host_fd < 0)
		return stage->host->fail(error, errno, "open a netlink socket");
	/* the socket's own namespace, without a path by which it could be another: Linux 4.10 */
	network->host_namespace_fd = ioctl(network->host_fd, SIOCGSKNS);
	if (network->host_namespace_fd < 0)
		return stage->host->fail(error, errno, "open the runtime's network namespace");
	return 0;
}

/* A socket stays in the namespace where it was made: so a short visit is enough. */
int inner_open(struct network *network, int fd)
{
	int code;

	if (setns(fd, CLONE_NEWNET) < 0)
		return -1;
	replace_fd(&network->inner_fd, netlink_open());
	code = errno;
	if (setns(network->host_namespace_fd, CLONE_NEWNET) < 0)
		return -1;
	if (network->inner_fd < 0) {
		errno = code;
		return -1;
	}
	replace_fd(&network->inner_namespace_fd, ioctl(network->inner_fd, SIOCGSKNS));
	return network->inner_namespace_fd < 0 ? -1 : 0;
}

bool inner_is_host(const struct network *network)
{
	struct stat outer, inner;

	return fstat(network->host_namespace_fd, &outer) < 0 ||
	       fstat(network->inner_namespace_fd, &inner) < 0 ||
	       (outer.st_ino == inner.st_ino && outer.st_dev == inner.st_dev);
}

void network_close(struct network *network)
{
	if (!network->ready)
		return;
	replace_fd(&network->host_fd, -1);
	replace_fd(&network->host_namespace_fd, -1);
	replace_fd(&network->inner_fd, -1);
	replace_fd(&network->inner_namespace_fd, -1);
	network->ready = false;
}
