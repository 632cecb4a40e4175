/* linux.resources as systemd is told them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "paper_host.h"
#include "properties.h"

/* "MemoryMax=1 AllowedCPUs=0f" */
static void print(const struct properties *properties, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (int i = 0; i < PROPERTY_COUNT; i++) {
		const struct property_set *set = &properties->sets[i - PROPERTY_NUMBERS];

		if (!properties->given[i])
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s=", length ? " " : "",
		                           property_name((enum property)i));
		if (i < PROPERTY_NUMBERS && properties->numbers[i] == PROPERTY_NO_LIMIT)
			length += (size_t)snprintf(text + length, size - length, "max");
		else if (i < PROPERTY_NUMBERS)
			length += (size_t)snprintf(text + length, size - length, "%llu",
			                           (unsigned long long)properties->numbers[i]);
		for (size_t byte = 0; i >= PROPERTY_NUMBERS && byte < set->size; byte++)
			length += (size_t)snprintf(text + length, size - length, "%02x",
			                           set->bits[byte]);
	}
}

static const struct told {
	const char *json, *expected;
	bool has_bfq, is_update;
	const char *cpu_max; /* what stands in the cgroup */
} told[] = {
	{ .json = "{}", .expected = "" },
	{ .json = "{\"memory\": {\"limit\": 1048576, \"swap\": 3145728, \"reservation\": 4096}}",
	  .expected = "MemoryMax=1048576 MemoryLow=4096 MemorySwapMax=2097152" },
	{ .json = "{\"memory\": {\"limit\": 1048576, \"swap\": 1048576}}",
	  .expected = "MemoryMax=1048576 MemorySwapMax=0" },
	{ .json = "{\"memory\": {\"limit\": -1}}",
	  .is_update = true,
	  .expected = "MemoryMax=max MemorySwapMax=max" },
	{ .json = "{\"pids\": {\"limit\": 7}}", .expected = "TasksMax=7" },
	{ .json = "{\"pids\": {\"limit\": -1}}", .is_update = true, .expected = "TasksMax=max" },
	/* cpu: whole percents of a second, up */
	{ .json = "{\"cpu\": {\"shares\": 1024, \"quota\": 200000, \"period\": 100000}}",
	  .expected = "CPUWeight=100 CPUQuotaPerSecUSec=2000000 CPUQuotaPeriodUSec=100000" },
	{ .json = "{\"cpu\": {\"quota\": 33333, \"period\": 100000}}",
	  .expected = "CPUQuotaPerSecUSec=340000 CPUQuotaPeriodUSec=100000" },
	{ .json = "{\"cpu\": {\"quota\": 1000, \"period\": 1000000}}",
	  .expected = "CPUQuotaPerSecUSec=10000 CPUQuotaPeriodUSec=1000000" },
	{ .json = "{\"cpu\": {\"quota\": 50000}}", .expected = "CPUQuotaPerSecUSec=500000" },
	{ .json = "{\"cpu\": {\"period\": 50000}}",
	  .expected = "CPUQuotaPerSecUSec=max CPUQuotaPeriodUSec=50000" },
	{ .json = "{\"cpu\": {\"quota\": -1}}",
	  .is_update = true,
	  .expected = "CPUQuotaPerSecUSec=max" },
	/* of what is not named, that which stands there is meant */
	{ .json = "{\"cpu\": {\"quota\": 20000}}",
	  .is_update = true,
	  .cpu_max = "10000 50000\n",
	  .expected = "CPUQuotaPerSecUSec=400000 CPUQuotaPeriodUSec=50000" },
	{ .json = "{\"cpu\": {\"period\": 100000}}",
	  .is_update = true,
	  .cpu_max = "20000 50000\n",
	  .expected = "CPUQuotaPerSecUSec=200000 CPUQuotaPeriodUSec=100000" },
	{ .json = "{\"cpu\": {\"quota\": 20000, \"period\": 40000}}",
	  .is_update = true,
	  .cpu_max = "max 50000\n",
	  .expected = "CPUQuotaPerSecUSec=500000 CPUQuotaPeriodUSec=40000" },
	{ .json = "{\"cpu\": {\"idle\": 1}}", .expected = "CPUWeight=0" },
	{ .json = "{\"cpu\": {\"idle\": 0}}", .is_update = true, .expected = "CPUWeight=100" },
	{ .json = "{\"cpu\": {\"idle\": 0, \"shares\": 2}}",
	  .is_update = true,
	  .expected = "CPUWeight=1" },
	{ .json = "{\"cpu\": {\"cpus\": \"0-3,9,16\", \"mems\": \"0\"}}",
	  .expected = "AllowedCPUs=0f0201 AllowedMemoryNodes=01" },
	{ .json = "{\"cpu\": {\"cpus\": \"8191\", \"mems\": \"\"}}", .expected = NULL },
	/* sets that the kernel will refuse are not for systemd to guess at */
	{ .json = "{\"cpu\": {\"cpus\": \"3-1\"}}", .expected = "" },
	{ .json = "{\"cpu\": {\"cpus\": \"8192\"}}", .expected = "" },
	{ .json = "{\"cpu\": {\"cpus\": \"0;1\"}}", .expected = "" },
	{ .json = "{\"cpu\": {\"cpus\": \"all\"}}", .expected = "" },
	/* io: what io.weight, or bfq's own file, is to be */
	{ .json = "{\"blockIO\": {\"weight\": 500}}", .expected = "IOWeight=4950" },
	{ .json = "{\"blockIO\": {\"weight\": 500}}",
	  .has_bfq = true,
	  .expected = "IOWeight=4500" },
	{ .json = "{\"blockIO\": {\"weight\": 1000}}",
	  .has_bfq = true,
	  .expected = "IOWeight=10000" },
	{ .json = "{\"blockIO\": {\"weight\": 10}}", .has_bfq = true, .expected = "IOWeight=10" },
	{ .json = "{\"blockIO\": {\"weightDevice\": [{\"major\": 8, \"minor\": 0, \"weight\": "
	          "10}]}}",
	  .expected = "" },
	{ .json = "{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 0, "
	          "\"rate\": 10}]}}",
	  .expected = "" },
	/* unified has the last word, in the kernel's own ways of writing a number */
	{ .json = "{\"memory\": {\"limit\": 1048576}, \"unified\": {\"memory.max\": \"2M\", "
	          "\"memory.high\": \"1g\", \"memory.min\": \"512K\", \"cpu.max\": \"max 50000\", "
	          "\"pids.max\": \"max\"}}",
	  .expected = "MemoryMax=2097152 MemoryHigh=1073741824 MemoryMin=524288 TasksMax=max "
	              "CPUQuotaPerSecUSec=max CPUQuotaPeriodUSec=50000" },
	{ .json = "{\"unified\": {\"io.weight\": \"default 200\"}}", .expected = "IOWeight=200" },
	{ .json = "{\"unified\": {\"io.weight\": \"300\"}}", .expected = "IOWeight=300" },
	{ .json = "{\"unified\": {\"io.weight\": \"8:0 300\"}}", .expected = "" },
	/* at first nothing is in use */
	{ .json = "{\"memory\": {\"limit\": 1048576, \"checkBeforeUpdate\": true}}",
	  .expected = "MemoryMax=1048576" },
	/* what systemd would refuse is in the file alone */
	{ .json = "{\"unified\": {\"memory.high\": \"0\", \"memory.max\": \"1X\", "
	          "\"memory.low\": \"99999999999T\", \"hugetlb.2MB.max\": \"0\"}}",
	  .expected = "" },
};

/* A folder that stands for the cgroup, with a cpu.max in it. */
static int open_cgroup(char *folder, const char *cpu_max)
{
	int fd, file_fd;

	assert_non_null(mkdtemp(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	file_fd = openat(fd, "cpu.max", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(file_fd >= 0);
	assert_int_equal(write(file_fd, cpu_max, strlen(cpu_max)), strlen(cpu_max));
	close(file_fd);
	return fd;
}

static void remove_cgroup(const char *folder, int fd)
{
	assert_int_equal(unlinkat(fd, "cpu.max", 0), 0);
	assert_int_equal(rmdir(folder), 0);
	close(fd);
}

static void limits_become_properties(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		const struct told *row = &told[i];
		struct properties properties = { .has_bfq = row->has_bfq };
		struct cgroup_data data = { .missing_controller = "refuse" };
		enum resources_use use = row->is_update ? RESOURCES_UPDATE : RESOURCES_CREATE;
		struct limits limits = { .cgroup_fd = -1,
			                 .resources = &data.resources,
			                 .use = use,
			                 .tell = properties_tell,
			                 .context = &properties };
		struct paper_host paper;
		char text[4096], folder[] = "/tmp/properties_test.XXXXXX";

		if (row->cpu_max)
			limits.cgroup_fd = open_cgroup(folder, row->cpu_max);

		paper_host_begin(&paper, SPEC_RESOURCES, row->json, &data);
		limits.stage = &paper.stage;
		assert_int_equal(resources_read(&paper.stage, spec_at(&paper.spec, ""), use,
		                                &data.resources, &paper.error),
		                 0);
		assert_int_equal(limits_write(&limits, &paper.error), 0);
		print(&properties, text, sizeof(text));
		if (row->expected)
			assert_string_equal(text, row->expected);
		else /* a kilobyte of bits, of which the last one is set */
			assert_int_equal(properties.sets[0].bits[1023], 0x80);
		assert_int_equal(properties_given(&properties), text[0] != '\0');
		paper_host_end(&paper);
		if (row->cpu_max)
			remove_cgroup(folder, limits.cgroup_fd);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_become_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
