/*
 * devices.c: the nodes and links of /dev, and linux.devices.
 *
 * /dev of the image is hostile: it may be a symlink, and so may be each name in it
 * (CVE-2026-41579, CVE-2026-47766). It is opened once; what is made is made below its fd, never
 * through a link, and what stands there already is taken only if it is the same node.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

/* Read from linux.devices[]. */
struct device {
	const char *path, *type;
	int64_t major, minor;
	uint32_t file_mode, uid, gid;
};

/* A node to be made. */
struct node {
	const char *path; /* in the container, and in a user namespace that of the host's */
	mode_t mode;      /* with S_IFCHR … */
	dev_t number;
	uid_t uid;
	gid_t gid;
};

/* config-linux.md, "Default Devices" */
static const struct {
	const char *path;
	unsigned major, minor;
} defaults[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static int read_device(const struct ironbox_stage *stage, size_t index, struct node *node,
                       struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD_REQUIRED(struct device, path, "path"),
		IRONBOX_FIELD_REQUIRED(struct device, type, "type"),
		IRONBOX_FIELD(struct device, major, "major"),
		IRONBOX_FIELD(struct device, minor, "minor"),
		IRONBOX_FIELD(struct device, file_mode, "fileMode"),
		IRONBOX_FIELD(struct device, uid, "uid"),
		IRONBOX_FIELD(struct device, gid, "gid"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_host *host = stage->host;
	struct device device = { .major = -1, .minor = -1, .file_mode = 0666 };
	bool is_pipe;

	if (host->read(stage, host->item(host->spec(stage, "linux.devices"), index, NULL), fields,
	               &device, error) < 0)
		return -1;
	if (strlen(device.type) != 1 || !strchr("cubp", device.type[0]))
		return host->fail(error, 0, "linux.devices[%zu].type: %s is none of c, b, u, p",
		                  index, device.type);
	if (device.path[0] != '/')
		return host->fail(error, 0, "linux.devices[%zu].path: %s is not absolute", index,
		                  device.path);
	is_pipe = device.type[0] == 'p';
	if (!is_pipe && (device.major < 0 || device.minor < 0 || device.major > UINT32_MAX ||
	                 device.minor > UINT32_MAX))
		return host->fail(error, 0, "linux.devices[%zu]: %s needs major and minor", index,
		                  device.path);
	node->path = device.path;
	node->mode = (device.file_mode & 07777) | (is_pipe                 ? S_IFIFO
	                                           : device.type[0] == 'b' ? S_IFBLK
	                                                                   : S_IFCHR);
	node->number = is_pipe ? 0 : makedev((unsigned)device.major, (unsigned)device.minor);
	node->uid = device.uid;
	node->gid = device.gid;
	return 0;
}

int devices_validate(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	size_t i, count = stage->host->count(stage->host->spec(stage, "linux.devices"));
	struct node node;

	for (i = 0; i < count; i++)
		if (read_device(stage, i, &node, error) < 0)
			return -1;
	return 0;
}

static bool is_node(const struct stat *status, const struct node *node)
{
	return (status->st_mode & S_IFMT) == (node->mode & S_IFMT) &&
	       (S_ISFIFO(node->mode) || status->st_rdev == node->number);
}

/* Is the container without the right to mknod(2)? In a user namespace no one has it. */
static bool binds_nodes(const struct ironbox_stage *stage)
{
	const struct rootfs *rootfs = stage->data;

	return rootfs->tree == TREE_OWN &&
	       (rootfs->in_user_namespace || stage->flags & IRONBOX_ROOTLESS);
}

/* The file that a node is mounted on. An earlier container in the same root may have left it there,
 * and so does who unpacks an image without root's rights; what it holds is not looked at. */
static int open_node_point(const struct ironbox_stage *stage, int parent_fd, const char *name,
                           const char *path, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct stat status;
	cleanup_close int fd =
		openat(parent_fd, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd >= 0)
		return steal_fd(&fd);
	if (errno != EEXIST)
		return host->fail(error, errno, "make the file %s", path);
	fd = openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return host->fail(error, errno, "open the file %s", path);
	if (!S_ISREG(status.st_mode))
		return host->fail(error, EEXIST, "%s in the image is no file to mount on", path);
	return steal_fd(&fd);
}

/* Where mknod(2) is not allowed, in a user namespace: the host's node, seen to be the right one, on
 * a file. */
static int bind_node(const struct ironbox_stage *stage, int parent_fd, const char *name,
                     const struct node *node, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	struct stat status;
	cleanup_close int point_fd = -1;
	cleanup_close int node_fd =
		open_tree(AT_FDCWD, node->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (rootfs->tree != TREE_OWN)
		return host->fail(error, EPERM, "make the node %s", node->path);
	if (node_fd < 0 || fstat(node_fd, &status) < 0)
		return host->fail(error, errno, "open the host's %s", node->path);
	if (!is_node(&status, node))
		return host->fail(error, 0, "the host's %s is another device", node->path);
	point_fd = open_node_point(stage, parent_fd, name, node->path, error);
	if (point_fd < 0)
		return -1;
	return mount_place(stage, node_fd, point_fd, node->path, error);
}

static int make_node(const struct ironbox_stage *stage, int parent_fd, const char *name,
                     const struct node *node, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	struct stat status;

	if (mknodat(parent_fd, name, node->mode, node->number) < 0) {
		if (errno == EPERM)
			return bind_node(stage, parent_fd, name, node, error);
		if (errno != EEXIST)
			return host->fail(error, errno, "make the node %s", node->path);
		if (fstatat(parent_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return host->fail(error, errno, "look at %s", node->path);
		if (S_ISREG(status.st_mode) && binds_nodes(stage))
			return bind_node(stage, parent_fd, name, node, error);
		if (!is_node(&status, node))
			return host->fail(error, EEXIST,
			                  "%s in the image is not that device, but something else",
			                  node->path);
		return 0;
	}
	/* in a tmpfs of ours it is root's already; a directory of the image may be setgid */
	if (rootfs->dev_is_ours && !node->uid && !node->gid)
		return 0;
	if (fchownat(parent_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return host->fail(error, errno, "give %s to %u:%u", node->path, node->uid,
		                  node->gid);
	return 0;
}

/* /dev is another's: what is asked for may be there already, and is not to be made. */
static int find_node(const struct ironbox_stage *stage, const struct node *node,
                     struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	struct stat status;
	cleanup_close int fd = path_in_root(rootfs->root_fd, node->path, O_PATH);

	if (fd < 0 || fstat(fd, &status) < 0)
		return stage->host->fail(error, errno, "open %s, and /dev is a bind", node->path);
	if (!is_node(&status, node))
		return stage->host->fail(error, 0, "%s is another device, and /dev is a bind",
		                         node->path);
	return 0;
}

static int make_at_path(const struct ironbox_stage *stage, const struct node *node,
                        struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	const char *in_dev = path_below(node->path, "dev");
	const char *slash = strrchr(node->path, '/');
	char parent[PATH_MAX];
	size_t length = (size_t)(slash - node->path);
	cleanup_close int parent_fd = -1;

	if (in_dev && rootfs->dev_is_bound)
		return find_node(stage, node, error);
	if (in_dev && *in_dev && !strchr(in_dev, '/'))
		return make_node(stage, rootfs->dev_fd, in_dev, node, error);
	if (length >= sizeof(parent) || !slash[1])
		return host->fail(error, EINVAL, "make the node %s", node->path);
	memcpy(parent, node->path, length);
	memcpy(parent + length, "/", 2);
	parent_fd = path_in_root(rootfs->root_fd, parent, O_PATH | O_DIRECTORY);
	if (parent_fd < 0 && errno == ENOENT)
		replace_fd(&parent_fd, path_make(rootfs->root_fd, parent, true));
	if (parent_fd < 0)
		return host->fail(error, errno, "make the directory of %s", node->path);
	return make_node(stage, parent_fd, slash + 1, node, error);
}

/* A link that is there already is left, as it may be the image's own choice. */
static int make_links(const struct ironbox_stage *stage, int dev_fd, struct ironbox_error *error)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
		{ "core", "/proc/kcore" }, /* the last, and only if the kernel has it */
	};
	size_t i, count = sizeof(links) / sizeof(links[0]);

	if (access("/proc/kcore", F_OK) < 0)
		count--;
	for (i = 0; i < count; i++)
		if (symlinkat(links[i].target, dev_fd, links[i].name) < 0 && errno != EEXIST)
			return stage->host->fail(error, errno, "make the link /dev/%s",
			                         links[i].name);
	return 0;
}

/* devpts of the container's own: its ptmx is the one. An old ptmx node would be the host's. */
static int link_ptmx(const struct ironbox_stage *stage, const struct rootfs *rootfs,
                     struct ironbox_error *error)
{
	if (symlinkat("pts/ptmx", rootfs->dev_fd, "ptmx") == 0)
		return 0;
	if (errno != EEXIST || unlinkat(rootfs->dev_fd, "ptmx", 0) < 0 ||
	    symlinkat("pts/ptmx", rootfs->dev_fd, "ptmx") < 0)
		return stage->host->fail(error, errno, "make the link /dev/ptmx");
	return 0;
}

/* The container's /dev. A mount on it may stand where a symlink leads; the image's own must be what
 * it seems to be. */
static int open_dev(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct rootfs *rootfs = stage->data;
	int flags = O_PATH | O_DIRECTORY;

	if (rootfs->dev_is_ours || rootfs->dev_is_bound) {
		rootfs->dev_fd = path_in_root(rootfs->root_fd, "dev", flags);
	} else {
		rootfs->dev_fd = path_without_links(rootfs->root_fd, "dev", flags);
		if (rootfs->dev_fd < 0 && errno == ENOENT &&
		    mkdirat(rootfs->root_fd, "dev", 0755) == 0)
			rootfs->dev_fd = path_without_links(rootfs->root_fd, "dev", flags);
		if (rootfs->dev_fd < 0 && errno == ELOOP)
			return host->fail(error, 0, "/dev is a symlink in the image, and no mount");
	}
	return rootfs->dev_fd < 0 ? host->fail(error, errno, "open /dev") : 0;
}

int devices_make(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	size_t i, count = stage->host->count(stage->host->spec(stage, "linux.devices"));
	struct node node;

	if (open_dev(stage, error) < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (read_device(stage, i, &node, error) < 0 ||
		    make_at_path(stage, &node, error) < 0)
			return stage->host->context(error, "linux.devices[%zu]", i);
	if (rootfs->dev_is_bound) /* the host's, with all that it has */
		return 0;
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		node = (struct node){ .path = defaults[i].path,
			              .mode = S_IFCHR | 0666,
			              .number = makedev(defaults[i].major, defaults[i].minor) };
		if (make_node(stage, rootfs->dev_fd, node.path + sizeof("/dev"), &node, error) < 0)
			return -1;
	}
	if (link_ptmx(stage, rootfs, error) < 0)
		return -1;
	return make_links(stage, rootfs->dev_fd, error);
}

const char *devices_path(const struct ironbox_stage *stage, size_t index)
{
	size_t count = sizeof(defaults) / sizeof(defaults[0]);
	struct node node;

	if (index < count)
		return defaults[index].path;
	index -= count;
	if (index >= stage->host->count(stage->host->spec(stage, "linux.devices")))
		return NULL;
	/* it was read before, in validate or when the container was made */
	return read_device(stage, index, &node, NULL) < 0 ? NULL : node.path;
}
