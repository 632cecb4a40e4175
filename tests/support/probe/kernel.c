/* What the namespaces and the kernel show: interfaces, names, sysctls, cgroups, time. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static int count_bits(const unsigned char *bytes, size_t size)
{
	int bits = 0;

	for (size_t at = 0; at < size; at++)
		bits += __builtin_popcount(bytes[at]);
	return bits;
}

static void print_address(const struct ifaddrs *entry)
{
	char text[INET6_ADDRSTRLEN];
	bool is_v4 = entry->ifa_addr->sa_family == AF_INET;
	size_t offset = is_v4 ? offsetof(struct sockaddr_in, sin_addr)
	                      : offsetof(struct sockaddr_in6, sin6_addr);
	size_t size = is_v4 ? 4 : 16;

	inet_ntop(entry->ifa_addr->sa_family, (const char *)entry->ifa_addr + offset, text,
	          sizeof(text));
	printf(" %s/%d", text,
	       count_bits((const unsigned char *)entry->ifa_netmask + offset, size));
}

/* Each interface has one AF_PACKET entry, its addresses have one each. */
static int print_links(bool with_v6)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return print_failure("getifaddrs", "");
	for (const struct ifaddrs *link = list; link; link = link->ifa_next) {
		if (!link->ifa_addr || link->ifa_addr->sa_family != AF_PACKET)
			continue;
		printf("%s %s", link->ifa_name, link->ifa_flags & IFF_UP ? "UP" : "DOWN");
		for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next)
			if (entry->ifa_addr && strcmp(entry->ifa_name, link->ifa_name) == 0 &&
			    (entry->ifa_addr->sa_family == AF_INET ||
			     (with_v6 && entry->ifa_addr->sa_family == AF_INET6)))
				print_address(entry);
		puts("");
	}
	freeifaddrs(list);
	return 0;
}

static int print_interfaces(char **arguments)
{
	(void)arguments;
	return print_links(false);
}

static int print_addresses(char **arguments)
{
	(void)arguments;
	return print_links(true);
}

/* "eth0 mtu 1400 mac 02:00:00:00:00:01" */
static int print_link(char **arguments)
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const unsigned char *mac = (const unsigned char *)request.ifr_hwaddr.sa_data;

	strncpy(request.ifr_name, arguments[0], sizeof(request.ifr_name) - 1);
	if (fd < 0 || ioctl(fd, SIOCGIFMTU, &request) < 0)
		return print_failure("link", arguments[0]);
	printf("%s mtu %d", arguments[0], request.ifr_mtu);
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
		return print_failure("link", arguments[0]);
	close(fd);
	printf(" mac %02x:%02x:%02x:%02x:%02x:%02x\n", mac[0], mac[1], mac[2], mac[3], mac[4],
	       mac[5]);
	return 0;
}

static int print_namespaces(char **arguments)
{
	static const char *const names[] = { "cgroup", "ipc",
		                             "mnt",    "net",
		                             "pid",    "pid_for_children",
		                             "time",   "time_for_children",
		                             "user",   "uts" };
	char path[64], target[64];

	(void)arguments;
	for (size_t at = 0; at < sizeof(names) / sizeof(names[0]); at++) {
		ssize_t size;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[at]);
		size = readlink(path, target, sizeof(target) - 1);
		if (size < 0)
			return print_failure("readlink", path);
		target[size] = '\0';
		printf("%s %s\n", names[at], target);
	}
	return 0;
}

static int print_hostname(char **arguments)
{
	struct utsname names;

	(void)arguments;
	uname(&names);
	printf("hostname %s\n", names.nodename);
	return 0;
}

static int print_domainname(char **arguments)
{
	struct utsname names;

	(void)arguments;
	uname(&names);
	printf("domainname %s\n", names.domainname);
	return 0;
}

static int print_machine(char **arguments)
{
	struct utsname names;

	(void)arguments;
	uname(&names);
	printf("machine %s\n", names.machine);
	return 0;
}

/* "net.ipv4.ip_forward 1" */
static int print_sysctl(char **arguments)
{
	char path[PATH_MAX] = "/proc/sys/", prefix[PATH_MAX];

	snprintf(path + strlen(path), sizeof(path) - strlen(path), "%s", arguments[0]);
	for (char *at = path; *at; at++)
		if (*at == '.')
			*at = '/';
	snprintf(prefix, sizeof(prefix), "%s ", arguments[0]);
	return print_file(path, prefix);
}

static int print_cgroup(char **arguments)
{
	(void)arguments;
	return print_file("/proc/self/cgroup", "");
}

static int print_oom_score_adj(char **arguments)
{
	(void)arguments;
	return print_file("/proc/self/oom_score_adj", "oom_score_adj ");
}

static int print_time_offsets(char **arguments)
{
	(void)arguments;
	return print_file("/proc/self/timens_offsets", "");
}

static int print_clocks(char **arguments)
{
	struct timespec monotonic, boot;

	(void)arguments;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	printf("monotonic %lld\nboottime %lld\n", (long long)monotonic.tv_sec,
	       (long long)boot.tv_sec);
	return 0;
}

/* status Seccomp: that line of /proc/self/status, as "Seccomp 2". */
static int print_status(char **arguments)
{
	char line[4096];
	size_t size = strlen(arguments[0]);
	FILE *file = fopen("/proc/self/status", "re");

	if (!file)
		return print_failure("open", "/proc/self/status");
	while (fgets(line, sizeof(line), file)) {
		char *value = line + size + 1;

		if (strncmp(line, arguments[0], size) != 0 || line[size] != ':')
			continue;
		printf("%s %s", arguments[0], value + strspn(value, " \t"));
	}
	fclose(file);
	return 0;
}

const struct fact kernel_facts[] = {
	{ "interfaces", 0, print_interfaces, "NAME UP|DOWN IPv4/PREFIX..." },
	{ "addresses", 0, print_addresses, "the same with IPv6" },
	{ "link", 1, print_link, "NAME: mtu and mac" },
	{ "namespaces", 0, print_namespaces, "TYPE TYPE:[INODE]" },
	{ "hostname", 0, print_hostname, "" },
	{ "domainname", 0, print_domainname, "" },
	{ "machine", 0, print_machine, "uname -m: the personality shows" },
	{ "sysctl", 1, print_sysctl, "NAME, with dots" },
	{ "cgroup", 0, print_cgroup, "/proc/self/cgroup" },
	{ "oom-score-adj", 0, print_oom_score_adj, "" },
	{ "time-offsets", 0, print_time_offsets, "/proc/self/timens_offsets" },
	{ "clocks", 0, print_clocks, "monotonic and boottime, in seconds" },
	{ "status", 1, print_status, "NAME: a line of /proc/self/status" },
	{ 0 },
};
