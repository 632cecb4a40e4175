/* Writes linux.resources into the files of a cgroup; blockIO is in io.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "internal.h"

static int write_memory(const struct limits *limits, struct ironbox_error *error);
static int write_cpu(const struct limits *limits, struct ironbox_error *error);
static int write_cpuset(const struct limits *limits, struct ironbox_error *error);
static int write_pids(const struct limits *limits, struct ironbox_error *error);
static int write_hugetlb(const struct limits *limits, struct ironbox_error *error);
static int write_rdma(const struct limits *limits, struct ironbox_error *error);
static int write_unified(const struct limits *limits, struct ironbox_error *error);

static const struct {
	enum cgroup_controller controller;
	int (*write)(const struct limits *limits, struct ironbox_error *error);
} writers[] = {
	{ CONTROLLER_MEMORY, write_memory }, { CONTROLLER_CPU, write_cpu },
	{ CONTROLLER_CPUSET, write_cpuset }, { CONTROLLER_PIDS, write_pids },
	{ CONTROLLER_IO, limits_write_io },  { CONTROLLER_HUGETLB, write_hugetlb },
	{ CONTROLLER_RDMA, write_rdma },
};

int limits_write(const struct limits *limits, struct ironbox_error *error)
{
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
		if (!(limits->left_out & CONTROLLER_BIT(writers[i].controller)) &&
		    writers[i].write(limits, error) < 0)
			return -1;
	return write_unified(limits, error); /* last: it has the last word */
}

int limit_put(const struct limits *limits, const char *file, const char *value, const char *field,
              struct ironbox_error *error)
{
	if (!limits->tell)
		return cgroup_write(limits->stage, limits->cgroup_fd, file, value, field, error);
	limits->tell(limits->context, file, value);
	return 0;
}

int limit_write(const struct limits *limits, const char *file, const char *value, const char *field,
                struct ironbox_error *error)
{
	if (limit_put(limits, file, value, field, error) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	return cgroup_miss(limits->stage, error, "%.*s: this kernel has no %s (%s)",
	                   (int)strcspn(file, "."), file, file, field);
}

int limit_write_number(const struct limits *limits, const char *file, int64_t value,
                       const char *field, struct ironbox_error *error)
{
	char text[32] = "max";

	if (value >= 0)
		snprintf(text, sizeof(text), "%lld", (long long)value);
	return limit_write(limits, file, text, field, error);
}

/* ---- memory ---- */

#define FIELD_SWAP "linux.resources.memory.swap"

/* checkBeforeUpdate: rather no update than one that has the OOM killer at work at once. */
static int check_usage(const struct limits *limits, struct ironbox_error *error)
{
	const struct resources_memory *memory = &limits->resources->memory;
	uint64_t usage;

	if (limits->use == RESOURCES_CREATE) /* nothing is in it yet */
		return 0;
	if (!memory->check_before_update || !memory->has_limit || memory->limit < 0)
		return 0;
	if (cgroup_read_number(limits->cgroup_fd, "memory.current", &usage) < 0)
		return limits->stage->host->fail(error, errno, "memory: read memory.current");
	if (usage > (uint64_t)memory->limit)
		return limits->stage->host->fail(
			error, 0,
			"memory: linux.resources.memory.limit %lld is below the usage of %llu",
			(long long)memory->limit, (unsigned long long)usage);
	return 0;
}

/* What memory.swap.max is to be: 1; 0: nothing was said of it; -1. */
static int find_swap(const struct limits *limits, int64_t *swap, struct ironbox_error *error)
{
	const struct resources_memory *memory = &limits->resources->memory;
	int64_t limit = memory->has_limit ? memory->limit : -1;
	uint64_t present;

	*swap = -1;
	if (!memory->has_swap) /* no limit at all is meant to be none on swap either */
		return memory->has_limit && memory->limit < 0;
	/* an update may name the sum alone; the memory's part of it is what stands in the file */
	if (!memory->has_limit &&
	    cgroup_read_number(limits->cgroup_fd, "memory.max", &present) == 0 &&
	    present != CGROUP_NO_LIMIT)
		limit = (int64_t)present;
	if (convert_swap(limit, memory->swap, swap))
		return 1;
	return limits->stage->host->fail(error, 0,
	                                 "memory: " FIELD_SWAP " %lld: expected memory and swap "
	                                 "together, so no less than a limit of memory (%lld)",
	                                 (long long)memory->swap, (long long)limit);
}

/* Where the kernel does not count swap, all and nothing of it is what there is anyway. */
static int write_swap(const struct limits *limits, int64_t swap, struct ironbox_error *error)
{
	if (swap > 0)
		return limit_write_number(limits, "memory.swap.max", swap, FIELD_SWAP, error);
	if (limit_put(limits, "memory.swap.max", swap ? "max" : "0", FIELD_SWAP, error) < 0 &&
	    errno != ENOENT)
		return -1;
	return 0;
}

/* v2 has no order among these: swap is a limit of its own. Memory goes first, so that what it
 * reclaims may still go where swap was allowed till now. */
static int write_memory(const struct limits *limits, struct ironbox_error *error)
{
	const struct resources_memory *memory = &limits->resources->memory;
	int64_t swap;
	int has_swap =
		find_swap(limits, &swap, error); /* before a limit is written that may kill */

	if (has_swap < 0 || check_usage(limits, error) < 0)
		return -1;
	if (memory->has_limit && limit_write_number(limits, "memory.max", memory->limit,
	                                            "linux.resources.memory.limit", error) < 0)
		return -1;
	if (has_swap && write_swap(limits, swap, error) < 0)
		return -1;
	if (memory->has_reservation)
		return limit_write_number(limits, "memory.low", memory->reservation,
		                          "linux.resources.memory.reservation", error);
	return 0;
}

/* ---- cpu ---- */

/* cpu.max is "QUOTA PERIOD". Of what an update does not name, that which stands there is meant; the
 * kernel knows it for the period itself, but who is told does not. */
static int write_cpu_max(const struct limits *limits, struct ironbox_error *error)
{
	const struct resources_cpu *cpu = &limits->resources->cpu;
	char quota[32] = "max", period[32] = "", both[64];

	if (limits->use == RESOURCES_UPDATE && !(cpu->has_quota && cpu->has_period) &&
	    cgroup_read(limits->cgroup_fd, "cpu.max", both, sizeof(both)) > 0) {
		size_t size = strcspn(both, " ");

		snprintf(period, sizeof(period), "%.31s", both + size);
		if (!cpu->has_quota)
			snprintf(quota, sizeof(quota), "%.*s", (int)size, both);
	}
	if (cpu->has_quota && cpu->quota > 0)
		snprintf(quota, sizeof(quota), "%lld", (long long)cpu->quota);
	if (cpu->has_period)
		snprintf(period, sizeof(period), " %llu", (unsigned long long)cpu->period);
	snprintf(both, sizeof(both), "%s%s", quota, period);
	return limit_write(
		limits, "cpu.max", both,
		cpu->has_quota ? "linux.resources.cpu.quota" : "linux.resources.cpu.period", error);
}

/* A burst may be no more than the quota: it makes way before both change, and comes back after. */
static int write_bandwidth(const struct limits *limits, struct ironbox_error *error)
{
	static const char burst[] = "linux.resources.cpu.burst";
	const struct resources_cpu *cpu = &limits->resources->cpu;
	bool has_max = cpu->has_quota || cpu->has_period;

	if (has_max && cpu->has_burst && limits->use == RESOURCES_UPDATE &&
	    limit_write(limits, "cpu.max.burst", "0", burst, error) < 0)
		return -1;
	if (has_max && write_cpu_max(limits, error) < 0)
		return -1;
	if (cpu->has_burst)
		return limit_write_number(limits, "cpu.max.burst", (int64_t)cpu->burst, burst,
		                          error);
	return 0;
}

static int write_cpu(const struct limits *limits, struct ironbox_error *error)
{
	const struct resources_cpu *cpu = &limits->resources->cpu;

	if (cpu->has_idle && limit_write_number(limits, "cpu.idle", cpu->idle,
	                                        "linux.resources.cpu.idle", error) < 0)
		return -1;
	/* an idle cgroup has no weight: the kernel refuses one with EINVAL */
	if (cpu->has_shares && !(cpu->has_idle && cpu->idle != 0) &&
	    limit_write_number(limits, "cpu.weight", (int64_t)convert_shares(cpu->shares),
	                       "linux.resources.cpu.shares", error) < 0)
		return -1;
	return write_bandwidth(limits, error);
}

static int write_cpuset(const struct limits *limits, struct ironbox_error *error)
{
	const struct resources_cpu *cpu = &limits->resources->cpu;

	if (cpu->cpus &&
	    limit_write(limits, "cpuset.cpus", cpu->cpus, "linux.resources.cpu.cpus", error) < 0)
		return -1;
	if (cpu->mems)
		return limit_write(limits, "cpuset.mems", cpu->mems, "linux.resources.cpu.mems",
		                   error);
	return 0;
}

static int write_pids(const struct limits *limits, struct ironbox_error *error)
{
	const struct resources_pids *pids = &limits->resources->pids;

	if (!pids->has_limit)
		return 0;
	return limit_write_number(limits, "pids.max", pids->limit, "linux.resources.pids.limit",
	                          error);
}

/* ---- hugetlb, rdma, unified ---- */

static int write_hugetlb(const struct limits *limits, struct ironbox_error *error)
{
	static const char field[] = "linux.resources.hugepageLimits";
	const struct ironbox_host *host = limits->stage->host;
	const struct ironbox_value *list = limits->resources->hugepage_limits, *item;
	struct resources_hugepage hugepage;
	char file[64], value[32];

	for (size_t i = 0; (item = host->item(list, i, NULL)); i++) {
		if (resources_hugepage(limits->stage, item, &hugepage, error) < 0)
			return -1;
		snprintf(value, sizeof(value), "%llu", (unsigned long long)hugepage.limit);
		snprintf(file, sizeof(file), "hugetlb.%s.max", hugepage.page_size);
		if (limit_write(limits, file, value, field, error) < 0)
			return -1;
		/* reservations would get around the first one until they are used; Linux 5.7 */
		snprintf(file, sizeof(file), "hugetlb.%s.rsvd.max", hugepage.page_size);
		if (limit_put(limits, file, value, field, error) < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

static int write_rdma(const struct limits *limits, struct ironbox_error *error)
{
	const struct ironbox_host *host = limits->stage->host;
	const struct ironbox_value *devices = limits->resources->rdma, *member;
	struct resources_rdma rdma;
	const char *device;
	char line[192], handles[32] = "", objects[32] = "";

	for (size_t i = 0; (member = host->item(devices, i, &device)); i++) {
		if (resources_rdma(limits->stage, member, &rdma, error) < 0)
			return -1;
		if (!rdma.has_hca_handles && !rdma.has_hca_objects)
			continue;
		handles[0] = objects[0] = '\0';
		if (rdma.has_hca_handles)
			snprintf(handles, sizeof(handles), " hca_handle=%u", rdma.hca_handles);
		if (rdma.has_hca_objects)
			snprintf(objects, sizeof(objects), " hca_object=%u", rdma.hca_objects);
		snprintf(line, sizeof(line), "%.64s%s%s", device, handles, objects);
		if (limit_write(limits, "rdma.max", line, "linux.resources.rdma", error) < 0)
			return -1;
	}
	return 0;
}

/* Verbatim, and in the order of the spec; the keys were checked by validate. */
static int write_unified(const struct limits *limits, struct ironbox_error *error)
{
	const struct ironbox_host *host = limits->stage->host;
	const struct ironbox_value *unified = limits->resources->unified, *member;
	const char *file;
	char name[64];

	for (size_t i = 0; (member = host->item(unified, i, &file)); i++) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(file, "."), file);
		if (controllers_from_text(name) & limits->left_out)
			continue;
		if (limit_write(limits, file, host->text(member), "linux.resources.unified",
		                error) < 0)
			return -1;
	}
	return 0;
}
