/* What the container uses, by the names of `events --stats` (which are those of cgroup v1), and
 * what these have no word for below "cgroup", by the names of v2's files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "internal.h"
#include "listing.h"
#include "rdma.h"

/* io.stat has a line a device and memory.stat some 60: what does not fit is left out. */
#define TEXT_MAX 16384

static void report_cpu(struct ironbox_stage *stage, int fd, char *text);
static void report_memory(struct ironbox_stage *stage, int fd, char *text);
static void report_pids(struct ironbox_stage *stage, int fd);
static void report_io(struct ironbox_stage *stage, int fd, char *text);
static void report_hugetlb(struct ironbox_stage *stage, int fd);
static void report_pressure(struct ironbox_stage *stage, int fd, const char *resource);

int cgroup_stats(struct ironbox_stage *stage, struct ironbox_error *error)
{
	char text[TEXT_MAX];
	cleanup_close int fd = -1;
	int found = cgroup_open_recorded(stage, &fd, error);

	if (found < 0)
		return -1;
	if (!found && stage->host->recall(stage, KEY_PATH))
		return 0; /* removed already (systemd does), with its counts */
	if (!found)
		return stage->host->fail(error, 0, "the container has no cgroup");
	stage->host->report(stage, "cgroup.version", 2);
	report_cpu(stage, fd, text);
	report_memory(stage, fd, text);
	report_pids(stage, fd);
	report_io(stage, fd, text);
	report_hugetlb(stage, fd);
	cgroup_report_rdma(stage, fd);
	report_pressure(stage, fd, "cpu");
	report_pressure(stage, fd, "memory");
	report_pressure(stage, fd, "io");
	return 0;
}

/* A file that is not there, or not a number, is no line: no value is made up. */
static bool report_file(struct ironbox_stage *stage, int fd, const char *file, const char *name)
{
	uint64_t value;

	if (cgroup_read_number(fd, file, &value) < 0)
		return false;
	stage->host->report(stage, name, value);
	return true;
}

static void report_key(struct ironbox_stage *stage, const char *text, const char *key,
                       const char *name, uint64_t factor)
{
	uint64_t value;

	/* what does not fit is left out, too: no value is made up */
	if (cgroup_find_key(text, key, &value) && !__builtin_mul_overflow(value, factor, &value))
		stage->host->report(stage, name, value);
}

/* ---- cpu: microseconds here, nanoseconds there ---- */

static void report_cpu(struct ironbox_stage *stage, int fd, char *text)
{
	if (cgroup_read(fd, "cpu.stat", text, TEXT_MAX) < 0)
		return;
	report_key(stage, text, "usage_usec", "cpu.usage.total", 1000);
	report_key(stage, text, "system_usec", "cpu.usage.kernel", 1000);
	report_key(stage, text, "user_usec", "cpu.usage.user", 1000);
	report_key(stage, text, "nr_periods", "cpu.throttling.periods", 1);
	report_key(stage, text, "nr_throttled", "cpu.throttling.throttledPeriods", 1);
	report_key(stage, text, "throttled_usec", "cpu.throttling.throttledTime", 1000);
	report_key(stage, text, "nr_bursts", "cgroup.cpu.stat.nr_bursts", 1); /* Linux 5.15 */
	report_key(stage, text, "burst_usec", "cgroup.cpu.stat.burst_usec", 1);
}

/* ---- memory ---- */

static void report_raw(void *context, const char *key, size_t key_length, uint64_t value)
{
	struct ironbox_stage *stage = context;
	char name[96];

	snprintf(name, sizeof(name), "memory.raw.%.*s", (int)key_length, key);
	stage->host->report(stage, name, value);
}

static void report_event(void *context, const char *key, size_t key_length, uint64_t value)
{
	struct ironbox_stage *stage = context;
	char name[96];

	snprintf(name, sizeof(name), "cgroup.memory.events.%.*s", (int)key_length, key);
	stage->host->report(stage, name, value);
}

/* v1 and the readers of its names count memory and swap together. */
static void report_swap(struct ironbox_stage *stage, int fd)
{
	uint64_t memory, swap, memory_limit, swap_limit;

	report_file(stage, fd, "memory.swap.current", "cgroup.memory.swap.current");
	report_file(stage, fd, "memory.swap.max", "cgroup.memory.swap.max");
	report_file(stage, fd, "memory.swap.peak", "cgroup.memory.swap.peak"); /* Linux 6.5 */
	if (cgroup_read_number(fd, "memory.current", &memory) < 0 ||
	    cgroup_read_number(fd, "memory.max", &memory_limit) < 0 ||
	    cgroup_read_number(fd, "memory.swap.current", &swap) < 0 ||
	    cgroup_read_number(fd, "memory.swap.max", &swap_limit) < 0)
		return;
	/* "max" is the largest number, so a sum with it is beyond all numbers */
	if (__builtin_add_overflow(swap_limit, memory_limit, &swap_limit))
		swap_limit = CGROUP_NO_LIMIT;
	if (!__builtin_add_overflow(memory, swap, &memory))
		stage->host->report(stage, "memory.swap.usage", memory);
	stage->host->report(stage, "memory.swap.limit", swap_limit);
}

static void report_memory(struct ironbox_stage *stage, int fd, char *text)
{
	if (!report_file(stage, fd, "memory.current", "memory.usage.usage"))
		return; /* the controller is off */
	report_file(stage, fd, "memory.max", "memory.usage.limit");
	report_file(stage, fd, "memory.peak", "memory.usage.max"); /* Linux 5.19 */
	if (cgroup_read(fd, "memory.events", text, TEXT_MAX) >= 0) {
		report_key(stage, text, "max", "memory.usage.failcnt", 1);
		report_key(stage, text, "oom_kill", "memory.oomKills", 1);
		cgroup_visit_keys(text, report_event, stage);
	}
	report_swap(stage, fd);
	if (cgroup_read(fd, "memory.stat", text, TEXT_MAX) >= 0) {
		report_key(stage, text, "file", "memory.cache", 1);
		cgroup_visit_keys(text, report_raw, stage);
	}
}

/* ---- pids: no limit is 0 to those who read this ---- */

static void report_pids(struct ironbox_stage *stage, int fd)
{
	uint64_t limit;

	report_file(stage, fd, "pids.current", "pids.current");
	if (cgroup_read_number(fd, "pids.max", &limit) < 0)
		return;
	stage->host->report(stage, "pids.limit", limit == CGROUP_NO_LIMIT ? 0 : limit);
	stage->host->report(stage, "cgroup.pids.max", limit); /* where 0 is 0 */
}

/* ---- io ---- */

static const struct {
	const char *key, *list, *operation;
} io_keys[] = {
	{ "rbytes=", "ioServiceBytesRecursive", "Read" },
	{ "wbytes=", "ioServiceBytesRecursive", "Write" },
	{ "dbytes=", "ioServiceBytesRecursive", "Discard" },
	{ "rios=", "ioServicedRecursive", "Read" },
	{ "wios=", "ioServicedRecursive", "Write" },
	{ "dios=", "ioServicedRecursive", "Discard" },
};

static void report_io_word(struct ironbox_stage *stage, const char *device, size_t device_length,
                           const char *word)
{
	char name[128];
	uint64_t value;

	for (size_t i = 0; i < sizeof(io_keys) / sizeof(io_keys[0]); i++) {
		size_t length = strlen(io_keys[i].key);

		if (strncmp(word, io_keys[i].key, length) != 0 ||
		    !cgroup_parse_number(word + length, &value, NULL))
			continue;
		snprintf(name, sizeof(name), "blkio.%s[%.*s %s]", io_keys[i].list,
		         (int)device_length, device, io_keys[i].operation);
		stage->host->report(stage, name, value);
	}
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0"; a device without numbers has no line end
 * of its own in some kernels ("8:0 8:16 rbytes=…"), so that the last pair counts. */
static void report_io(struct ironbox_stage *stage, int fd, char *text)
{
	const char *word = text, *device = NULL;
	size_t length, device_length = 0;

	if (cgroup_read(fd, "io.stat", text, TEXT_MAX) < 0)
		return;
	for (; *(word += strspn(word, " \n")); word += length) {
		length = strcspn(word, " \n");
		if (memchr(word, ':', length)) {
			device = word;
			device_length = length;
		} else if (device) {
			report_io_word(stage, device, device_length, word);
		}
	}
}

/* ---- hugetlb: the sizes are in the names of the files ---- */

static void report_hugepages(struct ironbox_stage *stage, int fd, const char *size)
{
	char file[64], name[64], text[64];
	uint64_t value;

	snprintf(file, sizeof(file), "hugetlb.%s.current", size);
	snprintf(name, sizeof(name), "hugetlb.%s.usage", size);
	report_file(stage, fd, file, name);
	snprintf(file, sizeof(file), "hugetlb.%s.max", size);
	snprintf(name, sizeof(name), "cgroup.hugetlb.%s.max", size);
	report_file(stage, fd, file, name);
	snprintf(file, sizeof(file), "hugetlb.%s.events", size);
	snprintf(name, sizeof(name), "hugetlb.%s.failcnt", size);
	if (cgroup_read(fd, file, text, sizeof(text)) >= 0 && cgroup_find_key(text, "max", &value))
		stage->host->report(stage, name, value);
}

static void report_hugetlb(struct ironbox_stage *stage, int fd)
{
	cleanup_listing DIR *listing = open_listing(fd);
	const struct dirent *entry;
	char size[16];
	int end;

	while (listing && (entry = readdir(listing))) {
		end = 0;
		if (sscanf(entry->d_name, "hugetlb.%15[0-9A-Z].current%n", size, &end) == 1 &&
		    end > 0 && !entry->d_name[end])
			report_hugepages(stage, fd, size);
	}
}

/* ---- pressure: averages in percent with two digits behind the point, totals in microseconds ----
 */

static bool parse_hundredths(const char *text, uint64_t *value)
{
	uint64_t whole;
	size_t digits = strspn(text, "0123456789");
	const char *point = text + digits;

	if (digits == 0 || digits > 9 || point[0] != '.' || point[1] < '0' || point[1] > '9' ||
	    point[2] < '0' || point[2] > '9')
		return false;
	for (whole = 0; text < point; text++)
		whole = 10 * whole + (uint64_t)(*text - '0');
	*value = 100 * whole + 10 * (uint64_t)(point[1] - '0') + (uint64_t)(point[2] - '0');
	return true;
}

/* "some avg10=0.00 avg60=1.25 avg300=0.40 total=1234" */
static void report_pressure_line(struct ironbox_stage *stage, const char *resource,
                                 const char *line, size_t size)
{
	static const char *const averages[] = { "avg10", "avg60", "avg300" };
	char text[128], name[96], key[16];
	const char *at;
	uint64_t value;

	if (size >= sizeof(text))
		return;
	memcpy(text, line, size);
	text[size] = '\0';
	size = strcspn(text, " ");
	for (size_t i = 0; i < sizeof(averages) / sizeof(averages[0]); i++) {
		snprintf(key, sizeof(key), " %s=", averages[i]);
		at = strstr(text, key);
		if (!at || !parse_hundredths(at + strlen(key), &value))
			continue;
		snprintf(name, sizeof(name), "%s.psi.%.*s.%s/100", resource, (int)size, text,
		         averages[i]);
		stage->host->report(stage, name, value);
	}
	at = strstr(text, " total=");
	if (!at || !cgroup_parse_number(at + strlen(" total="), &value, NULL))
		return;
	snprintf(name, sizeof(name), "%s.psi.%.*s.total", resource, (int)size, text);
	stage->host->report(stage, name, value);
}

static void report_pressure(struct ironbox_stage *stage, int fd, const char *resource)
{
	char file[32], text[512];
	const char *line;
	size_t size;

	snprintf(file, sizeof(file), "%s.pressure", resource);
	if (cgroup_read(fd, file, text, sizeof(text)) < 0)
		return;
	for (line = text; *line; line += size + (line[size] == '\n')) {
		size = strcspn(line, "\n");
		report_pressure_line(stage, strcmp(resource, "io") == 0 ? "blkio" : resource, line,
		                     size);
	}
}
