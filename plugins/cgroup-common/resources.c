/* Reads linux.resources by tables, and takes out what its senders do not mean. */
#include "resources.h"

#include <string.h>

/* linux.resources.memory */
static const struct ironbox_field memory_fields[] = {
	IRONBOX_FIELD_HAS(struct resources_memory, limit, "limit"),
	IRONBOX_FIELD_HAS(struct resources_memory, reservation, "reservation"),
	IRONBOX_FIELD_HAS(struct resources_memory, swap, "swap"),
	IRONBOX_FIELD_HAS(struct resources_memory, kernel, "kernel"),
	IRONBOX_FIELD_HAS(struct resources_memory, kernel_tcp, "kernelTCP"),
	IRONBOX_FIELD_HAS(struct resources_memory, swappiness, "swappiness"),
	IRONBOX_FIELD(struct resources_memory, disable_oom_killer, "disableOOMKiller"),
	IRONBOX_FIELD(struct resources_memory, use_hierarchy, "useHierarchy"),
	IRONBOX_FIELD(struct resources_memory, check_before_update, "checkBeforeUpdate"),
	IRONBOX_FIELD_END,
};

/* linux.resources.cpu */
static const struct ironbox_field cpu_fields[] = {
	IRONBOX_FIELD_HAS(struct resources_cpu, shares, "shares"),
	IRONBOX_FIELD_HAS(struct resources_cpu, quota, "quota"),
	IRONBOX_FIELD_HAS(struct resources_cpu, period, "period"),
	IRONBOX_FIELD_HAS(struct resources_cpu, burst, "burst"),
	IRONBOX_FIELD_HAS(struct resources_cpu, realtime_runtime, "realtimeRuntime"),
	IRONBOX_FIELD_HAS(struct resources_cpu, realtime_period, "realtimePeriod"),
	IRONBOX_FIELD_HAS(struct resources_cpu, idle, "idle"),
	IRONBOX_FIELD(struct resources_cpu, cpus, "cpus"),
	IRONBOX_FIELD(struct resources_cpu, mems, "mems"),
	IRONBOX_FIELD_END,
};

static const struct ironbox_field pids_fields[] = {
	IRONBOX_FIELD_HAS(struct resources_pids, limit, "limit"),
	IRONBOX_FIELD_END,
};

static const struct ironbox_field block_io_fields[] = {
	IRONBOX_FIELD_HAS(struct resources_block_io, weight, "weight"),
	IRONBOX_FIELD_HAS(struct resources_block_io, leaf_weight, "leafWeight"),
	IRONBOX_FIELD(struct resources_block_io, weight_device, "weightDevice"),
	IRONBOX_FIELD(struct resources_block_io, throttle_read_bps, "throttleReadBpsDevice"),
	IRONBOX_FIELD(struct resources_block_io, throttle_write_bps, "throttleWriteBpsDevice"),
	IRONBOX_FIELD(struct resources_block_io, throttle_read_iops, "throttleReadIOPSDevice"),
	IRONBOX_FIELD(struct resources_block_io, throttle_write_iops, "throttleWriteIOPSDevice"),
	IRONBOX_FIELD_END,
};

static const struct ironbox_field network_fields[] = {
	IRONBOX_FIELD_HAS(struct resources_network, class_id, "classID"),
	IRONBOX_FIELD(struct resources_network, priorities, "priorities"),
	IRONBOX_FIELD_END,
};

/* linux.resources itself: its objects, each of which has a table of its own. */
struct parts {
	const struct ironbox_value *memory, *cpu, *pids, *block_io, *network;
	const struct ironbox_value *devices, *hugepage_limits, *rdma, *unified;
};

static const struct ironbox_field part_fields[] = {
	IRONBOX_FIELD(struct parts, memory, "memory"),
	IRONBOX_FIELD(struct parts, cpu, "cpu"),
	IRONBOX_FIELD(struct parts, pids, "pids"),
	IRONBOX_FIELD(struct parts, block_io, "blockIO"),
	IRONBOX_FIELD(struct parts, network, "network"),
	IRONBOX_FIELD(struct parts, devices, "devices"),
	IRONBOX_FIELD(struct parts, hugepage_limits, "hugepageLimits"),
	IRONBOX_FIELD(struct parts, rdma, "rdma"),
	IRONBOX_FIELD(struct parts, unified, "unified"),
	IRONBOX_FIELD_END,
};

static void drop_what_is_not_meant(struct cgroup_resources *resources, enum resources_use use);

int resources_read(const struct ironbox_stage *stage, const struct ironbox_value *value,
                   enum resources_use use, struct cgroup_resources *resources,
                   struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct parts parts = { 0 };

	memset(resources, 0, sizeof(*resources));
	if (!value)
		return 0;
	if (host->read(stage, value, part_fields, &parts, error) < 0 ||
	    host->read(stage, parts.memory, memory_fields, &resources->memory, error) < 0 ||
	    host->read(stage, parts.cpu, cpu_fields, &resources->cpu, error) < 0 ||
	    host->read(stage, parts.pids, pids_fields, &resources->pids, error) < 0 ||
	    host->read(stage, parts.block_io, block_io_fields, &resources->block_io, error) < 0 ||
	    host->read(stage, parts.network, network_fields, &resources->network, error) < 0)
		return -1;
	resources->devices = parts.devices;
	resources->hugepage_limits = parts.hugepage_limits;
	resources->rdma = parts.rdma;
	resources->unified = parts.unified;
	drop_what_is_not_meant(resources, use);
	return 0;
}

/* -1 and all below it is "no limit", which is what a fresh cgroup has; 0 is "not given". */
static bool limit_is_meant(bool given, int64_t limit, enum resources_use use)
{
	return given && (limit > 0 || (limit < 0 && use == RESOURCES_UPDATE));
}

/* A size of 0 in a number that cannot be 0 is what Go's callers send for "not given". */
static void drop_what_is_not_meant(struct cgroup_resources *resources, enum resources_use use)
{
	struct resources_memory *memory = &resources->memory;
	struct resources_cpu *cpu = &resources->cpu;
	struct resources_pids *pids = &resources->pids;
	struct resources_block_io *block_io = &resources->block_io;

	memory->has_limit = limit_is_meant(memory->has_limit, memory->limit, use);
	memory->has_reservation = limit_is_meant(memory->has_reservation, memory->reservation, use);
	memory->has_swap = limit_is_meant(memory->has_swap, memory->swap, use);
	memory->has_kernel = limit_is_meant(memory->has_kernel, memory->kernel, use);
	memory->has_kernel_tcp = limit_is_meant(memory->has_kernel_tcp, memory->kernel_tcp, use);

	cpu->has_shares = cpu->has_shares && cpu->shares > 0;
	cpu->has_quota = limit_is_meant(cpu->has_quota, cpu->quota, use);
	cpu->has_period = cpu->has_period && cpu->period > 0;
	cpu->has_burst = cpu->has_burst && (cpu->burst > 0 || use == RESOURCES_UPDATE);
	cpu->has_realtime_runtime =
		limit_is_meant(cpu->has_realtime_runtime, cpu->realtime_runtime, use);
	cpu->has_realtime_period = cpu->has_realtime_period && cpu->realtime_period > 0;
	cpu->has_idle = cpu->has_idle && (cpu->idle != 0 || use == RESOURCES_UPDATE);
	cpu->cpus = cpu->cpus && *cpu->cpus ? cpu->cpus : NULL;
	cpu->mems = cpu->mems && *cpu->mems ? cpu->mems : NULL;

	pids->has_limit = limit_is_meant(pids->has_limit, pids->limit, use);

	block_io->has_weight = block_io->has_weight && block_io->weight > 0;
	block_io->has_leaf_weight = block_io->has_leaf_weight && block_io->leaf_weight > 0;
	resources->network.has_class_id =
		resources->network.has_class_id && resources->network.class_id > 0;
}

static const struct ironbox_field device_weight_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct resources_device_weight, major, "major"),
	IRONBOX_FIELD_REQUIRED(struct resources_device_weight, minor, "minor"),
	IRONBOX_FIELD_HAS(struct resources_device_weight, weight, "weight"),
	IRONBOX_FIELD_HAS(struct resources_device_weight, leaf_weight, "leafWeight"),
	IRONBOX_FIELD_END,
};

int resources_device_weight(const struct ironbox_stage *stage, const struct ironbox_value *item,
                            struct resources_device_weight *weight, struct ironbox_error *error)
{
	memset(weight, 0, sizeof(*weight));
	if (stage->host->read(stage, item, device_weight_fields, weight, error) < 0)
		return -1;
	weight->has_weight = weight->has_weight && weight->weight > 0;
	weight->has_leaf_weight = weight->has_leaf_weight && weight->leaf_weight > 0;
	return 0;
}

static const struct ironbox_field device_rate_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct resources_device_rate, major, "major"),
	IRONBOX_FIELD_REQUIRED(struct resources_device_rate, minor, "minor"),
	IRONBOX_FIELD(struct resources_device_rate, rate, "rate"),
	IRONBOX_FIELD_END,
};

int resources_device_rate(const struct ironbox_stage *stage, const struct ironbox_value *item,
                          struct resources_device_rate *rate, struct ironbox_error *error)
{
	memset(rate, 0, sizeof(*rate));
	return stage->host->read(stage, item, device_rate_fields, rate, error);
}

static const struct ironbox_field hugepage_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct resources_hugepage, page_size, "pageSize"),
	IRONBOX_FIELD_REQUIRED(struct resources_hugepage, limit, "limit"),
	IRONBOX_FIELD_END,
};

/* "64KB", "2MB", "1GB": what the kernel calls its sizes, and what the spec's pattern asks for. */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits < 16 && text[0] != '0' && text[digits] &&
	       strchr("KMG", text[digits]) && strcmp(text + digits + 1, "B") == 0;
}

int resources_hugepage(const struct ironbox_stage *stage, const struct ironbox_value *item,
                       struct resources_hugepage *hugepage, struct ironbox_error *error)
{
	memset(hugepage, 0, sizeof(*hugepage));
	if (stage->host->read(stage, item, hugepage_fields, hugepage, error) < 0)
		return -1;
	if (!is_page_size(hugepage->page_size))
		return stage->host->fail(error, 0,
		                         "linux.resources.hugepageLimits: pageSize %s: expected a "
		                         "size such as 2MB",
		                         hugepage->page_size);
	return 0;
}

static const struct ironbox_field rdma_fields[] = {
	IRONBOX_FIELD_HAS(struct resources_rdma, hca_handles, "hcaHandles"),
	IRONBOX_FIELD_HAS(struct resources_rdma, hca_objects, "hcaObjects"),
	IRONBOX_FIELD_END,
};

int resources_rdma(const struct ironbox_stage *stage, const struct ironbox_value *member,
                   struct resources_rdma *rdma, struct ironbox_error *error)
{
	memset(rdma, 0, sizeof(*rdma));
	return stage->host->read(stage, member, rdma_fields, rdma, error);
}

static const struct ironbox_field priority_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct resources_priority, name, "name"),
	IRONBOX_FIELD_REQUIRED(struct resources_priority, priority, "priority"),
	IRONBOX_FIELD_END,
};

int resources_priority(const struct ironbox_stage *stage, const struct ironbox_value *item,
                       struct resources_priority *priority, struct ironbox_error *error)
{
	memset(priority, 0, sizeof(*priority));
	return stage->host->read(stage, item, priority_fields, priority, error);
}
