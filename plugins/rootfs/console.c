/*
 * console.c: the terminal of process.terminal, and /dev/console.
 *
 * The terminal comes from the container's own devpts, which is seen to be one, and its other side
 * by ioctl(2) and not by a name: /dev/pts/0 of the image could lead to a file of procfs
 * (CVE-2025-52565).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

enum { PTMX_INODE = 2 }; /* fs/devpts/inode.c; 1 is the root */

struct console {
	bool terminal;
	const struct ironbox_value *size, *user;
};

struct console_size {
	uint32_t height, width;
};

struct console_user {
	uint32_t uid;
};

static void read_console(const struct ironbox_stage *stage, struct console *console)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct console, terminal, "terminal"),
		IRONBOX_FIELD(struct console, size, "consoleSize"),
		IRONBOX_FIELD(struct console, user, "user"),
		IRONBOX_FIELD_END,
	};

	*console = (struct console){ 0 };
	/* the types were checked with the whole document: it cannot fail */
	stage->host->read(stage, stage->host->spec(stage, "process"), fields, console, NULL);
}

bool console_is_asked(const struct ironbox_stage *stage)
{
	struct console console;

	read_console(stage, &console);
	return console.terminal;
}

static bool is_ptmx(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
	       status.st_rdev == makedev(5, 2);
}

/* The node of /dev. The kernel takes it to the devpts at "pts" beside it (fs/devpts/inode.c,
 * devpts_mntget). It is looked at before it is opened: to open a device may do something. */
static int open_ptmx_of_dev(const struct rootfs *rootfs)
{
	cleanup_close int fd = path_without_links(rootfs->root_fd, "dev/ptmx", O_PATH);

	if (fd < 0 || !is_ptmx(fd))
		return -1;
	replace_fd(&fd, path_without_links(rootfs->root_fd, "dev/ptmx", O_RDWR | O_NOCTTY));
	return fd >= 0 && is_ptmx(fd) ? steal_fd(&fd) : -1;
}

/* Not what may be mounted over it; opened only after the directory was seen to be devpts. */
static int open_ptmx_of_devpts(const struct ironbox_stage *stage, int pts_fd,
                               struct ironbox_error *error)
{
	struct stat status;
	cleanup_close int fd = path_at(pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW,
	                               RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
	int code = errno;

	/* In a user namespace with the host's /dev: this one is for the host's root alone, as a
	 * rule (ptmxmode=000). */
	if (fd < 0 && code == EACCES) {
		replace_fd(&fd, open_ptmx_of_dev(stage->data));
		if (fd >= 0)
			return steal_fd(&fd);
	}
	if (fd < 0)
		return stage->host->fail(error, code, "process.terminal: open /dev/pts/ptmx");
	if (!is_ptmx(fd) || fstat(fd, &status) < 0 || status.st_ino != PTMX_INODE)
		return stage->host->fail(
			error, 0, "process.terminal: /dev/pts/ptmx is not what it should be");
	return steal_fd(&fd);
}

/* The master, from the devpts at /dev/pts, whose number is *devpts. */
static int open_master(const struct ironbox_stage *stage, dev_t *devpts,
                       struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	struct stat status;
	int unlock = 0;
	cleanup_close int fd = -1;
	cleanup_close int pts_fd =
		path_without_links(rootfs->root_fd, "dev/pts", O_PATH | O_DIRECTORY);

	if (pts_fd < 0 || fstat(pts_fd, &status) < 0)
		return host->fail(error, errno, "process.terminal: open /dev/pts");
	if (!is_on(pts_fd, DEVPTS_SUPER_MAGIC))
		return host->fail(error, 0, "process.terminal: /dev/pts is no devpts");
	*devpts = status.st_dev;
	fd = open_ptmx_of_devpts(stage, pts_fd, error);
	if (fd < 0)
		return -1;
	if (ioctl(fd, TIOCSPTLCK, &unlock) < 0)
		return host->fail(error, errno, "process.terminal: unlock the terminal");
	return steal_fd(&fd);
}

static int open_peer(const struct ironbox_stage *stage, int master_fd, dev_t devpts,
                     const struct console *console, struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct console_user, uid, "uid"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_host *host = stage->host;
	struct console_user user = { 0 };
	struct stat status;
	cleanup_close int fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) < 0)
		return host->fail(error, errno, "process.terminal: open the container's side");
	if (status.st_dev != devpts)
		return host->fail(error, 0, "process.terminal: /dev/ptmx is not that of /dev/pts");
	if (host->read(stage, console->user, fields, &user, error) < 0)
		return -1;
	/* so that the process may open its own terminal again; the group is the mount's, tty */
	if (user.uid != 0 && fchown(fd, user.uid, (gid_t)-1) < 0)
		return host->fail(error, errno, "process.terminal: give it to uid %u", user.uid);
	return steal_fd(&fd);
}

static int set_size(const struct ironbox_stage *stage, int master_fd, const struct console *console,
                    struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct console_size, height, "height"),
		IRONBOX_FIELD(struct console_size, width, "width"),
		IRONBOX_FIELD_END,
	};
	struct console_size size = { 0 };
	struct winsize winsize = { 0 };

	if (stage->host->read(stage, console->size, fields, &size, error) < 0)
		return -1;
	if (!size.height && !size.width)
		return 0;
	if (size.height > UINT16_MAX || size.width > UINT16_MAX)
		return stage->host->fail(error, ERANGE, "process.consoleSize: %u x %u", size.height,
		                         size.width);
	winsize.ws_row = (unsigned short)size.height;
	winsize.ws_col = (unsigned short)size.width;
	if (ioctl(master_fd, TIOCSWINSZ, &winsize) < 0)
		return stage->host->fail(error, errno, "process.consoleSize");
	return 0;
}

/* The mount point of /dev/console: what the image has there may be a node or a file, as engines
 * leave them, and no symlink. */
static int open_point(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct rootfs *rootfs = stage->data;
	struct stat status;
	cleanup_close int fd = openat(rootfs->dev_fd, "console",
	                              O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (fd >= 0)
		return steal_fd(&fd);
	if (errno != EEXIST && errno != EROFS)
		return host->fail(error, errno, "make /dev/console");
	fd = openat(rootfs->dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return host->fail(error, errno, "open /dev/console");
	if (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode))
		return host->fail(error, 0, "/dev/console in the image is no file to mount on");
	return steal_fd(&fd);
}

static int mount_console(const struct ironbox_stage *stage, int peer_fd,
                         struct ironbox_error *error)
{
	cleanup_close int point_fd = open_point(stage, error);
	cleanup_close int mount_fd = -1;

	if (point_fd < 0)
		return -1;
	mount_fd = open_tree(peer_fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (mount_fd < 0)
		return stage->host->fail(error, errno, "process.terminal: copy its mount");
	return mount_place(stage, mount_fd, point_fd, "/dev/console", error);
}

static int make_terminal(struct ironbox_stage *stage, bool on_console, struct ironbox_error *error)
{
	struct console console;
	dev_t devpts = 0;
	cleanup_close int peer_fd = -1, master_fd = open_master(stage, &devpts, error);

	if (master_fd < 0)
		return -1;
	read_console(stage, &console);
	peer_fd = open_peer(stage, master_fd, devpts, &console, error);
	if (peer_fd < 0 || set_size(stage, master_fd, &console, error) < 0)
		return -1;
	if (on_console && mount_console(stage, peer_fd, error) < 0)
		return -1;
	return stage->host->give_console(stage, steal_fd(&master_fd), steal_fd(&peer_fd), error);
}

int console_make(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return make_terminal(stage, true, error);
}

int console_join(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return make_terminal(stage, false, error);
}
