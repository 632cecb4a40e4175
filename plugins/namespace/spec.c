/* spec.c: reads linux.namespaces, and opens what it names. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "internal.h"

const struct kind kinds[KINDS] = {
	{ "user", CLONE_NEWUSER, "user" },  { "pid", CLONE_NEWPID, "pid" },
	{ "network", CLONE_NEWNET, "net" }, { "ipc", CLONE_NEWIPC, "ipc" },
	{ "uts", CLONE_NEWUTS, "uts" },     { "cgroup", CLONE_NEWCGROUP, "cgroup" },
	{ "time", CLONE_NEWTIME, "time" },  { "mount", CLONE_NEWNS, "mnt" },
};

/* An item of linux.namespaces */
struct item {
	const char *type, *path;
};

static const struct ironbox_field item_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct item, type, "type"),
	IRONBOX_FIELD(struct item, path, "path"),
	IRONBOX_FIELD_END,
};

static int kind_of_type(const char *type)
{
	for (int i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].type, type) == 0)
			return i;
	return -1;
}

static int item_read(const struct ironbox_stage *stage, const struct ironbox_value *value,
                     struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct namespaces *namespaces = stage->data;
	struct item item = { NULL, NULL };
	int kind;

	if (host->read(stage, value, item_fields, &item, error) < 0)
		return -1;
	kind = kind_of_type(item.type);
	if (kind < 0)
		return host->fail(error, 0, "linux.namespaces: there is no type \"%s\"", item.type);
	if ((namespaces->made | namespaces->joined) & kinds[kind].flag)
		return host->fail(error, 0, "linux.namespaces: \"%s\" is given twice", item.type);
	if (!item.path || !*item.path) {
		namespaces->made |= kinds[kind].flag;
		return 0;
	}
	if (*item.path != '/')
		return host->fail(error, 0,
		                  "linux.namespaces: the path of \"%s\" must be absolute: %s",
		                  item.type, item.path);
	namespaces->joined |= kinds[kind].flag;
	namespaces->path[kind] = item.path;
	return 0;
}

int namespaces_read(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_value *list = stage->host->spec(stage, "linux.namespaces");
	struct namespaces *namespaces = stage->data;
	size_t count = stage->host->count(list);

	*namespaces = (struct namespaces){ .ready = true };
	for (int i = 0; i < KINDS; i++)
		namespaces->joined_fd[i] = namespaces->own_fd[i] = -1;
	for (size_t i = 0; i < count; i++)
		if (item_read(stage, stage->host->item(list, i, NULL), error) < 0)
			return -1;
	if (namespaces->made & CLONE_NEWUSER && namespaces->joined & CLONE_NEWNS)
		return stage->host->fail(error, 0,
		                         "linux.namespaces: a new user namespace has no right to "
		                         "join the mount namespace %s",
		                         namespaces->path[kind_of_type("mount")]);
	return 0;
}

/* O_NONBLOCK: a path may lead to a FIFO, whose open(2) would wait for ever. */
static int namespace_open(const struct ironbox_stage *stage, int kind, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *type = kinds[kind].type;
	struct namespaces *namespaces = stage->data;
	const char *path = namespaces->path[kind];
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct statfs filesystem;
	int found;

	if (fd < 0)
		return host->fail(error, errno, "open the %s namespace %s", type, path);
	if (fstatfs(fd, &filesystem) < 0)
		return host->fail(error, errno, "look at the %s namespace %s", type, path);
	if (filesystem.f_type != NSFS_MAGIC)
		return host->fail(error, 0, "%s is no namespace", path);
	found = ioctl(fd, NS_GET_NSTYPE);
	if (found < 0)
		return host->fail(error, errno, "ask for the type of the namespace %s", path);
	if ((uint64_t)(unsigned)found != kinds[kind].flag)
		return host->fail(error, 0, "%s is no %s namespace", path, type);
	namespaces->joined_fd[kind] = steal_fd(&fd);
	return 0;
}

int namespaces_open(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;

	for (int i = 0; i < KINDS; i++)
		if (namespaces->joined & kinds[i].flag && namespace_open(stage, i, error) < 0)
			return -1;
	if (namespaces->joined & CLONE_NEWUSER) {
		int differs = namespaces_has_own(stage, CLONE_NEWUSER, error);

		if (differs < 0)
			return -1;
		if (!differs) /* we are in it: setns(2) would say EINVAL */
			namespaces->joined &= ~(uint64_t)CLONE_NEWUSER;
	}
	return 0;
}

int namespaces_has_own(const struct ironbox_stage *stage, uint64_t flag,
                       struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	struct stat joined;
	uint64_t own;
	int kind = 0;

	if (!(namespaces->joined & flag))
		return namespaces->made & flag ? 1 : 0;
	while (kinds[kind].flag != flag)
		kind++;
	own = namespace_number(stage, "thread-self", flag, error);
	if (own == 0)
		return -1;
	if (fstat(namespaces->joined_fd[kind], &joined) < 0)
		return stage->host->fail(error, errno, "look at %s", namespaces->path[kind]);
	return joined.st_ino != own;
}
