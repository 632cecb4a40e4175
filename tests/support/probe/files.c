/* What the file system shows: open fds, mounts, files, the terminal. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "probe.h"

/* "0 /dev/null". By fcntl(2), since a container may have no /proc; the name needs it: "?". */
static int print_fds(char **arguments)
{
	char path[64], target[PATH_MAX];

	(void)arguments;
	for (int fd = 0; fd < 4096; fd++) {
		ssize_t size;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		size = readlink(path, target, sizeof(target) - 1);
		target[size < 0 ? 0 : size] = '\0';
		printf("%d %s\n", fd, size < 0 ? "?" : target);
	}
	return 0;
}

/* proc_pid_mountinfo(5): id parent dev root point options [tags...] - type source super */
static int print_mountinfo(const char *only)
{
	char line[8192];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	if (!file)
		return print_failure("open", "/proc/self/mountinfo");
	while (fgets(line, sizeof(line), file)) {
		char root[4096], point[4096], options[512], type[64], source[1024], super[2048];
		char tags[256] = "-";
		char *dash = strstr(line, " - ");
		int consumed = 0;

		if (!dash || sscanf(line, "%*s %*s %*s %4095s %4095s %511s %n", root, point,
		                    options, &consumed) < 3)
			continue;
		if (line + consumed < dash)
			snprintf(tags, sizeof(tags), "%.*s", (int)(dash - line - consumed),
			         line + consumed);
		if (sscanf(dash, " - %63s %1023s %2047s", type, source, super) < 3 ||
		    (only && strcmp(only, point) != 0))
			continue;
		printf("%s %s %s %s %s %s %s\n", point, type, source, root, options, super, tags);
	}
	fclose(file);
	return 0;
}

static int print_mounts(char **arguments)
{
	(void)arguments;
	return print_mountinfo(NULL);
}

static int print_mount(char **arguments)
{
	return print_mountinfo(arguments[0]);
}

static const char *type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "directory";
	case S_IFCHR:
		return "character";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	case S_IFLNK:
		return "link";
	case S_IFSOCK:
		return "socket";
	default:
		return "file";
	}
}

/* "/dev/null character 0666 0 0 1:3", "/dev/fd link 0777 0 0 /proc/self/fd",
 * "/etc/passwd file 0644 0 0 120" */
static int print_stat(char **arguments)
{
	const char *path = arguments[0];
	char target[PATH_MAX];
	struct stat status;

	if (lstat(path, &status) < 0)
		return print_failure("stat", path);
	printf("%s %s %04o %u %u", path, type_of(status.st_mode), status.st_mode & 07777U,
	       status.st_uid, status.st_gid);
	if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
		printf(" %u:%u\n", major(status.st_rdev), minor(status.st_rdev));
	} else if (S_ISLNK(status.st_mode)) {
		ssize_t size = readlink(path, target, sizeof(target) - 1);

		target[size < 0 ? 0 : size] = '\0';
		printf(" %s\n", target);
	} else if (S_ISREG(status.st_mode)) {
		printf(" %lld\n", (long long)status.st_size);
	} else {
		puts("");
	}
	return 0;
}

static int print_list(char **arguments)
{
	struct dirent **entries;
	int count = scandir(arguments[0], &entries, NULL, alphasort);

	if (count < 0)
		return print_failure("list", arguments[0]);
	for (int at = 0; at < count; at++)
		if (strcmp(entries[at]->d_name, ".") != 0 && strcmp(entries[at]->d_name, "..") != 0)
			puts(entries[at]->d_name);
	return 0;
}

static int print_filesystem(char **arguments)
{
	struct statfs status;

	if (statfs(arguments[0], &status) < 0)
		return print_failure("statfs", arguments[0]);
	printf("%s type 0x%lx blocks %llu size %llu\n", arguments[0], (unsigned long)status.f_type,
	       (unsigned long long)status.f_blocks,
	       (unsigned long long)status.f_blocks * (unsigned long long)status.f_bsize);
	return 0;
}

/* "seals write grow": of the program that runs, if it is a memfd. */
static int print_seals(char **arguments)
{
	static const struct {
		int bit;
		const char *name;
	} seals[] = { { F_SEAL_SEAL, "seal" },
		      { F_SEAL_SHRINK, "shrink" },
		      { F_SEAL_GROW, "grow" },
		      { F_SEAL_WRITE, "write" } };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), found;

	(void)arguments;
	if (fd < 0)
		return print_failure("open", "/proc/self/exe");
	found = fcntl(fd, F_GET_SEALS);
	close(fd);
	if (found < 0)
		return print_failure("fcntl", "F_GET_SEALS");
	fputs("seals", stdout);
	for (size_t at = 0; at < sizeof(seals) / sizeof(seals[0]); at++)
		if (found & seals[at].bit)
			printf(" %s", seals[at].name);
	puts("");
	return 0;
}

static int print_contents(char **arguments)
{
	return print_file(arguments[0], "");
}

static int try_write(char **arguments)
{
	int fd = open(arguments[0], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, arguments[1], strlen(arguments[1])) < 0)
		return print_failure("write", arguments[0]);
	close(fd);
	printf("write %s: ok\n", arguments[0]);
	return 0;
}

static int try_open(char **arguments)
{
	int flags = strcmp(arguments[1], "rw") == 0  ? O_RDWR
	            : strcmp(arguments[1], "w") == 0 ? O_WRONLY
	                                             : O_RDONLY;
	int fd = open(arguments[0], flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return print_failure("open", arguments[0]);
	close(fd);
	printf("open %s: ok\n", arguments[0]);
	return 0;
}

/* mknod PATH c|b MAJOR MINOR: what the device rules are to refuse. */
static int try_mknod(char **arguments)
{
	mode_t type = *arguments[1] == 'b' ? S_IFBLK : S_IFCHR;
	dev_t device = makedev((unsigned int)number_of(arguments[2]),
	                       (unsigned int)number_of(arguments[3]));

	if (mknod(arguments[0], type | 0600, device) < 0)
		return print_failure("mknod", arguments[0]);
	printf("mknod %s: ok\n", arguments[0]);
	return 0;
}

/* "tty /dev/pts/0 24 80 controlling": fd 0's name, rows, columns; or "tty none". */
static int print_tty(char **arguments)
{
	char name[PATH_MAX] = "?";
	struct winsize size = { 0 };
	int controlling;

	(void)arguments;
	if (!isatty(0)) {
		puts("tty none");
		return 0;
	}
	ttyname_r(0, name, sizeof(name)); /* "?" stands where it has none */
	ioctl(0, TIOCGWINSZ, &size);
	controlling = open("/dev/tty", O_RDWR | O_CLOEXEC);
	printf("tty %s %u %u %s\n", name, size.ws_row, size.ws_col,
	       controlling >= 0 ? "controlling" : "foreign");
	if (controlling >= 0)
		close(controlling);
	return 0;
}

const struct fact file_facts[] = {
	{ "fds", 0, print_fds, "FD TARGET of each open one" },
	{ "mounts", 0, print_mounts, "POINT TYPE SOURCE ROOT OPTIONS SUPER TAGS" },
	{ "mount", 1, print_mount, "POINT: its line or lines" },
	{ "stat", 1, print_stat, "PATH TYPE MODE UID GID [MAJOR:MINOR|TARGET|SIZE]" },
	{ "list", 1, print_list, "PATH: names in a directory" },
	{ "statfs", 1, print_filesystem, "PATH: type, blocks, size" },
	{ "seals", 0, print_seals, "of /proc/self/exe, a memfd" },
	{ "read", 1, print_contents, "PATH: the lines of a file" },
	{ "write", 2, try_write, "PATH TEXT: write PATH: ok|ERRNO" },
	{ "open", 2, try_open, "PATH r|w|rw: open PATH: ok|ERRNO" },
	{ "mknod", 4, try_mknod, "PATH c|b MAJOR MINOR: mknod PATH: ok|ERRNO" },
	{ "tty", 0, print_tty, "NAME ROWS COLUMNS controlling|foreign, or none" },
	{ 0 },
};
