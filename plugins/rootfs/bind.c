/* bind.c: a bind is a copy of a mount that is made apart, gets its attributes, then its place. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

enum { PROC_ROOT_INODE = 1 };

/* In a user namespace the times of a mount that came from outside are locked, too
 * (mount_namespaces(7)). Callers ask for relatime by habit, which protects nothing: then the mount
 * keeps what it has. */
static bool gives_up_relatime(struct mount_attr *attr)
{
	if (errno != EPERM || attr->attr_clr != MOUNT_ATTR__ATIME ||
	    attr->attr_set & MOUNT_ATTR__ATIME)
		return false;
	attr->attr_clr = 0;
	return true;
}

static int set_attributes(const struct ironbox_stage *stage, int mount_fd, unsigned recursive,
                          struct mount_attr *attr, struct ironbox_error *error)
{
	if (!attr->attr_set && !attr->attr_clr && !attr->propagation)
		return 0;
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH | recursive, attr, sizeof(*attr)) == 0)
		return 0;
	if (gives_up_relatime(attr))
		return set_attributes(stage, mount_fd, recursive, attr, error);
	return stage->host->fail(error, errno, "set the attributes of the mount");
}

/*
 * ro, nosuid and their like are added to what the host's mount has. rw, suid and their like take
 * nothing of that away: what the host has mounted nosuid stays nosuid. rrw and rsuid do ask for it.
 */
int bind_set_attributes(const struct ironbox_stage *stage, int mount_fd,
                        const struct mount_options *options, struct ironbox_error *error)
{
	bool alone = !(options->flags & MS_REC); /* there is nothing below it */
	struct mount_attr top = { 0 }, below = { .attr_set = options->recursive_set,
		                                 .attr_clr = options->recursive_clear };
	uint64_t clear;
	unsigned i = 0;

	top.attr_set = attributes_of_flags(options->flags, &clear);
	top.attr_clr = clear;
	/* one call for both, where it comes to the same */
	if (options->propagation_count > 0 && (alone || !options->propagation[0].recursive))
		top.propagation = options->propagation[i++].type;
	if (set_attributes(stage, mount_fd, 0, &top, error) < 0 ||
	    set_attributes(stage, mount_fd, AT_RECURSIVE, &below, error) < 0)
		return -1;
	for (; i < options->propagation_count; i++) {
		struct mount_attr attr = { .propagation = options->propagation[i].type };
		unsigned recursive = options->propagation[i].recursive ? AT_RECURSIVE : 0;

		if (set_attributes(stage, mount_fd, recursive, &attr, error) < 0)
			return -1;
	}
	return 0;
}

/* On /proc itself nothing may stand that is no procfs: not by its path, by its inode. */
static int check_proc(const struct ironbox_stage *stage, const struct mount *mount, int source_fd,
                      struct ironbox_error *error)
{
	const char *name = path_below(mount->destination, "proc");
	struct stat status;

	if (!name || *name)
		return 0;
	if (fstat(source_fd, &status) < 0)
		return stage->host->fail(error, errno, "look at %s", mount->source);
	if (!is_on(source_fd, PROC_SUPER_MAGIC) || status.st_ino != PROC_ROOT_INODE)
		return stage->host->fail(error, 0, "%s: only a procfs may be mounted on /proc",
		                         mount->source);
	return 0;
}

static int take_source(struct ironbox_stage *stage, const struct mount *mount, int early_fd,
                       struct ironbox_error *error)
{
	if (early_fd >= 0)
		return early_fd;
	if (source_is_sent(stage, mount))
		return source_receive(stage, mount, error);
	return source_clone(stage, mount, error);
}

int bind_mount(struct ironbox_stage *stage, const struct mount *mount, int early_fd,
               struct ironbox_error *error)
{
	cleanup_close int source_fd = take_source(stage, mount, early_fd, error);
	cleanup_close int point_fd = -1;
	bool made;

	if (source_fd < 0 || check_proc(stage, mount, source_fd, error) < 0 ||
	    bind_set_attributes(stage, source_fd, &mount->options, error) < 0)
		return -1;
	point_fd = mount_point_open(stage, mount, source_fd, &made, error);
	if (point_fd < 0)
		return -1;
	return mount_place(stage, source_fd, point_fd, mount->destination, error);
}
