/*
 * restore.c: what a restored container stands on. In a mount namespace of the runtime's own, which
 * is not the container's yet and which the host never sees, the root becomes a mount, and each bind
 * of config.json stands apart, with its attributes, in a small tmpfs (the workbench). Who restores
 * enters that namespace and puts them in their places.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

/* Where the binds stand: over the state directory, of which nobody in there has need. */
struct workbench {
	char path[PATH_MAX];
	int fd;
};

static int make_point(const struct ironbox_stage *stage, const struct mount *mount, int source_fd,
                      struct ironbox_error *error);

static int declare(struct ironbox_stage *stage, const char *name, const char *path,
                   struct ironbox_error *error)
{
	const struct ironbox_external external = {
		.kind = IRONBOX_EXTERNAL_MOUNT, .fd = -1, .name = name, .path = path
	};

	return stage->host->external(stage, &external, error);
}

static int make_workbench(const struct ironbox_stage *stage, struct workbench *workbench,
                          struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;

	if ((size_t)snprintf(workbench->path, sizeof(workbench->path), "%s/%s",
	                     host->recall(stage, "ironbox.state_root"),
	                     stage->container_id) >= sizeof(workbench->path))
		return host->fail(error, ENAMETOOLONG, "the state directory");
	if (mount("tmpfs", workbench->path, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=700") < 0)
		return host->fail(error, errno, "mount a tmpfs on %s", workbench->path);
	/* a recursive bind of what it lies in must not bring it along */
	if (mount(NULL, workbench->path, NULL, MS_UNBINDABLE, NULL) < 0)
		return host->fail(error, errno, "make %s unbindable", workbench->path);
	workbench->fd = open(workbench->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return workbench->fd < 0 ? host->fail(error, errno, "open %s", workbench->path) : 0;
}

/* Puts a detached mount on the workbench, under a number. */
static int put_down(const struct ironbox_stage *stage, const struct workbench *workbench,
                    const char *name, int mount_fd, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	cleanup_close int point_fd = -1;
	struct stat status;

	if (fstat(mount_fd, &status) < 0)
		return host->fail(error, errno, "look at a mount");
	if (S_ISDIR(status.st_mode)) {
		if (mkdirat(workbench->fd, name, 0700) < 0)
			return host->fail(error, errno, "make the directory %s", name);
		point_fd = openat(workbench->fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	} else {
		point_fd = openat(workbench->fd, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	}
	if (point_fd < 0)
		return host->fail(error, errno, "open %s", name);
	return mount_place(stage, mount_fd, point_fd, name, error);
}

/* By its path: the fd is of another mount namespace, whose mounts can't be copied. */
static int clone_cgroup(const struct ironbox_stage *stage, const struct mount *mount,
                        const struct ironbox_external *cgroup, struct ironbox_error *error)
{
	struct mount_options options = mount->options;
	char link[32], path[PATH_MAX];
	cleanup_close int fd = -1;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", cgroup->fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		return stage->host->fail(error, errno, "copy the container's cgroup %s", path);
	options.flags &= ~(unsigned long)MS_REC;
	return bind_set_attributes(stage, fd, &options, error) < 0 ? -1 : steal_fd(&fd);
}

/* The container's own cgroups, as the stage in front has declared them: where the mount was (v2),
 * and each hierarchy of v1 below, under the names that cgroups.c gives them. */
static int prepare_cgroups(struct ironbox_stage *stage, const struct workbench *workbench,
                           const struct mount *mount, struct ironbox_error *error)
{
	const struct ironbox_external *cgroup;
	char name[32], path[PATH_MAX + 32], point[PATH_MAX];
	size_t i;

	for (i = 0; (cgroup = stage->host->external_at(stage, i)); i++) {
		const char *controllers = cgroup->name;
		cleanup_close int fd = -1;

		if (cgroup->kind != IRONBOX_EXTERNAL_CGROUP)
			continue;
		fd = clone_cgroup(stage, mount, cgroup, error);
		controllers += strncmp(controllers, "name=", 5) == 0 ? 5 : 0;
		snprintf(name, sizeof(name), "%zu.%zu", mount->index, i);
		snprintf(path, sizeof(path), "%s/%s", workbench->path, name);
		snprintf(point, sizeof(point), "%s%s%s", mount->destination,
		         *controllers ? "/" : "", controllers);
		if (fd < 0 || put_down(stage, workbench, name, fd, error) < 0 ||
		    declare(stage, point, path, error) < 0)
			return -1;
	}
	return make_point(stage, mount, -1, error);
}

static int clone_bind(const struct ironbox_stage *stage, const struct mount *mount,
                      struct ironbox_error *error)
{
	cleanup_close int fd = -1;

	if (mount->options.idmap && stage->host->count(mount->uid_mappings) == 0)
		return stage->host->fail(error, 0,
		                         "idmap: the container's user namespace is not there "
		                         "before it is restored");
	fd = source_clone(stage, mount, error);
	if (fd < 0 || (mount->options.idmap && idmap_apply(stage, mount, fd, error) < 0) ||
	    bind_set_attributes(stage, fd, &mount->options, error) < 0)
		return -1;
	return steal_fd(&fd);
}

/* What a recursive bind has brought along stands below it on the workbench. */
static int declare_below(struct ironbox_stage *stage, const struct mount *mount, const char *top,
                         struct ironbox_error *error)
{
	cleanup_mount_table struct mount_table table = { .text = NULL };
	char name[PATH_MAX];
	size_t i;

	if (mount_table_read(stage, &table, "thread-self", error) < 0)
		return -1;
	for (i = 0; i < table.count; i++) {
		const char *rest = mount_point_below(table.lines[i].point, top);

		if (!rest)
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s%s", mount->destination, rest) >=
		    sizeof(name))
			return stage->host->fail(error, ENAMETOOLONG, "%s%s", mount->destination,
			                         rest);
		if (declare(stage, name, table.lines[i].point, error) < 0)
			return -1;
	}
	return 0;
}

/* Below another mount the mount point comes with that one: from the images, or the bind. */
static bool stands_on_other(const struct ironbox_stage *stage, const struct mount *mount)
{
	const struct ironbox_value *mounts = stage->host->spec(stage, "mounts");
	struct mount other;
	size_t i;

	for (i = 0; i < mount->index; i++)
		if (mount_read(stage, mounts, i, &other, NULL) == 0 &&
		    path_below(mount->destination,
		               other.destination + strspn(other.destination, "/")))
			return true;
	return false;
}

static int make_point(const struct ironbox_stage *stage, const struct mount *mount, int source_fd,
                      struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	bool made;

	if (stands_on_other(stage, mount))
		return 0;
	fd = mount_point_open(stage, mount, source_fd, &made, error);
	return fd < 0 ? -1 : 0;
}

static int prepare_mount(struct ironbox_stage *stage, const struct workbench *workbench,
                         const struct mount *mount, struct ironbox_error *error)
{
	char name[16], path[PATH_MAX + 16];
	cleanup_close int fd = -1;

	if (mount->options.flags & MS_REMOUNT)
		return 0;
	if (mount_is_cgroup(mount))
		return prepare_cgroups(stage, workbench, mount, error);
	if (!mount_is_bind(mount))
		return make_point(stage, mount, -1, error);
	fd = clone_bind(stage, mount, error);
	snprintf(name, sizeof(name), "%zu", mount->index);
	snprintf(path, sizeof(path), "%s/%s", workbench->path, name);
	if (fd < 0 || make_point(stage, mount, fd, error) < 0 ||
	    put_down(stage, workbench, name, fd, error) < 0 ||
	    declare(stage, mount->destination, path, error) < 0)
		return -1;
	return mount->options.flags & MS_REC ? declare_below(stage, mount, path, error) : 0;
}

static int prepare_mounts(struct ironbox_stage *stage, const struct workbench *workbench,
                          struct ironbox_error *error)
{
	const struct ironbox_value *mounts = stage->host->spec(stage, "mounts");
	size_t i, count = stage->host->count(mounts);
	struct mount mount;

	for (i = 0; i < count; i++) {
		if (mount_read(stage, mounts, i, &mount, error) < 0)
			return -1;
		if (prepare_mount(stage, workbench, &mount, error) < 0)
			return stage->host->context(error, "mounts[%zu]", i);
	}
	return 0;
}

static int make_null(const struct ironbox_stage *stage, const struct workbench *workbench,
                     struct ironbox_error *error)
{
	static const struct mount_options options = { .flags = MS_NOSUID | MS_NOEXEC,
		                                      .data = "mode=711" };
	const struct ironbox_host *host = stage->host;
	cleanup_close int fd = filesystem_make(stage, "tmpfs", "tmpfs", &options, error);

	if (fd < 0)
		return -1;
	if (mknodat(fd, "null", S_IFCHR | 0666, makedev(1, 3)) < 0)
		return host->fail(error, errno, "make a null device");
	return put_down(stage, workbench, "nodes", fd, error);
}

/* Nodes that were binds, for want of the right to make them; masks of such a null. Whether they
 * were, the images know: what they do not ask for is not used. */
static int prepare_nodes(struct ironbox_stage *stage, const struct workbench *workbench,
                         struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *masked = host->spec(stage, "linux.maskedPaths");
	char null_path[PATH_MAX + 16];
	const char *path;
	size_t i;

	for (i = 0; (path = devices_path(stage, i)); i++)
		if (access(path, F_OK) == 0 && declare(stage, path, path, error) < 0)
			return -1;
	if (host->count(masked) > 0 && make_null(stage, workbench, error) < 0)
		return -1;
	snprintf(null_path, sizeof(null_path), "%s/nodes/null", workbench->path);
	for (i = 0; i < host->count(masked); i++)
		if (declare(stage, host->text(host->item(masked, i, NULL)), null_path, error) < 0)
			return -1;
	return 0;
}

static int build(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct workbench workbench = { .fd = -1 };
	struct rootfs *rootfs = stage->data;
	cleanup_close int mounts_fd = -1;
	struct ironbox_external root = { .kind = IRONBOX_EXTERNAL_ROOT, .path = stage->root_path };
	int result;

	if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return stage->host->fail(error, errno, "cut the mounts off from the host's");
	if (snapshot_mount(stage, error) < 0)
		return -1;
	rootfs->root_fd = root_clone(stage, error);
	if (rootfs->root_fd < 0 || stage->host->set_root(stage, rootfs->root_fd, error) < 0)
		return -1;
	mounts_fd = own_mounts_open(stage, error);
	root.fd = mounts_fd;
	result = mounts_fd < 0 || stage->host->external(stage, &root, error) < 0 ||
	                         make_workbench(stage, &workbench, error) < 0 ||
	                         prepare_mounts(stage, &workbench, error) < 0 ||
	                         prepare_nodes(stage, &workbench, error) < 0
	                 ? -1
	                 : 0;
	ironbox_close_at_end(&workbench.fd);
	return result;
}

int rootfs_restore(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	if (rootfs->tree != TREE_OWN)
		return stage->host->fail(error, 0,
		                         "linux.namespaces: without a mount namespace of its own "
		                         "there is no root that images could stand on");
	if (home_leave(stage, -1, error) < 0 || build(stage, error) < 0)
		return -1; /* teardown comes back */
	/* hooks and the state directory are of the host; the namespace lives on by its fd */
	return home_return(stage, error);
}
