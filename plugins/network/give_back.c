/*
 * give_back.c: linux.netDevices, the way back, with the old name, addresses and state.
 *
 * The container's network namespace can be reached while something holds it: this process since it
 * moved the devices, init while it lives, or the path that it was joined by. When nothing did, it
 * is gone, and the kernel's rule has done the rest (network_namespaces(7)): physical devices go to
 * the first network namespace, named as they were inside; virtual ones (veth, macvlan) end.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "internal.h"
#include "record.h"

/* How long the kernel, which ends a network namespace some time later, is waited for. */
enum { RETURN_TRIES = 200, RETURN_PAUSE_MS = 10 };

/* Opens the namespace that was joined by a path, if it is still the same. */
static int joined_open(struct network *network, const char *text)
{
	cleanup_close int fd = -1;
	uint64_t number = 0;
	struct stat status;
	int consumed = 0;

	if (sscanf(text, "%" SCNu64 " %n", &number, &consumed) != 1 || consumed == 0)
		return -1;
	fd = open(text + consumed, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0 || status.st_ino != number)
		return -1;
	return inner_open(network, fd);
}

/* Reaches the container's side, if it is still there. */
static bool inner_reach(const struct ironbox_stage *stage)
{
	struct network *network = stage->data;
	const char *joined = stage->host->recall(stage, "namespace");

	if (network->inner_namespace_fd < 0) {
		if (joined && joined_open(network, joined) < 0)
			return false;
		if (!joined && (stage->init_pidfd < 0 || stage->flags & IRONBOX_KILLED_INIT ||
		                inner_open(network, stage->init_pidfd) < 0))
			return false;
	}
	return !inner_is_host(network);
}

/* Its namespace ended: waits for the kernel to hand it to the first one, should that be ours. */
static int await_return(int host_fd, const struct device *device, struct link *link)
{
	const struct timespec pause = { .tv_nsec = RETURN_PAUSE_MS * 1000000L };

	for (int tries = 0; tries < RETURN_TRIES; tries++) {
		if (link_find_alike(host_fd, &device->link, link) == 0)
			return 0;
		nanosleep(&pause, NULL);
	}
	return -1;
}

/* What these two return is NULL, or the words for what failed; errno says why. */

/* It is on the host again: as it was. */
static const char *device_restore(int host_fd, const struct device *device, const struct link *link)
{
	if (strcmp(link->name, device->link.name) != 0 &&
	    link_rename(host_fd, link->index, device->link.name) < 0)
		return "name it as it was";
	for (size_t i = 0; i < device->count; i++)
		if (address_add(host_fd, link->index, &device->addresses[i]) < 0)
			return "give it back an address";
	if (device->link.up && link_set_up(host_fd, link->index, true) < 0)
		return "bring it up as it was";
	return NULL;
}

static const char *device_fetch(const struct network *network, const struct device *device,
                                struct link *link)
{
	/* config-linux.md: it must be down before it is moved back */
	if (link_set_up(network->inner_fd, link->index, false) < 0)
		return "take it down in the container";
	if (link_move(network->inner_fd, link->index, network->host_namespace_fd,
	              device->link.name) < 0)
		return "move it back";
	if (link_find(network->host_fd, device->link.name, link) < 0)
		return "find it on the host";
	return device_restore(network->host_fd, device, link);
}

/* By its name, or as what it is if the container renamed it. */
static bool inner_has(const struct network *network, const struct device *device, struct link *link)
{
	return link_find(network->inner_fd, device->inner_name, link) == 0 ||
	       link_find_alike(network->inner_fd, &device->link, link) == 0;
}

static const char *device_give_back(const struct ironbox_stage *stage, const struct device *device)
{
	const struct network *network = stage->data;
	struct link link;

	if (link_find(network->host_fd, device->link.name, &link) == 0 &&
	    link_is_alike(&link, &device->link)) /* did not go, or is back already */
		return device_restore(network->host_fd, device, &link);
	if (inner_reach(stage)) {
		if (inner_has(network, device, &link))
			return device_fetch(network, device, &link);
		stage->host->log(stage, IRONBOX_LOG_WARNING,
		                 "the network device %s is not in the container any more",
		                 device->link.name);
		return NULL; /* who may rename it there may delete it as well */
	}
	if (!device->link.is_virtual && await_return(network->host_fd, device, &link) == 0)
		return device_restore(network->host_fd, device, &link);
	stage->host->log(stage, IRONBOX_LOG_INFO,
	                 "the network device %s ended with the container's network namespace",
	                 device->link.name);
	return NULL;
}

/* Tells the first error, logs the others. */
static int tell(const struct ironbox_stage *stage, int result, const char *name, const char *what,
                int code, struct ironbox_error *error)
{
	if (result == 0)
		return stage->host->fail(error, code, "linux.netDevices.%s: %s", name, what);
	stage->host->log(stage, IRONBOX_LOG_ERROR, "linux.netDevices.%s: %s: %s", name, what,
	                 strerrordesc_np(code));
	return result;
}

static int give_back_all(struct ironbox_stage *stage, const char *text, struct ironbox_error *error)
{
	struct device device;
	char key[32];
	int result = 0;

	if (host_open(stage, error) < 0)
		return -1;
	for (size_t i = 1; text; i++) {
		const char *failed = device_from_text(text, &device) < 0
		                             ? "its record is damaged"
		                             : device_give_back(stage, &device);

		if (failed)
			result = tell(stage, result, device.link.name, failed, errno, error);
		snprintf(key, sizeof(key), "device.%zu", i);
		text = stage->host->recall(stage, key);
	}
	return result;
}

int devices_give_back(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const char *text = stage->host->recall(stage, "device.0");
	int result = text ? give_back_all(stage, text, error) : 0;

	network_close(stage->data);
	return result;
}
