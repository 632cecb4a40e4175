/* link.c: network devices and their addresses by rtnetlink(7). */
#include "link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink.h"

#define IFA_F_WISHES                                                                    \
	(IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | \
	 IFA_F_MCAUTOJOIN)

static void hardware_read(const struct nlmsghdr *message, struct link *link)
{
	size_t size;
	const void *hardware =
		attribute_find(message, sizeof(struct ifinfomsg), IFLA_PERM_ADDRESS, &size);

	if (!hardware)
		hardware = attribute_find(message, sizeof(struct ifinfomsg), IFLA_ADDRESS, &size);
	if (!hardware || size > sizeof(link->hardware))
		return;
	link->hardware_size = size;
	memcpy(link->hardware, hardware, size);
}

static int link_read(void *context, const struct nlmsghdr *message)
{
	const struct ifinfomsg *body = message_body(message);
	struct link *link = context;
	size_t name_size, size;
	const char *name = attribute_find(message, sizeof(*body), IFLA_IFNAME, &name_size);

	if (message->nlmsg_type != RTM_NEWLINK || !name || name_size > IFNAMSIZ)
		return 0;
	*link = (struct link){
		.index = body->ifi_index,
		.up = body->ifi_flags & IFF_UP,
		.loopback = body->ifi_flags & IFF_LOOPBACK,
		/* what a driver made on demand says so: veth, macvlan, … */
		.is_virtual = attribute_find(message, sizeof(*body), IFLA_LINKINFO, &size),
	};
	memcpy(link->name, name, name_size);
	hardware_read(message, link);
	return 1;
}

int link_find(int netlink_fd, const char *name, struct link *link)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	struct request request;
	int found;

	request_begin(&request, RTM_GETLINK, 0, &body, sizeof(body));
	request_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	found = netlink_ask(netlink_fd, &request, link_read, link);
	if (found == 0)
		errno = ENODEV;
	return found > 0 ? 0 : -1;
}

bool link_is_alike(const struct link *first, const struct link *second)
{
	return first->is_virtual == second->is_virtual &&
	       first->hardware_size == second->hardware_size &&
	       memcmp(first->hardware, second->hardware, first->hardware_size) == 0;
}

struct search {
	const struct link *alike;
	struct link *link;
};

static int link_compare(void *context, const struct nlmsghdr *message)
{
	const struct search *search = context;

	return link_read(search->link, message) && link_is_alike(search->link, search->alike);
}

int link_find_alike(int netlink_fd, const struct link *alike, struct link *link)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	struct search search = { alike, link };
	struct request request;
	int found;

	request_begin(&request, RTM_GETLINK, NLM_F_DUMP, &body, sizeof(body));
	found = netlink_ask(netlink_fd, &request, link_compare, &search);
	if (found == 0)
		errno = ENODEV;
	return found > 0 ? 0 : -1;
}

/* RTM_SETLINK is RTM_NEWLINK without the making of links: it takes the kernel less time. */
int link_set_up(int netlink_fd, int index, bool up)
{
	struct ifinfomsg body = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = index,
		.ifi_flags = up ? IFF_UP : 0,
		.ifi_change = IFF_UP,
	};
	struct request request;

	request_begin(&request, RTM_SETLINK, 0, &body, sizeof(body));
	return netlink_call(netlink_fd, &request);
}

int link_rename(int netlink_fd, int index, const char *name)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	struct request request;

	request_begin(&request, RTM_SETLINK, 0, &body, sizeof(body));
	request_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_call(netlink_fd, &request);
}

int link_move(int netlink_fd, int index, int namespace_fd, const char *name)
{
	struct ifinfomsg body = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	uint32_t fd = (uint32_t)namespace_fd;
	struct request request;

	request_begin(&request, RTM_SETLINK, 0, &body, sizeof(body));
	request_add(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
	request_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_call(netlink_fd, &request);
}

struct address_list {
	int index;
	struct address *addresses;
	size_t count;
};

static bool copy_attribute(const struct nlmsghdr *message, uint16_t type, void *to, size_t most)
{
	size_t size;
	const void *value = attribute_find(message, sizeof(struct ifaddrmsg), type, &size);

	if (!value || size > most)
		return false;
	memcpy(to, value, size);
	return true;
}

static int address_read(void *context, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *body = message_body(message);
	struct address_list *list = context;
	struct address address = { .family = body->ifa_family, .prefix = body->ifa_prefixlen };
	uint32_t flags = body->ifa_flags;

	copy_attribute(message, IFA_FLAGS, &flags, sizeof(flags)); /* has room for the newer ones */
	if (message->nlmsg_type != RTM_NEWADDR || (int)body->ifa_index != list->index ||
	    body->ifa_scope != RT_SCOPE_UNIVERSE || !(flags & IFA_F_PERMANENT) ||
	    (body->ifa_family != AF_INET && body->ifa_family != AF_INET6))
		return 0;
	if (list->count == ADDRESSES_MAX) {
		errno = E2BIG;
		return -1;
	}
	/* rtnetlink(7): IFA_ADDRESS is the peer's where there is one, and else the same as
	 * IFA_LOCAL, which IPv6 then leaves out */
	copy_attribute(message, IFA_ADDRESS, address.peer, sizeof(address.peer));
	if (!copy_attribute(message, IFA_LOCAL, address.local, sizeof(address.local)))
		memcpy(address.local, address.peer, sizeof(address.local));
	address.has_peer = memcmp(address.local, address.peer, sizeof(address.local)) != 0;
	address.has_broadcast = copy_attribute(message, IFA_BROADCAST, address.broadcast,
	                                       sizeof(address.broadcast));
	address.flags = flags & IFA_F_WISHES;
	copy_attribute(message, IFA_RT_PRIORITY, &address.metric, sizeof(address.metric));
	list->addresses[list->count++] = address;
	return 0;
}

int addresses_read(int netlink_fd, int index, struct address addresses[ADDRESSES_MAX],
                   size_t *count)
{
	struct ifaddrmsg body = { .ifa_family = AF_UNSPEC };
	struct address_list list = { index, addresses, 0 };
	struct request request;
	int result;

	request_begin(&request, RTM_GETADDR, NLM_F_DUMP, &body, sizeof(body));
	result = netlink_ask(netlink_fd, &request, address_read, &list);
	*count = list.count;
	return result;
}

int address_add(int netlink_fd, int index, const struct address *address)
{
	struct ifaddrmsg body = {
		.ifa_family = address->family,
		.ifa_prefixlen = address->prefix,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (uint32_t)index,
	};
	size_t size = address->family == AF_INET ? 4 : 16;
	const uint8_t *far = address->has_peer ? address->peer : address->local;
	struct request request;

	request_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof(body));
	request_add(&request, IFA_LOCAL, address->local, size);
	request_add(&request, IFA_ADDRESS, far, size);
	if (address->has_broadcast)
		request_add(&request, IFA_BROADCAST, address->broadcast, size);
	if (address->flags)
		request_add(&request, IFA_FLAGS, &address->flags, sizeof(address->flags));
	if (address->metric)
		request_add(&request, IFA_RT_PRIORITY, &address->metric, sizeof(address->metric));
	return netlink_call(netlink_fd, &request) < 0 && errno != EEXIST ? -1 : 0;
}
