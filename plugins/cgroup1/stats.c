/*
 * The statistics of v1, by the names that `events --stats` has for them. A file that is not there
 * (a controller that this host lacks, a kernel without it) is left out: no value is invented.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <files.h>
#include <rdma.h>

#include "internal.h"

#define NAME_SIZE 192
#define TEXT_SIZE 32768 /* the longest, a line for each of 512 CPUs or block devices */

/* The directory of the hierarchy with this controller, or -1. */
static int directory_of(struct hierarchies *all, enum controller controller)
{
	struct hierarchy *hierarchy = hierarchies_with(all, controller);

	return hierarchy ? hierarchy_directory(all, hierarchy) : -1;
}

struct stat_file {
	const char *file, *name;
};

static void report_files(struct ironbox_stage *stage, int directory_fd,
                         const struct stat_file *files)
{
	uint64_t value;

	for (; files->file; files++)
		if (cgroup_read_number(directory_fd, files->file, &value) == 0 &&
		    value != CGROUP_NO_LIMIT) /* "max" */
			stage->host->report(stage, files->name, value);
}

/* ---- cpu, cpuacct ---- */

static void report_list(struct ironbox_stage *stage, const char *name, const char *text)
{
	char full_name[NAME_SIZE];
	uint64_t value;
	unsigned index = 0;

	while (cgroup_parse_number(text, &value, &text)) {
		snprintf(full_name, sizeof(full_name), "%s[%u]", name, index++);
		stage->host->report(stage, full_name, value);
		text += strspn(text, " \n");
	}
}

/* "cpu user system", then "0 6000000 36000000": a line for each CPU, in nanoseconds. */
static void report_usage_all(struct ironbox_stage *stage, const char *text)
{
	char name[NAME_SIZE];
	uint64_t cpu, user, kernel;
	unsigned index = 0;

	text += strcspn(text, "\n");
	while (*text == '\n' && cgroup_parse_number(text + 1, &cpu, &text) && *text == ' ' &&
	       cgroup_parse_number(text + 1, &user, &text) && *text == ' ' &&
	       cgroup_parse_number(text + 1, &kernel, &text)) {
		snprintf(name, sizeof(name), "cpu.usage.percpu_kernel[%u]", index);
		stage->host->report(stage, name, kernel);
		snprintf(name, sizeof(name), "cpu.usage.percpu_user[%u]", index++);
		stage->host->report(stage, name, user);
	}
}

static void report_cpuacct(struct ironbox_stage *stage, int directory_fd, char *text)
{
	static const struct stat_file files[] = { { "cpuacct.usage", "cpu.usage.total" },
		                                  { NULL, NULL } };
	uint64_t tick_ns = 1000000000 / (uint64_t)sysconf(_SC_CLK_TCK), ticks;

	report_files(stage, directory_fd, files);
	if (cgroup_read(directory_fd, "cpuacct.usage_percpu", text, TEXT_SIZE) > 0)
		report_list(stage, "cpu.usage.percpu", text);
	if (cgroup_read(directory_fd, "cpuacct.usage_all", text, TEXT_SIZE) > 0)
		report_usage_all(stage, text);
	if (cgroup_read(directory_fd, "cpuacct.stat", text, TEXT_SIZE) <= 0)
		return;
	if (cgroup_find_key(text, "system", &ticks) &&
	    !__builtin_mul_overflow(ticks, tick_ns, &ticks))
		stage->host->report(stage, "cpu.usage.kernel", ticks);
	if (cgroup_find_key(text, "user", &ticks) &&
	    !__builtin_mul_overflow(ticks, tick_ns, &ticks))
		stage->host->report(stage, "cpu.usage.user", ticks);
}

static void report_cpu(struct ironbox_stage *stage, int directory_fd, char *text)
{
	static const struct stat_file keys[] = {
		{ "nr_periods", "cpu.throttling.periods" },
		{ "nr_throttled", "cpu.throttling.throttledPeriods" },
		{ "throttled_time", "cpu.throttling.throttledTime" },
		{ NULL, NULL },
	};
	uint64_t value;

	if (cgroup_read(directory_fd, "cpu.stat", text, TEXT_SIZE) <= 0)
		return;
	for (const struct stat_file *key = keys; key->file; key++)
		if (cgroup_find_key(text, key->file, &value))
			stage->host->report(stage, key->name, value);
}

/* ---- cpuset ---- */

/* "0-3,7" as the numbers 0 1 2 3 7. */
static void report_ranges(struct ironbox_stage *stage, const char *name, const char *text)
{
	unsigned first, last, index = 0;
	int length;

	while (sscanf(text, "%u%n", &first, &length) == 1) {
		char full_name[NAME_SIZE];

		text += length;
		last = first;
		if (sscanf(text, "-%u%n", &last, &length) == 1)
			text += length;
		for (; first <= last && index < 8192; first++) {
			snprintf(full_name, sizeof(full_name), "%s[%u]", name, index++);
			stage->host->report(stage, full_name, first);
		}
		if (*text++ != ',')
			return;
	}
}

static void report_cpuset(struct ironbox_stage *stage, int directory_fd, char *text)
{
	/* sched_relax_domain_level is -1 as a rule, and a statistic is no negative number */
	static const struct stat_file files[] = {
		{ "cpuset.cpu_exclusive", "cpuset.cpu_exclusive" },
		{ "cpuset.mem_hardwall", "cpuset.mem_hardwall" },
		{ "cpuset.mem_exclusive", "cpuset.mem_exclusive" },
		{ "cpuset.memory_migrate", "cpuset.memory_migrate" },
		{ "cpuset.memory_spread_page", "cpuset.memory_spread_page" },
		{ "cpuset.memory_spread_slab", "cpuset.memory_spread_slab" },
		{ "cpuset.memory_pressure", "cpuset.memory_pressure" },
		{ "cpuset.sched_load_balance", "cpuset.sched_load_balance" },
		{ NULL, NULL },
	};

	if (cgroup_read(directory_fd, "cpuset.cpus", text, TEXT_SIZE) > 0)
		report_ranges(stage, "cpuset.cpus", text);
	if (cgroup_read(directory_fd, "cpuset.mems", text, TEXT_SIZE) > 0)
		report_ranges(stage, "cpuset.mems", text);
	report_files(stage, directory_fd, files);
}

/* ---- memory ---- */

static void report_raw(void *context, const char *key, size_t key_length, uint64_t value)
{
	struct ironbox_stage *stage = context;
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "memory.raw.%.*s", (int)key_length, key);
	stage->host->report(stage, name, value);
}

static void report_oom_control(void *context, const char *key, size_t key_length, uint64_t value)
{
	struct ironbox_stage *stage = context;
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "cgroup.memory.oom_control.%.*s", (int)key_length, key);
	stage->host->report(stage, name, value);
}

static void report_memory(struct ironbox_stage *stage, int directory_fd, char *text)
{
	static const struct stat_file files[] = {
		{ "memory.limit_in_bytes", "memory.usage.limit" },
		{ "memory.usage_in_bytes", "memory.usage.usage" },
		{ "memory.max_usage_in_bytes", "memory.usage.max" },
		{ "memory.failcnt", "memory.usage.failcnt" },
		{ "memory.memsw.limit_in_bytes", "memory.swap.limit" },
		{ "memory.memsw.usage_in_bytes", "memory.swap.usage" },
		{ "memory.memsw.max_usage_in_bytes", "memory.swap.max" },
		{ "memory.memsw.failcnt", "memory.swap.failcnt" },
		{ "memory.kmem.limit_in_bytes", "memory.kernel.limit" },
		{ "memory.kmem.usage_in_bytes", "memory.kernel.usage" },
		{ "memory.kmem.max_usage_in_bytes", "memory.kernel.max" },
		{ "memory.kmem.failcnt", "memory.kernel.failcnt" },
		{ "memory.kmem.tcp.limit_in_bytes", "memory.kernelTCP.limit" },
		{ "memory.kmem.tcp.usage_in_bytes", "memory.kernelTCP.usage" },
		{ "memory.kmem.tcp.max_usage_in_bytes", "memory.kernelTCP.max" },
		{ "memory.kmem.tcp.failcnt", "memory.kernelTCP.failcnt" },
		{ NULL, NULL },
	};
	uint64_t value;

	report_files(stage, directory_fd, files);
	if (cgroup_read(directory_fd, "memory.stat", text, TEXT_SIZE) > 0) {
		if (cgroup_find_key(text, "cache", &value))
			stage->host->report(stage, "memory.cache", value);
		cgroup_visit_keys(text, report_raw, stage);
	}
	if (cgroup_read(directory_fd, "memory.oom_control", text, TEXT_SIZE) <= 0)
		return;
	if (cgroup_find_key(text, "oom_kill", &value)) /* Linux 4.13 */
		stage->host->report(stage, "memory.oomKills", value);
	cgroup_visit_keys(text, report_oom_control, stage);
}

/* ---- pids, blkio, hugetlb ---- */

static void report_pids(struct ironbox_stage *stage, int directory_fd, char *text)
{
	static const struct stat_file files[] = { { "pids.current", "pids.current" },
		                                  { NULL, NULL } };
	uint64_t limit;

	(void)text;
	report_files(stage, directory_fd, files);
	if (cgroup_read_number(directory_fd, "pids.max", &limit) == 0) /* 0: no limit */
		stage->host->report(stage, "pids.limit", limit == CGROUP_NO_LIMIT ? 0 : limit);
}

/* "8:0 Read 4096", and at the end a "Total 4096" without a device. */
static void report_devices(struct ironbox_stage *stage, const char *name, const char *text)
{
	while (*text) {
		size_t line = strcspn(text, "\n"), number = line;
		char full_name[NAME_SIZE];
		uint64_t value;

		while (number > 0 && text[number - 1] != ' ')
			number--;
		if (number > 1 && text[0] >= '0' && text[0] <= '9' &&
		    cgroup_parse_number(text + number, &value, NULL)) {
			snprintf(full_name, sizeof(full_name), "%s[%.*s]", name, (int)number - 1,
			         text);
			stage->host->report(stage, full_name, value);
		}
		text += line + (text[line] == '\n');
	}
}

static void report_blkio(struct ironbox_stage *stage, int directory_fd, char *text)
{
	/* Where bfq is at work its own numbers are the better ones; where not, its files are there
	 * and empty but for the total. */
	static const struct {
		const char *bfq, *throttle, *name;
	} files[] = {
		{ "blkio.bfq.io_service_bytes_recursive",
		  "blkio.throttle.io_service_bytes_recursive", "blkio.ioServiceBytesRecursive" },
		{ "blkio.bfq.io_serviced_recursive", "blkio.throttle.io_serviced_recursive",
		  "blkio.ioServicedRecursive" },
		{ "blkio.bfq.io_queued_recursive", NULL, "blkio.ioQueueRecursive" },
		{ "blkio.bfq.io_service_time_recursive", NULL, "blkio.ioServiceTimeRecursive" },
		{ "blkio.bfq.io_wait_time_recursive", NULL, "blkio.ioWaitTimeRecursive" },
		{ "blkio.bfq.io_merged_recursive", NULL, "blkio.ioMergedRecursive" },
		{ "blkio.bfq.time_recursive", NULL, "blkio.ioTimeRecursive" },
		{ "blkio.bfq.sectors_recursive", NULL, "blkio.sectorsRecursive" },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		ssize_t size = cgroup_read(directory_fd, files[i].bfq, text, TEXT_SIZE);

		if ((size <= 0 || strncmp(text, "Total", 5) == 0) && files[i].throttle)
			size = cgroup_read(directory_fd, files[i].throttle, text, TEXT_SIZE);
		if (size > 0)
			report_devices(stage, files[i].name, text);
	}
}

/* "hugetlb.2MB.usage_in_bytes": which page sizes there are, the directory tells. */
static void report_hugepage(struct ironbox_stage *stage, int directory_fd, const char *file)
{
	static const struct stat_file kinds[] = {
		{ "usage_in_bytes", "usage" },
		{ "max_usage_in_bytes", "max" },
		{ "failcnt", "failcnt" },
	};
	int page_size = (int)strcspn(file + strlen("hugetlb."), ".") + (int)strlen("hugetlb.");
	char name[NAME_SIZE], path[NAME_SIZE];
	uint64_t value;

	if (strcmp(file + page_size, ".usage_in_bytes") != 0)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), "%.*s.%s", page_size, file, kinds[i].file);
		snprintf(name, sizeof(name), "%.*s.%s", page_size, file, kinds[i].name);
		if (cgroup_read_number(directory_fd, path, &value) == 0)
			stage->host->report(stage, name, value);
	}
}

static void report_hugetlb(struct ironbox_stage *stage, int directory_fd, char *text)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	(void)text;
	if (fd >= 0 && !directory)
		close(fd);
	while (directory && (entry = readdir(directory)))
		if (strncmp(entry->d_name, "hugetlb.", strlen("hugetlb.")) == 0)
			report_hugepage(stage, directory_fd, entry->d_name);
	if (directory)
		closedir(directory);
}

static void report_rdma(struct ironbox_stage *stage, int directory_fd, char *text)
{
	(void)text;
	cgroup_report_rdma(stage, directory_fd);
}

int stats_report(struct ironbox_stage *stage, struct hierarchies *all)
{
	static const struct {
		enum controller controller;
		void (*report)(struct ironbox_stage *stage, int directory_fd, char *text);
	} reports[] = {
		{ V1_CPUACCT, report_cpuacct }, { V1_CPU, report_cpu },
		{ V1_CPUSET, report_cpuset },   { V1_MEMORY, report_memory },
		{ V1_PIDS, report_pids },       { V1_BLKIO, report_blkio },
		{ V1_HUGETLB, report_hugetlb }, { V1_RDMA, report_rdma },
	};
	char text[TEXT_SIZE];

	stage->host->report(stage, "cgroup.version", 1);

	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		int directory_fd = directory_of(all, reports[i].controller);

		if (directory_fd >= 0)
			reports[i].report(stage, directory_fd, text);
	}
	return 0;
}
