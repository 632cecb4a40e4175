#include "world.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The lines of a file of /proc, all or those that have the word. */
static void tell_lines(FILE *to, const char *what, const char *path, const char *word)
{
	FILE *from = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	while (from && getline(&line, &size, from) > 0)
		if (!word || strstr(line, word))
			fprintf(to, "%s %s", what, line);
	free(line);
	if (from)
		fclose(from);
}

bool world_has_keys(const char *id)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return true;
	tell_lines(to, "key", "/proc/keys", id);
	fclose(to);
	free(text);
	return size > 0;
}

static void tell_fds(FILE *to)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	char target[PATH_MAX];

	while (folder && (entry = readdir(folder))) {
		ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target));

		if (length > 0 && atol(entry->d_name) != dirfd(folder))
			fprintf(to, "fd %s %.*s\n", entry->d_name, (int)length, target);
	}
	if (folder)
		closedir(folder);
}

/* Addresses of IPv4: those that the kernel gives itself (IPv6, link-local) come and go. */
static void tell_devices(FILE *to)
{
	struct ifaddrs *list = NULL;
	char text[INET_ADDRSTRLEN];

	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *at = list; at; at = at->ifa_next) {
		const struct sockaddr_in *address =
			(const struct sockaddr_in *)(void *)at->ifa_addr;

		if (at->ifa_addr && at->ifa_addr->sa_family == AF_PACKET)
			fprintf(to, "device %s %s\n", at->ifa_name,
			        at->ifa_flags & IFF_UP ? "up" : "down");
		else if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET)
			fprintf(to, "device %s %s\n", at->ifa_name,
			        inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)));
	}
	freeifaddrs(list);
}

static int tell_files(FILE *to, char *const *folders)
{
	FTS *walk = fts_open(folders, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;

	if (!walk)
		return -1;
	while ((entry = fts_read(walk))) {
		if (entry->fts_info == FTS_DP)
			continue;
		fprintf(to, "file %s %o %u", entry->fts_path, entry->fts_statp->st_mode,
		        entry->fts_statp->st_uid);
		if (S_ISREG(entry->fts_statp->st_mode))
			fprintf(to, " %lld", (long long)entry->fts_statp->st_size);
		fputc('\n', to);
	}
	return fts_close(walk);
}

/* Two levels of each hierarchy are enough: cgroupsPath is of the suite's making. */
static void tell_cgroups_in(FILE *to, const char *path, const char *id)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_type == DT_DIR && strstr(entry->d_name, id))
			fprintf(to, "cgroup %s/%s\n", path, entry->d_name);
	if (folder)
		closedir(folder);
}

static void tell_cgroups(FILE *to, const char *id)
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	char *line = NULL, point[PATH_MAX], type[32];
	size_t size = 0;

	while (mounts && getline(&line, &size, mounts) > 0)
		if (sscanf(line, "%*s %4095s %31s", point, type) == 2 &&
		    (!strcmp(type, "cgroup") || !strcmp(type, "cgroup2")))
			tell_cgroups_in(to, point, id);
	free(line);
	if (mounts)
		fclose(mounts);
}

char *world_describe(char *const *folders, const char *id)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int result;

	if (!to)
		return NULL;
	tell_lines(to, "mount", "/proc/self/mountinfo", NULL);
	tell_fds(to);
	tell_devices(to);
	tell_cgroups(to, id);
	result = tell_files(to, folders);
	fclose(to);
	if (result == 0)
		return text;
	free(text);
	return NULL;
}

static bool has_line(const char *text, const char *line, size_t length)
{
	for (const char *at = text; (at = memmem(at, strlen(at), line, length)); at++)
		if (at == text || at[-1] == '\n')
			return true;
	return false;
}

static unsigned print_missing(const char *from, const char *in, const char *words, FILE *to)
{
	unsigned count = 0;

	for (const char *end; (end = strchr(from, '\n')); from = end + 1) {
		size_t length = (size_t)(end - from) + 1;

		if (has_line(in, from, length))
			continue;
		fprintf(to, "  %s: %.*s", words, (int)length, from);
		count++;
	}
	return count;
}

unsigned world_compare(const char *before, const char *now, FILE *to)
{
	if (strcmp(before, now) == 0)
		return 0;
	return print_missing(now, before, "left behind", to) +
	       print_missing(before, now, "gone", to);
}
