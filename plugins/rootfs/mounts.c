/* mounts.c: mounts[], in their order: where each may be, and what it is. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* What may be mounted below /proc: what lxcfs gives, and no more. All else could fake the files
 * that the runtime writes labels to, or hide masks (CVE-2019-16884, CVE-2019-19921). */
static const char *const proc_files[] = {
	"cpuinfo",
	"diskstats",
	"loadavg",
	"meminfo",
	"slabinfo",
	"stat",
	"swaps",
	"uptime",
	"sys/kernel/ns_last_pid",
	"sys/crypto/fips_enabled",
};

static bool is_proc_file(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(proc_files) / sizeof(proc_files[0]); i++)
		if (strcmp(name, proc_files[i]) == 0)
			return true;
	return false;
}

static bool is_type(const struct mount *mount, const char *type)
{
	return !mount_is_bind(mount) && mount->type && strcmp(mount->type, type) == 0;
}

/* Through a symlink a procfs would stand elsewhere, and its masks nowhere (CVE-2023-27561). */
static bool has_to_be_real(const struct mount *mount)
{
	const char *sys = path_below(mount->destination, "sys");

	return is_type(mount, "proc") || is_type(mount, "sysfs") || (sys && !*sys) ||
	       path_below(mount->destination, "proc");
}

static bool has_parent_reference(const char *path)
{
	while (path) {
		path += strspn(path, "/");
		if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || !path[2]))
			return true;
		path = strchr(path, '/');
	}
	return false;
}

static int validate_destination(const struct ironbox_stage *stage, const struct mount *mount,
                                struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *name = path_below(mount->destination, "proc");

	if (!mount->destination[0])
		return host->fail(error, 0, "empty");
	if (has_parent_reference(mount->destination))
		return host->fail(error, 0, "%s: .. is not allowed", mount->destination);
	if (path_below(mount->destination, ""))
		return host->fail(error, 0, "%s is the root itself", mount->destination);
	if (!name || mount->options.flags & MS_REMOUNT)
		return 0;
	if (*name && !is_proc_file(name))
		return host->fail(error, 0, "%s: nothing may be mounted inside of /proc there",
		                  mount->destination);
	if (!*name && !is_type(mount, "proc") && !mount_is_bind(mount))
		return host->fail(error, 0, "%s: only a procfs may be mounted there",
		                  mount->destination);
	return 0;
}

static int validate_kind(const struct ironbox_stage *stage, const struct mount *mount,
                         struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	bool has_uids = host->count(mount->uid_mappings) > 0;

	if (mount_is_bind(mount) && (!mount->source || !mount->source[0]))
		return host->fail(error, 0, "mounts[%zu].source: a bind needs one", mount->index);
	if (mount_is_bind(mount) && mount->options.data[0])
		return host->fail(error, 0,
		                  "mounts[%zu].options: %s: no such option, and a bind has no file "
		                  "system to take it",
		                  mount->index, mount->options.data);
	if (!mount_is_bind(mount) && !(mount->options.flags & MS_REMOUNT) &&
	    (!mount->type || !mount->type[0]))
		return host->fail(error, 0, "mounts[%zu].type: missing, and it is no bind",
		                  mount->index);
	if (mount->options.copy_up && !is_type(mount, "tmpfs"))
		return host->fail(error, 0, "mounts[%zu].options: tmpcopyup is for tmpfs",
		                  mount->index);
	if (!mount->options.idmap)
		return 0;
	if (!mount_is_bind(mount))
		return host->fail(error, 0, "mounts[%zu]: idmap is for binds", mount->index);
	if (has_uids != (host->count(mount->gid_mappings) > 0))
		return host->fail(error, 0, "mounts[%zu]: uidMappings and gidMappings go together",
		                  mount->index);
	if (!has_uids && !rootfs->in_user_namespace)
		return host->fail(error, 0,
		                  "mounts[%zu]: idmap without uidMappings needs a user namespace",
		                  mount->index);
	return 0;
}

int mounts_validate(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_value *mounts = stage->host->spec(stage, "mounts");
	size_t i, count = stage->host->count(mounts);
	struct mount mount;

	for (i = 0; i < count; i++) {
		if (mount_read(stage, mounts, i, &mount, error) < 0 ||
		    validate_kind(stage, &mount, error) < 0)
			return -1;
		if (validate_destination(stage, &mount, error) < 0)
			return stage->host->context(error, "mounts[%zu].destination", i);
	}
	return 0;
}

/* The string says where it was asked for; the fd says where it came to. A symlink of the image, or
 * another container that shares a volume, may lead the one to the other's /proc. */
static int check_point(const struct ironbox_stage *stage, const struct mount *mount, int fd,
                       struct ironbox_error *error)
{
	const char *name = path_below(mount->destination, "proc");

	if (!name && is_on(fd, PROC_SUPER_MAGIC))
		return stage->host->fail(error, 0, "%s leads into a procfs", mount->destination);
	return 0;
}

int mount_point_open(const struct ironbox_stage *stage, const struct mount *mount, int source_fd,
                     bool *made, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	bool real = has_to_be_real(mount);
	struct stat status;
	cleanup_close int fd = -1;

	*made = false;
	fd = real ? path_without_links(rootfs->root_fd, mount->destination, O_PATH)
	          : path_in_root(rootfs->root_fd, mount->destination, O_PATH);
	if (fd < 0 && errno == ENOENT) {
		bool directory =
			source_fd < 0 || fstat(source_fd, &status) < 0 || S_ISDIR(status.st_mode);

		replace_fd(&fd, path_make(rootfs->root_fd, mount->destination, directory));
		*made = fd >= 0;
		if (*made && real)
			replace_fd(&fd,
			           path_without_links(rootfs->root_fd, mount->destination, O_PATH));
	}
	if (fd < 0 && errno == ELOOP && real)
		return stage->host->fail(error, 0, "%s is a symlink, or below one, in the image",
		                         mount->destination);
	if (fd < 0)
		return stage->host->fail(error, errno, "open the mount point %s",
		                         mount->destination);
	return check_point(stage, mount, fd, error) < 0 ? -1 : steal_fd(&fd);
}

static bool is_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

int mount_place(const struct ironbox_stage *stage, int mount_fd, int point_fd, const char *where,
                struct ironbox_error *error)
{
	int code;

	if (move_mount(mount_fd, "", point_fd, "",
	               MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return 0;
	code = errno;
	/* callers look for these words, and tell the user what to do about it */
	if (is_directory(mount_fd) != is_directory(point_fd))
		return stage->host->fail(error, 0, "mount on %s: one of both is not a directory",
		                         where);
	return stage->host->fail(error, code, "mount on %s", where);
}

/* `remount`: what stands there gets these flags; nothing is made. */
static int remount(const struct ironbox_stage *stage, const struct mount *wanted,
                   struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	cleanup_close int fd = path_in_root(rootfs->root_fd, wanted->destination, O_PATH);
	struct mount_options late = wanted->options;
	char path[32];

	if (fd < 0)
		return stage->host->fail(error, errno, "open %s", wanted->destination);
	/* the host's procfs, and the link leads to the fd: this name can't be led astray */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (mount(NULL, path, NULL, late.flags & ~(unsigned long)MS_REC, late.data) < 0)
		return stage->host->fail(error, errno, "remount %s", wanted->destination);
	late.flags = 0;
	return bind_set_attributes(stage, fd, &late, error);
}

static bool is_readonly_tmpfs(const struct mount *mount)
{
	return is_type(mount, "tmpfs") && mount->options.flags & MS_RDONLY;
}

void mount_progress(const struct ironbox_stage *stage, const struct mount *mount)
{
	char what[256];

	snprintf(what, sizeof(what), "mounts[%zu], %s on %s", mount->index,
	         mount->source ? mount->source : "none", mount->destination);
	stage->host->progress(stage, what);
}

static int mount_one(struct ironbox_stage *stage, struct mount *mount, int early_fd,
                     struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;

	if (mount_is_bind(mount))
		return bind_mount(stage, mount, early_fd, error);
	if (mount->options.flags & MS_REMOUNT)
		return remount(stage, mount, error);
	if (is_type(mount, "cgroup") || is_type(mount, "cgroup2"))
		return cgroups_mount(stage, mount, error);
	if (is_readonly_tmpfs(mount)) { /* mounts_finish */
		mount->options.flags &= ~(unsigned long)MS_RDONLY;
		rootfs->has_late_readonly = true;
	}
	return filesystem_mount(stage, mount, error);
}

/* What later steps have to know: whose /dev is, and that /proc is a procfs. */
static void note(struct rootfs *rootfs, const struct mount *mount)
{
	const char *dev = path_below(mount->destination, "dev"),
		   *proc = path_below(mount->destination, "proc");

	if (mount->options.flags & MS_REMOUNT)
		return;
	if (dev && !*dev) {
		rootfs->dev_is_bound = mount_is_bind(mount);
		rootfs->dev_is_ours = !rootfs->dev_is_bound;
	}
	if (proc && !*proc)
		rootfs->has_proc = true;
}

static bool is_shared(const struct mount_options *options)
{
	unsigned i;

	for (i = 0; i < options->propagation_count; i++)
		if (options->propagation[i].type == MS_SHARED)
			return true;
	return false;
}

/* A bind that is shared with the host has to be copied while the host's tree is still shared: only
 * where the root is to be shared too. Else the word makes peers inside, and nothing reaches the
 * host, as its callers know it of runc and crun. The fds, one for each mount (-1: none), or NULL
 * where no bind is; init ends with execve(2). */
static int copy_shared(const struct ironbox_stage *stage, const struct ironbox_value *mounts,
                       size_t count, int **fds, struct ironbox_error *error)
{
	struct mount mount;
	size_t i;

	if (!(root_propagation(stage) & MS_SHARED))
		return 0;
	for (i = 0; i < count; i++) {
		if (mount_read(stage, mounts, i, &mount, error) < 0)
			return -1;
		if (!mount_is_bind(&mount) || !is_shared(&mount.options) ||
		    source_is_sent(stage, &mount))
			continue;
		if (!*fds) {
			*fds = malloc(count * sizeof(**fds));
			if (!*fds)
				return stage->host->fail(error, errno, "mounts: remember %zu",
				                         count);
			memset(*fds, 0xff, count * sizeof(**fds));
		}
		(*fds)[i] = source_clone(stage, &mount, error);
		if ((*fds)[i] < 0)
			return stage->host->context(error, "mounts[%zu]", i);
	}
	return 0;
}

int mounts_make(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;
	const struct ironbox_value *mounts = stage->host->spec(stage, "mounts");
	size_t i, count = stage->host->count(mounts);
	cleanup_free int *shared_fds = NULL;
	struct mount mount;

	if (rootfs->tree != TREE_OWN)
		return 0; /* validate has seen that there are none */
	if (copy_shared(stage, mounts, count, &shared_fds, error) < 0 ||
	    root_mount(stage, error) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (mount_read(stage, mounts, i, &mount, error) < 0)
			return -1;
		mount_progress(stage, &mount);
		if (mount_one(stage, &mount, shared_fds ? shared_fds[i] : -1, error) < 0)
			return stage->host->context(error, "mounts[%zu]", i);
		note(rootfs, &mount);
	}
	return 0;
}

int mounts_finish(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	const struct ironbox_value *mounts = host->spec(stage, "mounts");
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	size_t i, count = rootfs->has_late_readonly ? host->count(mounts) : 0;
	struct mount mount;

	for (i = 0; i < count; i++) {
		cleanup_close int fd = -1;

		if (mount_read(stage, mounts, i, &mount, error) < 0)
			return -1;
		if (!is_readonly_tmpfs(&mount))
			continue;
		fd = path_in_root(rootfs->root_fd, mount.destination, O_PATH);
		if (fd < 0 || !is_on(fd, TMPFS_MAGIC)) /* a later mount lies over it */
			continue;
		if (mount_setattr(fd, "", AT_EMPTY_PATH, &readonly, sizeof(readonly)) < 0)
			return host->fail(error, errno, "mounts[%zu]: make %s read-only", i,
			                  mount.destination);
	}
	return 0;
}
