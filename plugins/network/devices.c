/*
 * devices.c: linux.netDevices, the way in (config-linux.md, "Network Devices").
 *
 * The runtime does all of it while init waits: it has the right over both namespaces, which init
 * has not where a user namespace is in play.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"
#include "record.h"

enum { TEMPLATE_TRIES = 32768 };

/* An item of linux.netDevices: its key is the name on the host. */
struct wish {
	const char *name, *inner_name;
};

static const struct ironbox_field wish_fields[] = {
	IRONBOX_FIELD(struct wish, inner_name, "name"),
	IRONBOX_FIELD_END,
};

bool devices_asked(const struct ironbox_stage *stage)
{
	return stage->host->count(stage->host->spec(stage, "linux.netDevices")) > 0;
}

static bool is_template(const char *name)
{
	size_t length = strlen(name);

	return length > 2 && strcmp(name + length - 2, "%d") == 0;
}

/* As the kernel has it: 1 to 15 bytes, no slash, colon or blank, not "." or "..". */
static bool name_is_valid(const char *name, size_t length)
{
	if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if (strchr("/:%", name[i]) || isspace((unsigned char)name[i]))
			return false;
	return true;
}

static int wish_read(const struct ironbox_stage *stage, size_t index, struct wish *wish,
                     struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *value =
		host->item(host->spec(stage, "linux.netDevices"), index, &wish->name);

	wish->inner_name = NULL;
	if (host->read(stage, value, wish_fields, wish, error) < 0)
		return -1;
	if (!wish->inner_name || !*wish->inner_name)
		wish->inner_name = wish->name;
	return 0;
}

/* No two devices may want the same name; templates can't. */
static int wish_is_alone(const struct ironbox_stage *stage, const struct wish *wish, size_t index,
                         struct ironbox_error *error)
{
	struct wish other;

	for (size_t i = 0; i < index && !is_template(wish->inner_name); i++) {
		if (wish_read(stage, i, &other, error) < 0)
			return -1;
		if (strcmp(other.inner_name, wish->inner_name) == 0)
			return stage->host->fail(
				error, 0, "linux.netDevices: %s and %s are both to be \"%s\"",
				other.name, wish->name, wish->inner_name);
	}
	return 0;
}

static int wish_validate(const struct ironbox_stage *stage, const struct wish *wish,
                         struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct network *network = stage->data;
	size_t length = strlen(wish->inner_name) - (is_template(wish->inner_name) ? 2 : 0);
	struct link link;

	if (!name_is_valid(wish->name, strlen(wish->name)))
		return host->fail(error, 0, "linux.netDevices: \"%s\" is no name of a device",
		                  wish->name);
	if (!name_is_valid(wish->inner_name, length))
		return host->fail(error, 0,
		                  "linux.netDevices.%s.name: \"%s\" is no name of a device",
		                  wish->name, wish->inner_name);
	if (link_find(network->host_fd, wish->name, &link) < 0)
		return host->fail(error, errno, "linux.netDevices: find the device %s", wish->name);
	if (link.loopback)
		return host->fail(error, 0,
		                  "linux.netDevices: %s can't leave its network namespace",
		                  wish->name);
	return 0;
}

int devices_validate(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *path = host->namespace_path(stage, CLONE_NEWNET);
	size_t count = host->count(host->spec(stage, "linux.netDevices"));
	struct wish wish;

	if (!path && !host->namespace_is_new(stage, CLONE_NEWNET))
		return host->fail(error, 0,
		                  "linux.netDevices: needs a network namespace in "
		                  "linux.namespaces");
	if (host_open(stage, error) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (wish_read(stage, i, &wish, error) < 0 ||
		    wish_validate(stage, &wish, error) < 0 ||
		    wish_is_alone(stage, &wish, i, error) < 0)
			return -1;
	return 0;
}

/* Opens the container's side, and keeps where it is if it may outlive the container. */
static int inner_find(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct network *network = stage->data;
	const char *path = host->namespace_path(stage, CLONE_NEWNET);
	cleanup_close int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
	char text[4096 + 24];
	struct stat status;

	if (path && fd < 0)
		return host->fail(error, errno, "open the network namespace %s", path);
	if (inner_open(network, path ? fd : stage->init_pidfd) < 0)
		return host->fail(error, errno, "open a netlink socket in %s",
		                  path ? path : "the container's network namespace");
	if (inner_is_host(network))
		return host->fail(error, 0,
		                  "linux.netDevices: needs a network namespace in "
		                  "linux.namespaces that is not the host's");
	if (!path)
		return 0;
	if (fstat(fd, &status) < 0)
		return host->fail(error, errno, "look at the network namespace %s", path);
	snprintf(text, sizeof(text), "%" PRIu64 " %s", (uint64_t)status.st_ino, path);
	return host->remember(stage, "namespace", text, error);
}

/* The name that it is to have. The kernel could fill in a template by itself, but then we could
 * not say beforehand, and write down, what the device will be called. */
static int inner_name_choose(const struct ironbox_stage *stage, const struct wish *wish,
                             char name[IFNAMSIZ], struct ironbox_error *error)
{
	const struct network *network = stage->data;
	bool template = is_template(wish->inner_name);
	int length = (int)strlen(wish->inner_name) - (template ? 2 : 0);
	struct link taken;

	for (int number = 0; number < (template ? TEMPLATE_TRIES : 1); number++) {
		int size = template ? snprintf(name, IFNAMSIZ, "%.*s%d", length, wish->inner_name,
		                               number)
		                    : snprintf(name, IFNAMSIZ, "%s", wish->inner_name);

		if (size >= IFNAMSIZ)
			break;
		if (link_find(network->inner_fd, name, &taken) == 0)
			continue;
		if (errno == ENODEV)
			return 0;
		return stage->host->fail(error, errno, "look for a device %s in the container",
		                         name);
	}
	return stage->host->fail(error, EEXIST, "name it %s in the container", wish->inner_name);
}

/* After the move: it has lost its addresses, is down, and may have another index. */
static int device_set_up(const struct ironbox_stage *stage, const struct device *device,
                         struct ironbox_error *error)
{
	const struct network *network = stage->data;
	struct link link;

	if (link_find(network->inner_fd, device->inner_name, &link) < 0)
		return stage->host->fail(error, errno, "find it as %s in the container",
		                         device->inner_name);
	for (size_t i = 0; i < device->count; i++)
		if (address_add(network->inner_fd, link.index, &device->addresses[i]) < 0)
			return stage->host->fail(error, errno, "give it its address number %zu", i);
	if (link_set_up(network->inner_fd, link.index, true) < 0)
		return stage->host->fail(error, errno, "bring it up");
	return 0;
}

static int device_move(struct ironbox_stage *stage, const struct wish *wish, size_t index,
                       struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct network *network = stage->data;
	char key[32], text[RECORD_SIZE];
	struct device device;

	if (link_find(network->host_fd, wish->name, &device.link) < 0)
		return host->fail(error, errno, "find it");
	if (addresses_read(network->host_fd, device.link.index, device.addresses, &device.count) <
	    0)
		return host->fail(error, errno, "read its addresses");
	if (inner_name_choose(stage, wish, device.inner_name, error) < 0)
		return -1;
	if (device_to_text(&device, text, sizeof(text)) < 0)
		return host->fail(error, E2BIG, "note its addresses");
	snprintf(key, sizeof(key), "device.%zu", index);
	if (host->remember(stage, key, text, error) < 0)
		return -1;
	if (link_move(network->host_fd, device.link.index, network->inner_namespace_fd,
	              device.inner_name) < 0)
		return host->fail(error, errno, "move it as %s", device.inner_name);
	return device_set_up(stage, &device, error);
}

int devices_move(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	size_t count = host->count(host->spec(stage, "linux.netDevices"));
	struct wish wish;

	if (host_open(stage, error) < 0 || inner_find(stage, error) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (wish_read(stage, i, &wish, error) < 0)
			return -1;
		if (device_move(stage, &wish, i, error) < 0)
			return host->context(error, "linux.netDevices.%s", wish.name);
	}
	return 0;
}
