/*
 * snap CANARY STATE_ROOT ID: a picture of all that an attack could have changed on the host, a line
 * a thing. Taken before and after, it has to be the same: diff(1) names what an attack has won.
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

/* The node's own, by which root on it could be had, or by which tests show that it could. */
static const char *const sysctls[] = {
	"kernel/core_pattern", "kernel/modprobe",     "kernel/hostname",
	"kernel/domainname",   "net/ipv4/ip_forward", "kernel/printk_ratelimit",
};
static const char *const nodes[] = { "/dev/null", "/dev/zero", "/dev/tty", "/dev/ptmx",
	                             "/dev/console" };

/* FNV-1a: told apart from another text, not from an enemy's. */
static uint64_t hash_of(const char *path)
{
	unsigned char bytes[4096];
	uint64_t hash = 0xcbf29ce484222325;
	cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		for (ssize_t at = 0; at < got; at++)
			hash = (hash ^ bytes[at]) * 0x100000001b3;
	return hash;
}

static int print_file(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	char link[PATH_MAX] = "";

	(void)kind;
	(void)where;
	if (S_ISLNK(status->st_mode) && readlink(path, link, sizeof(link) - 1) < 0)
		return -1;
	printf("file %s %o %u:%u %lu %u:%u", path, status->st_mode, status->st_uid, status->st_gid,
	       (unsigned long)status->st_nlink, major(status->st_rdev), minor(status->st_rdev));
	if (S_ISREG(status->st_mode))
		printf(" %lld %016" PRIx64, (long long)status->st_size, hash_of(path));
	printf("%s%s\n", *link ? " -> " : "", link);
	return 0;
}

/* Without the numbers of mount and parent, which a container in passing may shift. */
static int print_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return -1;
	while (getline(&line, &size, file) >= 0) {
		const char *rest = strchr(line, ' ');

		rest = rest ? strchr(rest + 1, ' ') : NULL;
		printf("mount%s", rest ? rest : " ?\n");
	}
	free(line);
	return fclose(file);
}

static void print_sysctl(const char *name)
{
	char path[64], value[256];
	cleanup_close int fd = -1;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = read(fd, value, sizeof(value));
	printf("sysctl %s %.*s", name, size > 0 ? (int)size : 2, size > 0 ? value : "?\n");
}

static const char *wanted_id;

static int print_cgroup(const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	if (kind == FTW_D && strstr(path + where->base, wanted_id))
		printf("cgroup %s\n", path);
	return 0;
}

/* Those that are in no mount namespace of ours: what a container has left running. */
static void print_process(const char *pid, const char *our_namespace)
{
	char path[300], namespace[64] = "";

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	if (readlink(path, namespace, sizeof(namespace) - 1) > 0 &&
	    strcmp(namespace, our_namespace) != 0)
		printf("process %s\n", pid);
}

static int is_pid(const struct dirent *entry)
{
	return entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
}

static void print_processes(void)
{
	char our_namespace[64] = "";
	struct dirent **pids;
	int count = scandir("/proc", &pids, is_pid, alphasort);

	if (count < 0 ||
	    readlink("/proc/self/ns/mnt", our_namespace, sizeof(our_namespace) - 1) < 0)
		return;
	for (int at = 0; at < count; at++) {
		print_process(pids[at]->d_name, our_namespace);
		free(pids[at]);
	}
	free(pids);
}

static void print_root_names(void)
{
	struct dirent **names;
	int count = scandir("/", &names, NULL, alphasort);

	for (int at = 0; at < count; at++) {
		printf("name /%s\n", names[at]->d_name);
		free(names[at]);
	}
	if (count >= 0)
		free(names);
}

int main(int count, char **arguments)
{
	struct stat status;

	if (count != 4) {
		fprintf(stderr, "snap CANARY STATE_ROOT ID\n");
		return 64;
	}
	wanted_id = arguments[3];
	if (nftw(arguments[1], print_file, 16, FTW_PHYS) < 0 || print_mounts() < 0) {
		perror("snap");
		return 1;
	}
	nftw(arguments[2], print_file, 16, FTW_PHYS); /* there is none before the first container */
	for (size_t at = 0; at < sizeof(sysctls) / sizeof(sysctls[0]); at++)
		print_sysctl(sysctls[at]);
	for (size_t at = 0; at < sizeof(nodes) / sizeof(nodes[0]); at++)
		if (lstat(nodes[at], &status) == 0)
			print_file(nodes[at], &status, 0, NULL);
	nftw("/sys/fs/cgroup", print_cgroup, 16, FTW_PHYS);
	print_root_names();
	print_processes();
	return 0;
}
