/*
 * floor run|create|start|delete BUNDLE: the bare system calls of a container, and nothing else: no
 * config.json, no checks, no error texts, no state but a pid. What a runtime does beyond them is
 * what the bench compares. The container is that of tests/bench/run: all namespaces but user and
 * time, the mounts, devices, masks and limits of `runc spec`, a cgroup (v2), BUNDLE/rootfs,
 * /bin/true.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUP   "/sys/fs/cgroup/ironbox-bench"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A floor that skips a step would lie: each call counts only if it did its work. */
static int must(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
		exit(1);
	}
	return (int)result;
}

static const struct {
	const char *source, *target, *type, *data;
	unsigned long flags;
	int is_new; /* its directory is: /dev's are */
} mounts[] = {
	{ "proc", "proc", "proc", NULL, 0, 0 },
	{ "tmpfs", "dev", "tmpfs", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME, 0 },
	{ "devpts", "dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
	  MS_NOSUID | MS_NOEXEC, 1 },
	{ "shm", "dev/shm", "tmpfs", "mode=1777,size=65536k", MS_NOSUID | MS_NOEXEC | MS_NODEV, 1 },
	{ "mqueue", "dev/mqueue", "mqueue", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV, 1 },
	{ "sysfs", "sys", "sysfs", NULL, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, 0 },
	{ "cgroup", "sys/fs/cgroup", "cgroup2", NULL,
	  MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RELATIME | MS_RDONLY, 0 },
};

static const struct {
	const char *name;
	unsigned int major, minor;
} devices[] = {
	{ "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
	{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
};

static const char *const links[][2] = {
	{ "/proc/self/fd", "dev/fd" },       { "/proc/self/fd/0", "dev/stdin" },
	{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
	{ "pts/ptmx", "dev/ptmx" },
};

static const char *const masked[] = {
	"proc/acpi",          "proc/asound",     "proc/kcore",       "proc/keys",
	"proc/latency_stats", "proc/timer_list", "proc/timer_stats", "proc/sched_debug",
	"sys/firmware",       "proc/scsi",
};

static const char *const read_only[] = {
	"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static void make_devices(void)
{
	mode_t mask = umask(0);

	for (size_t at = 0; at < COUNT(devices); at++)
		must(mknod(devices[at].name, S_IFCHR | 0666,
		           makedev(devices[at].major, devices[at].minor)),
		     "mknod");
	umask(mask);
	for (size_t at = 0; at < COUNT(links); at++)
		must(symlink(links[at][0], links[at][1]), "symlink");
}

static void hide(void)
{
	int empty = -1;

	for (size_t at = 0; at < COUNT(masked); at++) {
		struct stat status;

		if (stat(masked[at], &status) < 0)
			continue;
		if (!S_ISDIR(status.st_mode)) {
			must(mount("dev/null", masked[at], NULL, MS_BIND, NULL), "mask a file");
		} else if (empty < 0) { /* one superblock for all */
			must(mount("tmpfs", masked[at], "tmpfs", MS_RDONLY, "size=0k"), "mask");
			empty = open(masked[at], O_PATH | O_CLOEXEC);
		} else {
			char path[32];

			snprintf(path, sizeof(path), "/proc/self/fd/%d", empty);
			must(mount(path, masked[at], NULL, MS_BIND, NULL), "mask");
		}
	}
	for (size_t at = 0; at < COUNT(read_only); at++) {
		struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
		int tree = (int)syscall(SYS_open_tree, AT_FDCWD, read_only[at],
		                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

		if (tree < 0)
			continue;
		must(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
		             sizeof(attributes)),
		     "mount_setattr");
		must(syscall(SYS_move_mount, tree, "", AT_FDCWD, read_only[at],
		             MOVE_MOUNT_F_EMPTY_PATH),
		     "move_mount");
		close(tree);
	}
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

	request.ifr_flags = IFF_UP;
	must(ioctl(fd, SIOCSIFFLAGS, &request), "lo");
	close(fd);
}

static void make_root(const char *rootfs)
{
	must(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), "slave");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), "bind the root");
	must(chdir(rootfs), "chdir");
	for (size_t at = 0; at < COUNT(mounts); at++) {
		if (mounts[at].is_new)
			must(mkdir(mounts[at].target, 0755), mounts[at].target);
		must(mount(mounts[at].source, mounts[at].target, mounts[at].type, mounts[at].flags,
		           mounts[at].data),
		     mounts[at].target);
		if (mounts[at].data && !mounts[at].is_new)
			make_devices();
	}
	hide();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount2");
	must(chdir("/"), "chdir");
	must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "remount");
}

static void drop_privileges(void)
{
	const uint32_t kept = 1U << CAP_AUDIT_WRITE | 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { kept, kept, kept }, { 0, 0, 0 } };
	struct rlimit files = { 1024, 1024 };

	must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	for (unsigned int number = 0; number <= CAP_LAST_CAP; number++)
		if (number >= 32 || !(kept >> number & 1))
			must(prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "PR_CAPBSET_DROP");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	must(syscall(SYS_capset, &header, data), "capset");
}

/* PID 1: gate is the FIFO that `start` opens, or -1. */
static _Noreturn void be_init(const char *bundle, int gate)
{
	char program[] = "/bin/true", path[] = "PATH=/bin", rootfs[4096], byte;
	char *const arguments[] = { program, NULL }, *const environment[] = { path, NULL };

	snprintf(rootfs, sizeof(rootfs), "%s/rootfs", bundle);
	must(sethostname("box", 3), "sethostname");
	bring_up_loopback();
	make_root(rootfs);
	drop_privileges();
	if (gate >= 0)
		must(read(gate, &byte, 1), "the gate");
	execve(arguments[0], arguments, environment);
	must(-1, arguments[0]);
	exit(1);
}

static pid_t clone_init(const char *bundle, int gate)
{
	struct clone_args arguments = {
		.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		         CLONE_NEWCGROUP | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	must(mkdir(CGROUP, 0755), CGROUP);
	arguments.cgroup = (uint64_t)must(open(CGROUP, O_PATH | O_DIRECTORY | O_CLOEXEC), CGROUP);
	pid = must(syscall(SYS_clone3, &arguments, sizeof(arguments)), "clone3");
	if (pid == 0)
		be_init(bundle, gate);
	return pid;
}

static int run(const char *bundle)
{
	pid_t pid = clone_init(bundle, -1);
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	must(rmdir(CGROUP), "rmdir");
	return status != 0;
}

/* State is a FIFO and a file with the pid beside it; the container holds the FIFO's both ends. */
static int create(const char *bundle)
{
	char path[4096], digits[16];
	int gate, file;

	snprintf(path, sizeof(path), "%s/floor.gate", bundle);
	must(mkfifo(path, 0600), "mkfifo");
	gate = must(open(path, O_RDWR | O_CLOEXEC), path);
	snprintf(digits, sizeof(digits), "%d", clone_init(bundle, gate));
	snprintf(path, sizeof(path), "%s/floor.pid", bundle);
	file = must(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), path);
	must(write(file, digits, strlen(digits)), path);
	return 0;
}

static int start(const char *bundle)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/floor.gate", bundle);
	must(write(must(open(path, O_WRONLY | O_CLOEXEC), path), "", 1), path);
	return 0;
}

static int delete (const char *bundle)
{
	char path[4096], digits[16] = { 0 };
	int file;

	snprintf(path, sizeof(path), "%s/floor.pid", bundle);
	file = must(open(path, O_RDONLY | O_CLOEXEC), path);
	must(read(file, digits, sizeof(digits) - 1), path);
	kill(atoi(digits), SIGKILL); /* it may have ended */
	while (rmdir(CGROUP) < 0)
		if (errno != EBUSY)
			must(-1, "rmdir");
	must(unlink(path), path);
	snprintf(path, sizeof(path), "%s/floor.gate", bundle);
	must(unlink(path), path);
	return 0;
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		int (*run)(const char *bundle);
	} verbs[] = {
		{ "run", run }, { "create", create }, { "start", start }, { "delete", delete }
	};

	for (size_t at = 0; count == 3 && at < COUNT(verbs); at++)
		if (strcmp(arguments[1], verbs[at].name) == 0)
			return verbs[at].run(arguments[2]);
	fputs("usage: floor run|create|start|delete BUNDLE\n", stderr);
	return 64;
}
