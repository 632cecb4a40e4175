/* io.containerd.cgroups.v1.Metrics: each part where the statistics have it. */
#include "messages/cgroup1.pb-c.h"
#include "metrics/versions.h"

static const struct message_row cpu_rows[] = {
	{ "total", "cpu.usage.total", 0 },
	{ "kernel", "cpu.usage.kernel", 0 },
	{ "user", "cpu.usage.user", 0 },
	{ 0 },
};

static const struct message_row throttling_rows[] = {
	{ "periods", "cpu.throttling.periods", 0 },
	{ "throttled_periods", "cpu.throttling.throttledPeriods", 0 },
	{ "throttled_time", "cpu.throttling.throttledTime", 0 },
	{ 0 },
};

/* Where a field has another name than its line in memory.stat. */
static const struct message_row memory_rows[] = {
	{ "pg_pg_in", "memory.raw.pgpgin", 0 },
	{ "pg_pg_out", "memory.raw.pgpgout", 0 },
	{ "pg_fault", "memory.raw.pgfault", 0 },
	{ "pg_maj_fault", "memory.raw.pgmajfault", 0 },
	{ "hierarchical_swap_limit", "memory.raw.hierarchical_memsw_limit", 0 },
	{ "total_pg_pg_in", "memory.raw.total_pgpgin", 0 },
	{ "total_pg_pg_out", "memory.raw.total_pgpgout", 0 },
	{ "total_pg_fault", "memory.raw.total_pgfault", 0 },
	{ "total_pg_maj_fault", "memory.raw.total_pgmajfault", 0 },
	{ 0 },
};

static void add_pids(struct making *making, ProtobufCMessage *metrics)
{
	const json_t *given = stats_at(making->stats, "pids");

	if (given)
		message_fill_same(making, message_add(making, metrics, "pids"), given);
}

static void add_cpu(struct making *making, ProtobufCMessage *metrics)
{
	const json_t *list = stats_at(making->stats, "cpu.usage.percpu");
	ProtobufCMessage *cpu, *usage;

	if (!stats_at(making->stats, "cpu"))
		return;
	cpu = message_add(making, metrics, "cpu");
	usage = message_add(making, cpu, "usage");
	message_fill(making, usage, cpu_rows);
	for (size_t i = 0; i < json_array_size(list); i++)
		message_append(making, usage, "per_cpu", json_array_get(list, i));
	message_fill(making, message_add(making, cpu, "throttling"), throttling_rows);
}

/* All four entries are there where memory is: clients don't look whether they are. */
static void add_memory(struct making *making, ProtobufCMessage *metrics)
{
	static const struct {
		const char *field, *path;
	} entries[] = {
		{ "usage", "memory.usage" },
		{ "swap", "memory.swap" },
		{ "kernel", "memory.kernel" },
		{ "kernel_tcp", "memory.kernelTCP" },
	};
	const json_t *control = stats_at(making->stats, "cgroup.memory.oom_control");
	ProtobufCMessage *memory;

	if (!stats_at(making->stats, "memory"))
		return;
	memory = message_add(making, metrics, "memory");
	message_fill_same(making, memory, stats_at(making->stats, "memory.raw"));
	message_fill(making, memory, memory_rows);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		message_fill_same(making, message_add(making, memory, entries[i].field),
		                  stats_at(making->stats, entries[i].path));
	if (control)
		message_fill_same(making, message_add(making, metrics, "memory_oom_control"),
		                  control);
}

static void add_entries(struct making *making, ProtobufCMessage *blkio, const char *field,
                        const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list) && !making->out_of_memory; i++) {
		const json_t *item = json_array_get(list, i);
		const char *operation = json_string_value(json_object_get(item, "op"));
		ProtobufCMessage *entry = message_add(making, blkio, field);

		if (operation)
			message_set_text(making, entry, "op", operation);
		message_set(making, entry, "major", json_object_get(item, "major"), 0);
		message_set(making, entry, "minor", json_object_get(item, "minor"), 0);
		message_set(making, entry, "value", json_object_get(item, "value"), 0);
	}
}

static void add_blkio(struct making *making, ProtobufCMessage *metrics)
{
	static const struct {
		const char *field, *name;
	} lists[] = {
		{ "io_service_bytes_recursive", "ioServiceBytesRecursive" },
		{ "io_serviced_recursive", "ioServicedRecursive" },
		{ "io_queued_recursive", "ioQueueRecursive" },
		{ "io_service_time_recursive", "ioServiceTimeRecursive" },
		{ "io_wait_time_recursive", "ioWaitTimeRecursive" },
		{ "io_merged_recursive", "ioMergedRecursive" },
		{ "io_time_recursive", "ioTimeRecursive" },
		{ "sectors_recursive", "sectorsRecursive" },
	};
	const json_t *given = stats_at(making->stats, "blkio");
	ProtobufCMessage *blkio;

	if (!given)
		return;
	blkio = message_add(making, metrics, "blkio");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		add_entries(making, blkio, lists[i].field, json_object_get(given, lists[i].name));
}

static void add_hugetlb(struct making *making, ProtobufCMessage *metrics, const char *page_size,
                        const json_t *value)
{
	ProtobufCMessage *hugetlb = message_add(making, metrics, "hugetlb");

	message_set_text(making, hugetlb, "pagesize", page_size);
	message_set(making, hugetlb, "usage", json_object_get(value, "usage"), 0);
	message_set(making, hugetlb, "max", json_object_get(value, "max"), 0);
	message_set(making, hugetlb, "failcnt", json_object_get(value, "failcnt"), 0);
}

ProtobufCMessage *metrics_make_v1(struct making *making)
{
	ProtobufCMessage *metrics =
		message_new(making, &io__containerd__cgroups__v1__metrics__descriptor);

	metrics_each(making, metrics, "hugetlb", add_hugetlb);
	add_pids(making, metrics);
	add_cpu(making, metrics);
	add_memory(making, metrics);
	add_blkio(making, metrics);
	if (stats_at(making->stats, "cgroup.rdma"))
		metrics_fill_rdma(making, message_add(making, metrics, "rdma"));
	return metrics;
}
