/*
 * snapshot.c: the mounts that make the root of a snapshot, as containerd hands them over.
 *
 * The host is not to see them, so that none can be left there and nobody has to be woken for them:
 * init makes them, in its own mount namespace, and they end with it. In a user namespace init is
 * nobody to the snapshots' directories. Then the runtime makes them before that namespace exists,
 * in a mount namespace of its own in which it stays for the clone: so init's is a copy of that one,
 * in which the kernel has locked what is read-only (mount_namespaces(7)). That costs one unshare(2)
 * and one setns(2) back; a helper would cost a process besides, and a detached tree by fd is none
 * that mount(2) can make, whereas fsconfig(2) of Linux 6.1 can't take an overlay's options.
 *
 * [rootfs] host_visible has them where runc's shim makes them, for who looks there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* In the record, before they are made where the host sees them: "ID PATH", of the mount that the
 * path is on by then. */
#define KEY_BELOW "mounts_on"

struct snapshot_mount {
	const char *type, *source, *target;
	const char *layers;           /* lowerdir=, which may be longer than a page; or NULL */
	struct mount_options options; /* all else */
};

/* What is asked of a runtime and not of mount(2): to carry it out in half would be worse than to
 * say no. */
static int refuse_word(const struct ironbox_stage *stage, const char *word,
                       struct ironbox_error *error)
{
	static const struct {
		const char *word, *why;
	} rows[] = {
		{ "X-containerd.", "an option for containerd, which has not carried it out" },
		{ "loop", "no loop device is set up here" },
		{ "uidmap=", "layers with other ids are not made here" },
		{ "gidmap=", "layers with other ids are not made here" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(word, rows[i].word, strlen(rows[i].word)) == 0)
			return stage->host->fail(error, 0, "option %s: %s", word, rows[i].why);
	return 0;
}

static int read_words(const struct ironbox_stage *stage, const struct ironbox_root_mount *given,
                      struct snapshot_mount *mount, struct ironbox_error *error)
{
	static const char lowerdir[] = "lowerdir=", context[] = "context=";
	bool is_bind = strcmp(mount->type, "bind") == 0;
	const char *const *word;

	for (word = given->options; word && *word; word++)
		is_bind |= strcmp(*word, "bind") == 0 || strcmp(*word, "rbind") == 0;
	for (word = given->options; word && *word; word++) {
		if (refuse_word(stage, *word, error) < 0)
			return -1;
		/* containerd adds the label to all of them; a bind keeps that of its files */
		if (is_bind && strncmp(*word, context, strlen(context)) == 0)
			continue;
		if (strncmp(*word, lowerdir, strlen(lowerdir)) == 0)
			mount->layers = *word + strlen(lowerdir);
		else if (mount_options_add(&mount->options, *word) < 0)
			return stage->host->fail(error, E2BIG, "option %s", *word);
	}
	if (is_bind)
		mount->options.flags |= MS_BIND;
	return 0;
}

static int check(const struct ironbox_stage *stage, const struct snapshot_mount *mount,
                 struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct mount_options *options = &mount->options;
	unsigned i;

	if (!(options->flags & MS_BIND) && !*mount->type)
		return host->fail(error, 0, "no type, and no bind");
	if (options->flags & MS_BIND && !*mount->source)
		return host->fail(error, 0, "a bind without a source");
	if (options->flags & MS_BIND && options->data[0])
		return host->fail(error, 0, "option %s: a bind has no file system to take it",
		                  options->data);
	if (mount->layers && strcmp(mount->type, "overlay") != 0)
		return host->fail(error, 0, "option lowerdir: it is an overlay's");
	if (options->flags & MS_REMOUNT || options->idmap || options->copy_up)
		return host->fail(error, 0, "remount, idmap and tmpcopyup are for mounts[]");
	for (i = 0; i < options->propagation_count; i++)
		if (options->propagation[i].type != MS_PRIVATE)
			return host->fail(error, 0, "a snapshot's mounts are private");
	return 0;
}

static int read_mount(const struct ironbox_stage *stage, const struct ironbox_root_mount *given,
                      struct snapshot_mount *mount, struct ironbox_error *error)
{
	/* not = { 0 }: the data is a page, and its first byte is enough */
	memset(mount, 0, offsetof(struct snapshot_mount, options.data) + 1);
	mount->type = given->type ? given->type : "";
	mount->source = given->source ? given->source : "";
	mount->target = given->target ? given->target : "";
	if (read_words(stage, given, mount, error) < 0)
		return -1;
	return check(stage, mount, error);
}

/* Which of them it is. Not with all of its options: 100 layers would fill an error. */
static void describe(const struct ironbox_root_mount *given, char *text, size_t size)
{
	const char *const *word;
	char options[200] = "";
	size_t at = 0;

	for (word = given->options; word && *word && at < sizeof(options); word++)
		at += (size_t)snprintf(options + at, sizeof(options) - at, "%s%s", at ? "," : "",
		                       *word);
	snprintf(text, size, "the snapshot's mount of %s, type %s, options %s%s",
	         given->source ? given->source : "nothing", given->type ? given->type : "none",
	         options, at < sizeof(options) ? "" : "…");
}

static int name_mount(const struct ironbox_stage *stage, const struct ironbox_root_mount *given,
                      struct ironbox_error *error)
{
	char text[600];

	describe(given, text, sizeof(text));
	return stage->host->context(error, "%s", text);
}

int snapshot_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct rootfs *rootfs = stage->data;
	struct snapshot_mount mount;
	size_t i;

	rootfs->snapshot_count = host->take_root_mounts(stage, &rootfs->snapshot);
	if (rootfs->snapshot_count > 0 && rootfs->tree != TREE_OWN && !rootfs->host_visible)
		return host->fail(error, 0,
		                  "linux.namespaces: without a mount namespace of the container's "
		                  "own the snapshot's mounts would be the host's; [rootfs] "
		                  "host_visible = yes lets them");
	for (i = 0; i < rootfs->snapshot_count; i++)
		if (read_mount(stage, &rootfs->snapshot[i], &mount, error) < 0)
			return name_mount(stage, &rootfs->snapshot[i], error);
	return 0;
}

/* The path of the root is the caller's own; what lies below it is an image's, once that is mounted.
 */
static int open_point(const struct ironbox_stage *stage, const struct snapshot_mount *mount,
                      struct ironbox_error *error)
{
	cleanup_close int root_fd = open(stage->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root_fd < 0)
		return stage->host->fail(error, errno, "open %s", stage->root_path);
	if (!*mount->target)
		return steal_fd(&root_fd);
	fd = path_in_root(root_fd, mount->target, O_PATH);
	return fd < 0 ? stage->host->fail(error, errno, "open %s in the root", mount->target) : fd;
}

static int make_bind(const struct ironbox_stage *stage, const struct snapshot_mount *mount,
                     int point_fd, struct ironbox_error *error)
{
	unsigned recursive = mount->options.flags & MS_REC ? AT_RECURSIVE : 0;
	struct mount_attr private = { .propagation = MS_PRIVATE };
	cleanup_close int fd =
		open_tree(AT_FDCWD, mount->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);

	if (fd < 0)
		return stage->host->fail(error, errno, "open the source");
	if (mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof(private)) < 0)
		return stage->host->fail(error, errno, "cut it off from the host");
	if (bind_set_attributes(stage, fd, &mount->options, error) < 0)
		return -1;
	return mount_place(stage, fd, point_fd, *mount->target ? mount->target : "the root", error);
}

static int make_filesystem(const struct ironbox_stage *stage, const struct snapshot_mount *wanted,
                           int point_fd, struct ironbox_error *error)
{
	const char *source = *wanted->source ? wanted->source : wanted->type;
	unsigned long flags = filesystem_flags(&wanted->options);
	char point[32];

	/* the host's procfs, and the link leads to the fd: this name can't be led astray */
	snprintf(point, sizeof(point), "/proc/self/fd/%d", point_fd);
	if (wanted->layers) {
		const struct overlay overlay = { source, point, wanted->layers,
			                         wanted->options.data, flags };

		return overlay_mount(stage, &overlay, error);
	}
	if (mount(source, point, wanted->type, flags, wanted->options.data) < 0)
		return stage->host->fail(error, errno, "mount");
	return 0;
}

static int make_one(const struct ironbox_stage *stage, const struct ironbox_root_mount *given,
                    struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;
	struct snapshot_mount mount;
	char what[600];
	cleanup_close int point_fd = -1;

	describe(given, what, sizeof(what));
	stage->host->progress(stage, what);
	if (read_mount(stage, given, &mount, error) < 0)
		return -1;
	point_fd = open_point(stage, &mount, error);
	if (point_fd < 0)
		return -1;
	rootfs->snapshot_is_root |= !*mount.target;
	return mount.options.flags & MS_BIND ? make_bind(stage, &mount, point_fd, error)
	                                     : make_filesystem(stage, &mount, point_fd, error);
}

int snapshot_mount(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct rootfs *rootfs = stage->data;
	size_t i;

	if (rootfs->snapshot_stands)
		return 0;
	for (i = 0; i < rootfs->snapshot_count; i++)
		if (make_one(stage, &rootfs->snapshot[i], error) < 0)
			return name_mount(stage, &rootfs->snapshot[i], error);
	rootfs->snapshot_stands = true;
	return 0;
}

/* ---- where the host sees them ---- */

/* The mount that a path is on. 0 with errno: it can't be said. */
static uint64_t mount_of(const char *path)
{
	struct statx status;

	/* Linux 5.8. Nothing is asked of the file system, which may hang. */
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) <
	    0)
		return 0;
	return status.stx_mnt_id;
}

static int mount_visibly(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	char below[PATH_MAX + 32];
	cleanup_close int root_fd = -1;

	if ((size_t)snprintf(below, sizeof(below), "%llu %s",
	                     (unsigned long long)mount_of(stage->root_path),
	                     stage->root_path) >= sizeof(below))
		return host->fail(error, ENAMETOOLONG, "root.path");
	if (host->remember(stage, KEY_BELOW, below, error) < 0 || snapshot_mount(stage, error) < 0)
		return -1;
	root_fd = open(stage->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return host->fail(error, errno, "open %s", stage->root_path);
	return host->set_root(stage, root_fd, error);
}

/* At once where nobody is in it, for then the snapshot can be removed at once. */
static int unmount(const char *path)
{
	if (umount2(path, UMOUNT_NOFOLLOW) == 0)
		return 0;
	return errno == EBUSY ? umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH) : -1;
}

/* Takes away what lies over the path, up to the mount that it was on before. */
int snapshot_unmount(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const char *text = stage->host->recall(stage, KEY_BELOW), *path;
	unsigned long long below;
	uint64_t top;
	int at = 0;

	if (!text)
		return 0;
	if (sscanf(text, "%llu %n", &below, &at) != 1 || text[at] != '/')
		return stage->host->fail(error, 0, "the record has no mount point: %s", text);
	path = text + at;
	for (;;) {
		top = mount_of(path);
		if (top == below || (top == 0 && errno == ENOENT))
			return 0;
		/* EINVAL: it is no mount point, for what it was on is gone */
		if (top == 0 || unmount(path) < 0)
			return errno == EINVAL
			               ? 0
			               : stage->host->fail(error, errno, "unmount %s", path);
	}
}

int snapshot_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;

	if (rootfs->snapshot_count == 0)
		return 0;
	if (rootfs->host_visible)
		return mount_visibly(stage, error);
	if (!rootfs->runtime_enters) /* init, or restore.c */
		return 0;
	if (home_leave(stage, -1, error) < 0 || root_cut_off(stage, error) < 0)
		return -1;
	return snapshot_mount(stage, error);
}
