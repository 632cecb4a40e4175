/* io.containerd.cgroups.v2.Metrics. "max" is UINT64_MAX in it, as in the statistics. */
#include "messages/cgroup2.pb-c.h"
#include "metrics/versions.h"

#include <string.h>

static const struct message_row pids_rows[] = {
	{ "current", "pids.current", 0 },
	{ "limit", "cgroup.pids.max", 0 },
	{ 0 },
};

/* The statistics are in nanoseconds, as runc's. */
static const struct message_row cpu_rows[] = {
	{ "usage_usec", "cpu.usage.total", 1000 },
	{ "user_usec", "cpu.usage.user", 1000 },
	{ "system_usec", "cpu.usage.kernel", 1000 },
	{ "nr_periods", "cpu.throttling.periods", 0 },
	{ "nr_throttled", "cpu.throttling.throttledPeriods", 0 },
	{ "throttled_usec", "cpu.throttling.throttledTime", 1000 },
	{ "nr_bursts", "cgroup.cpu.stat.nr_bursts", 0 },
	{ "burst_usec", "cgroup.cpu.stat.burst_usec", 0 },
	{ 0 },
};

static const struct message_row memory_rows[] = {
	{ "usage", "memory.usage.usage", 0 },
	{ "usage_limit", "memory.usage.limit", 0 },
	{ "max_usage", "memory.usage.max", 0 },
	{ "swap_usage", "cgroup.memory.swap.current", 0 },
	{ "swap_limit", "cgroup.memory.swap.max", 0 },
	{ "swap_max_usage", "cgroup.memory.swap.peak", 0 },
	{ 0 },
};

static void add_psi(struct making *making, ProtobufCMessage *message, const char *path)
{
	static const char *const kinds[] = { "some", "full" };
	const json_t *given = stats_at(making->stats, path);
	ProtobufCMessage *psi;

	if (!given)
		return;
	psi = message_add(making, message, "psi");
	for (size_t i = 0; i < 2; i++) {
		const json_t *data = json_object_get(given, kinds[i]);

		if (data)
			message_fill_same(making, message_add(making, psi, kinds[i]), data);
	}
}

static void add_hugetlb(struct making *making, ProtobufCMessage *metrics, const char *page_size,
                        const json_t *value)
{
	ProtobufCMessage *hugetlb = message_add(making, metrics, "hugetlb");
	const json_t *limits = stats_at(making->stats, "cgroup.hugetlb");

	message_set_text(making, hugetlb, "pagesize", page_size);
	message_set(making, hugetlb, "current", json_object_get(value, "usage"), 0);
	message_set(making, hugetlb, "failcnt", json_object_get(value, "failcnt"), 0);
	message_set(making, hugetlb, "max",
	            json_object_get(json_object_get(limits, page_size), "max"), 0);
}

/* ---- io: runc's form has an entry for each device and operation, this one for each device ---- */

static bool is_number_of(const json_t *entry, const char *key, uint64_t number)
{
	return (uint64_t)json_integer_value(json_object_get(entry, key)) == number;
}

static ProtobufCMessage *io_entry_of(struct making *making, ProtobufCMessage *io,
                                     const json_t *item)
{
	const Io__Containerd__Cgroups__V2__IOStat *stat =
		(const Io__Containerd__Cgroups__V2__IOStat *)io;
	ProtobufCMessage *added;

	for (size_t i = 0; i < stat->n_usage; i++)
		if (is_number_of(item, "major", stat->usage[i]->major) &&
		    is_number_of(item, "minor", stat->usage[i]->minor))
			return &stat->usage[i]->base;
	added = message_add(making, io, "usage");
	message_set(making, added, "major", json_object_get(item, "major"), 0);
	message_set(making, added, "minor", json_object_get(item, "minor"), 0);
	return added;
}

static void add_io(struct making *making, ProtobufCMessage *io, const char *path,
                   const char *read_field, const char *write_field)
{
	const json_t *list = stats_at(making->stats, path);

	for (size_t i = 0; i < json_array_size(list) && !making->out_of_memory; i++) {
		const json_t *item = json_array_get(list, i);
		const char *operation = json_string_value(json_object_get(item, "op"));
		const json_t *value = json_object_get(item, "value");

		if (operation && strcmp(operation, "Read") == 0)
			message_set(making, io_entry_of(making, io, item), read_field, value, 0);
		else if (operation && strcmp(operation, "Write") == 0)
			message_set(making, io_entry_of(making, io, item), write_field, value, 0);
	}
}

/* pids, cpu, memory, rdma and io are always there: clients don't look whether they are. */
ProtobufCMessage *metrics_make_v2(struct making *making)
{
	ProtobufCMessage *metrics =
		message_new(making, &io__containerd__cgroups__v2__metrics__descriptor);
	const json_t *events = stats_at(making->stats, "cgroup.memory.events");
	ProtobufCMessage *part;

	message_fill(making, message_add(making, metrics, "pids"), pids_rows);
	part = message_add(making, metrics, "cpu");
	message_fill(making, part, cpu_rows);
	add_psi(making, part, "cpu.psi");
	part = message_add(making, metrics, "memory");
	message_fill_same(making, part, stats_at(making->stats, "memory.raw"));
	message_fill(making, part, memory_rows);
	add_psi(making, part, "memory.psi");
	if (events)
		message_fill_same(making, message_add(making, metrics, "memory_events"), events);
	metrics_fill_rdma(making, message_add(making, metrics, "rdma"));
	part = message_add(making, metrics, "io");
	add_io(making, part, "blkio.ioServiceBytesRecursive", "rbytes", "wbytes");
	add_io(making, part, "blkio.ioServicedRecursive", "rios", "wios");
	add_psi(making, part, "blkio.psi");
	metrics_each(making, metrics, "hugetlb", add_hugetlb);
	return metrics;
}
