/* filesystem.c: mounts of a type: proc, tmpfs, overlay, and whatever else the kernel knows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* These live in memory: neither their source nor their options are paths, which would be looked up
 * from the mount point where that is the working directory. */
static bool has_no_paths(const char *type)
{
	static const char *const types[] = { "proc",   "sysfs",   "tmpfs", "devpts",
		                             "mqueue", "cgroup2", "ramfs" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

unsigned long filesystem_flags(const struct mount_options *options)
{
	static const struct {
		uint64_t attribute;
		unsigned long flag;
	} rows[] = {
		{ MOUNT_ATTR_RDONLY, MS_RDONLY },
		{ MOUNT_ATTR_NOSUID, MS_NOSUID },
		{ MOUNT_ATTR_NODEV, MS_NODEV },
		{ MOUNT_ATTR_NOEXEC, MS_NOEXEC },
		{ MOUNT_ATTR_NOATIME, MS_NOATIME },
		{ MOUNT_ATTR_STRICTATIME, MS_STRICTATIME },
		{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME },
		{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
	};
	unsigned long flags = options->flags & ~(unsigned long)MS_REC;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (options->recursive_clear & rows[i].attribute)
			flags &= ~rows[i].flag;
		if (options->recursive_set & rows[i].attribute)
			flags |= rows[i].flag;
	}
	return flags;
}

/* A tmpfs that says nothing of its mode takes that of the directory which it covers, as a tmpfs on
 * /tmp has to be everybody's. */
static int take_mode(const struct ironbox_stage *stage, struct mount *mount, int point_fd,
                     struct ironbox_error *error)
{
	size_t length = strlen(mount->options.data);
	struct stat status;
	int written;

	if (strcmp(mount->type, "tmpfs") != 0 || data_has(mount->options.data, "mode="))
		return 0;
	if (fstat(point_fd, &status) < 0)
		return stage->host->fail(error, errno, "look at %s", mount->destination);
	written = snprintf(mount->options.data + length, sizeof(mount->options.data) - length,
	                   "%smode=%o", length ? "," : "", status.st_mode & 07777);
	if ((size_t)written >= sizeof(mount->options.data) - length)
		return stage->host->fail(error, E2BIG, "options of %s", mount->destination);
	return 0;
}

static int configure(int context_fd, const char *key, const char *value)
{
	return fsconfig(context_fd, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);
}

/* "size=64k,noswap" goes word by word. */
static int configure_data(const struct ironbox_stage *stage, int context_fd, const char *type,
                          const char *data, struct ironbox_error *error)
{
	char words[sizeof(((struct mount_options *)0)->data)], *rest = words, *word, *value;

	memcpy(words, data, strlen(data) + 1);
	while ((word = data_next(&rest)) != NULL) {
		if (!*word)
			continue;
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		if (configure(context_fd, word, value) < 0)
			return stage->host->fail(error, errno, "option %s of a %s", word, type);
	}
	return 0;
}

/* The flags that are the superblock's and not the mount's. */
static int configure_flags(const struct ironbox_stage *stage, int context_fd, unsigned long flags,
                           struct ironbox_error *error)
{
	static const struct {
		unsigned long flag;
		const char *name;
	} rows[] = {
		{ MS_SYNCHRONOUS, "sync" },  { MS_DIRSYNC, "dirsync" },    { MS_MANDLOCK, "mand" },
		{ MS_LAZYTIME, "lazytime" }, { MS_I_VERSION, "iversion" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (flags & rows[i].flag && configure(context_fd, rows[i].name, NULL) < 0)
			return stage->host->fail(error, errno, "option %s", rows[i].name);
	return 0;
}

int filesystem_make(const struct ironbox_stage *stage, const char *type, const char *source,
                    const struct mount_options *options, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	unsigned long flags = filesystem_flags(options);
	uint64_t clear;
	unsigned attributes = (unsigned)attributes_of_flags(flags, &clear);
	const char *label = label_of(stage, type, options->data);
	cleanup_close int context_fd = fsopen(type, FSOPEN_CLOEXEC);
	int mount_fd;

	if (context_fd < 0)
		return host->fail(error, errno, "file system type %s", type);
	if (configure(context_fd, "source", source) < 0)
		return host->fail(error, errno, "source %s of a %s", source, type);
	if (label && configure(context_fd, "context", label) < 0)
		return host->fail(error, errno, "label %s of a %s", label, type);
	if (configure_data(stage, context_fd, type, options->data, error) < 0 ||
	    configure_flags(stage, context_fd, flags, error) < 0)
		return -1;
	if (fsconfig(context_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return host->fail(error, errno, "make a %s", type);
	mount_fd = fsmount(context_fd, FSMOUNT_CLOEXEC, attributes);
	return mount_fd < 0 ? host->fail(error, errno, "make a mount of a %s", type) : mount_fd;
}

/* Does it need what mount(2) does not give in one step? */
static bool is_made_apart(const struct mount_options *options)
{
	unsigned i;

	/* a new file system is private already, and slave to nobody */
	for (i = 0; i < options->propagation_count; i++)
		if (options->propagation[i].type & (MS_SHARED | MS_UNBINDABLE))
			return true;
	return options->copy_up;
}

static int mount_apart(const struct ironbox_stage *stage, const struct mount *mount,
                       const char *source, int point_fd, bool copy, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct mount_options first = mount->options, late = mount->options;
	cleanup_close int mount_fd = -1, image_fd = -1;

	/* read-only comes last of all: there may be something to copy up before */
	first.flags = filesystem_flags(&mount->options) & ~(unsigned long)MS_RDONLY;
	late.flags = filesystem_flags(&mount->options) & MS_RDONLY;
	first.recursive_set = first.recursive_clear = 0;
	late.recursive_set = late.recursive_clear = 0;
	mount_fd = filesystem_make(stage, mount->type, source, &first, error);
	if (mount_fd < 0 ||
	    (label_is_set_apart(stage, mount->type) && label_set(stage, mount_fd, error) < 0))
		return -1;
	if (copy) {
		image_fd = path_at(point_fd, ".", O_RDONLY | O_DIRECTORY, 0);
		if (image_fd < 0)
			return host->fail(error, errno, "open %s", mount->destination);
		if (copy_up(stage, image_fd, mount_fd, error) < 0)
			return host->context(error, "copy %s up", mount->destination);
	}
	if (bind_set_attributes(stage, mount_fd, &late, error) < 0)
		return -1;
	return mount_place(stage, mount_fd, point_fd, mount->destination, error);
}

/* What the kernel means by errno where there is more than one reason for it. */
static const char *reason(const struct mount *mount, int code)
{
	if (code == EPERM && strcmp(mount->type, "proc") == 0)
		return " (it takes a pid namespace of its own, and in a user namespace a /proc "
		       "of the host's without masks)";
	if (code == EPERM && strcmp(mount->type, "sysfs") == 0)
		return " (it takes a network namespace of its own, and in a user namespace a "
		       "/sys of the host's without masks; a bind of /sys takes neither)";
	if (code == EPERM && strcmp(mount->type, "mqueue") == 0)
		return " (it takes an ipc namespace of its own)";
	if (code == EINVAL && data_has(mount->options.data, "gid="))
		return " (the user namespace may have no such gid)";
	return "";
}

int filesystem_mount(const struct ironbox_stage *stage, struct mount *wanted,
                     struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *source = wanted->source && *wanted->source ? wanted->source : wanted->type;
	char *data = wanted->options.data;
	bool made;
	char path[32] = ".";
	cleanup_close int point_fd = mount_point_open(stage, wanted, -1, &made, error);

	if (point_fd < 0 || (!made && take_mode(stage, wanted, point_fd, error) < 0))
		return -1;
	if (is_made_apart(&wanted->options) || label_is_set_apart(stage, wanted->type))
		return mount_apart(stage, wanted, source, point_fd,
		                   wanted->options.copy_up && !made, error);
	if (label_add(stage, wanted, data, sizeof(wanted->options.data), error) < 0)
		return -1;
	/* One mount(2) makes it with all its flags, in the place that the fd is. */
	if (!has_no_paths(wanted->type))
		snprintf(path, sizeof(path), "/proc/self/fd/%d", point_fd);
	else if (fchdir(point_fd) < 0)
		return host->fail(error, errno, "go to %s", wanted->destination);
	if (mount(source, path, wanted->type, filesystem_flags(&wanted->options),
	          *data ? data : NULL) < 0)
		return host->fail(error, errno, "mount %s of type %s on %s (%s)%s", source,
		                  wanted->type, wanted->destination, data, reason(wanted, errno));
	return 0;
}
