/* netlink.c: requests to rtnetlink(7). */
#include "netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

void request_begin(struct request *request, uint16_t type, uint16_t flags, const void *body,
                   size_t size)
{
	request->header = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(size),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = 1, /* one at a time: an answer can be to no other */
	};
	memcpy(request->bytes + NLMSG_HDRLEN, body, size);
}

/* All that we ever add is of a fixed size, and fits. */
void request_add(struct request *request, uint16_t type, const void *value, size_t size)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr attribute = { (unsigned short)RTA_LENGTH(size), type };

	if (at + RTA_SPACE(size) > sizeof(request->bytes))
		return;
	memset(request->bytes + at, 0, RTA_SPACE(size));
	memcpy(request->bytes + at, &attribute, sizeof(attribute));
	memcpy(request->bytes + at + RTA_LENGTH(0), value, size);
	request->header.nlmsg_len = (uint32_t)(at + RTA_SPACE(size));
}

/* One read's worth of messages. 1: there is more to come; 0: that was all; -1: failed. */
static int answer_read(int netlink_fd, netlink_visit *visit, void *context, int *result)
{
	/* netlink(7): as large as a message of a dump may be */
	union {
		struct nlmsghdr header;
		unsigned char bytes[32768];
	} answer;
	ssize_t got;
	unsigned left;

	do
		got = recv(netlink_fd, &answer, sizeof(answer), 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	left = (unsigned)got;
	for (struct nlmsghdr *message = &answer.header; NLMSG_OK(message, left);
	     message = NLMSG_NEXT(message, left)) {
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *outcome = message_body(message);

			errno = -outcome->error;
			return outcome->error ? -1 : 0;
		}
		if (visit && *result == 0)
			*result = visit(context, message);
	}
	return 1;
}

int netlink_ask(int netlink_fd, struct request *request, netlink_visit *visit, void *context)
{
	int more, result = 0;

	/* A dump has an end of its own. It is two bits, of which NLM_F_EXCL is one. */
	if ((request->header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->header.nlmsg_flags |= NLM_F_ACK;
	if (send(netlink_fd, request, request->header.nlmsg_len, 0) < 0)
		return -1;
	do
		more = answer_read(netlink_fd, visit, context, &result);
	while (more > 0);
	return more < 0 ? -1 : result;
}

int netlink_call(int netlink_fd, struct request *request)
{
	return netlink_ask(netlink_fd, request, NULL, NULL);
}

const void *attribute_find(const struct nlmsghdr *message, size_t body_size, uint16_t type,
                           size_t *size)
{
	const unsigned char *bytes = (const unsigned char *)message;
	size_t at = (size_t)NLMSG_SPACE(body_size);

	while (at + sizeof(struct rtattr) <= message->nlmsg_len) {
		const struct rtattr *attribute = (const void *)(bytes + at);

		if (attribute->rta_len < sizeof(*attribute) ||
		    at + attribute->rta_len > message->nlmsg_len)
			return NULL;
		if ((attribute->rta_type & NLA_TYPE_MASK) == type) {
			*size = attribute->rta_len - RTA_LENGTH(0);
			return bytes + at + RTA_LENGTH(0);
		}
		at += RTA_ALIGN(attribute->rta_len);
	}
	return NULL;
}
