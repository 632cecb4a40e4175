/* Writes linux.resources to the files of v1: kernel, Documentation/admin-guide/cgroup-v1. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <files.h>

#include "internal.h"

/* A field that is one number, in the order of writing. */
struct limit {
	enum controller controller;
	/* With the next row it is a pair of which the kernel checks one against the other: which
	 * to write first depends on what is there, so where this one is refused, the other. */
	bool is_pair;
	enum ironbox_kind kind;
	size_t value, has; /* offsets in struct cgroup_resources */
	const char *field, *file, *other_file;
};

#define LIMIT(bit, pair, part, member, name, ...)                                 \
	{                                                                         \
		bit, pair, IRONBOX_KIND_OF(struct cgroup_resources, part.member), \
			offsetof(struct cgroup_resources, part.member),           \
			offsetof(struct cgroup_resources, part.has_##member),     \
			"linux.resources." name, __VA_ARGS__                      \
	}

static const struct limit limits[] = {
	LIMIT(V1_MEMORY, true, memory, limit, "memory.limit", "memory.limit_in_bytes", NULL),
	LIMIT(V1_MEMORY, false, memory, swap, "memory.swap", "memory.memsw.limit_in_bytes", NULL),
	LIMIT(V1_MEMORY, false, memory, reservation, "memory.reservation",
	      "memory.soft_limit_in_bytes", NULL),
	LIMIT(V1_MEMORY, false, memory, kernel_tcp, "memory.kernelTCP",
	      "memory.kmem.tcp.limit_in_bytes", NULL),
	LIMIT(V1_MEMORY, false, memory, swappiness, "memory.swappiness", "memory.swappiness", NULL),
	LIMIT(V1_CPU, false, cpu, shares, "cpu.shares", "cpu.shares", NULL),
	LIMIT(V1_CPU, true, cpu, period, "cpu.period", "cpu.cfs_period_us", NULL),
	LIMIT(V1_CPU, false, cpu, quota, "cpu.quota", "cpu.cfs_quota_us", NULL),
	LIMIT(V1_CPU, false, cpu, burst, "cpu.burst", "cpu.cfs_burst_us", NULL),
	LIMIT(V1_CPU, true, cpu, realtime_period, "cpu.realtimePeriod", "cpu.rt_period_us", NULL),
	LIMIT(V1_CPU, false, cpu, realtime_runtime, "cpu.realtimeRuntime", "cpu.rt_runtime_us",
	      NULL),
	LIMIT(V1_CPU, false, cpu, idle, "cpu.idle", "cpu.idle", NULL),
	LIMIT(V1_PIDS, false, pids, limit, "pids.limit", "pids.max", NULL),
	/* since CFQ went (Linux 5.0) bfq has it, and by that name where it is the only one */
	LIMIT(V1_BLKIO, false, block_io, weight, "blockIO.weight", "blkio.weight",
	      "blkio.bfq.weight"),
	LIMIT(V1_BLKIO, false, block_io, leaf_weight, "blockIO.leafWeight", "blkio.leaf_weight",
	      NULL),
	LIMIT(V1_NET_CLS, false, network, class_id, "network.classID", "net_cls.classid", NULL),
};
#define LIMITS (sizeof(limits) / sizeof(limits[0]))

/* A field that is a text or a list: NULL or an empty one asks for nothing. */
static const struct {
	enum controller controller;
	bool is_text;
	size_t value; /* offset */
	const char *field;
} others[] = {
#define TEXT(bit, member, name)                                            \
	{                                                                  \
		bit, true, offsetof(struct cgroup_resources, member), name \
	}
#define LIST(bit, member, name)                                             \
	{                                                                   \
		bit, false, offsetof(struct cgroup_resources, member), name \
	}
	TEXT(V1_CPUSET, cpu.cpus, "linux.resources.cpu.cpus"),
	TEXT(V1_CPUSET, cpu.mems, "linux.resources.cpu.mems"),
	LIST(V1_BLKIO, block_io.weight_device, "linux.resources.blockIO.weightDevice"),
	LIST(V1_BLKIO, block_io.throttle_read_bps, "linux.resources.blockIO.throttleReadBpsDevice"),
	LIST(V1_BLKIO, block_io.throttle_write_bps,
	     "linux.resources.blockIO.throttleWriteBpsDevice"),
	LIST(V1_BLKIO, block_io.throttle_read_iops,
	     "linux.resources.blockIO.throttleReadIOPSDevice"),
	LIST(V1_BLKIO, block_io.throttle_write_iops,
	     "linux.resources.blockIO.throttleWriteIOPSDevice"),
	LIST(V1_HUGETLB, hugepage_limits, "linux.resources.hugepageLimits"),
	LIST(V1_NET_PRIO, network.priorities, "linux.resources.network.priorities"),
	LIST(V1_RDMA, rdma, "linux.resources.rdma"),
#undef TEXT
#undef LIST
};

static const void *at(const struct cgroup_resources *resources, size_t offset)
{
	return (const char *)resources + offset;
}

static bool is_given(const struct cgroup_resources *resources, const struct limit *limit)
{
	return *(const bool *)at(resources, limit->has);
}

/* The value in *text, which has room for 24 bytes; whether it lifts the limit. */
static bool print_value(const struct cgroup_resources *resources, const struct limit *limit,
                        char text[24])
{
	const void *value = at(resources, limit->value);

	if (limit->kind == IRONBOX_INT64 && *(const int64_t *)value < 0) {
		snprintf(text, 24, "%s", limit->controller == V1_PIDS ? "max" : "-1");
		return true;
	}
	if (limit->kind == IRONBOX_UINT32)
		snprintf(text, 24, "%" PRIu32, *(const uint32_t *)value);
	else
		snprintf(text, 24, "%" PRIu64, *(const uint64_t *)value);
	return false;
}

int limits_lack(const struct ironbox_stage *stage, const char *controller, const char *field,
                const char *file, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *what = file ? file : "the controller";

	if (!settings_only_warn(stage))
		return host->fail(error, 0, "%s: this host's cgroup v1 lacks %s (%s)", controller,
		                  what, field);
	host->log(stage, IRONBOX_LOG_WARNING, "%s: this host's cgroup v1 lacks %s (%s): left out",
	          controller, what, field);
	return 0;
}

static int check_one(const struct ironbox_stage *stage, uint32_t there, enum controller controller,
                     const char *field, struct ironbox_error *error)
{
	return there & V1_BIT(controller)
	               ? 0
	               : limits_lack(stage, v1_name(controller), field, NULL, error);
}

int limits_check(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                 uint32_t controllers, struct ironbox_error *error)
{
	for (size_t i = 0; i < LIMITS; i++)
		if (is_given(resources, &limits[i]) &&
		    check_one(stage, controllers, limits[i].controller, limits[i].field, error) < 0)
			return -1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const void *value = *(const void *const *)at(resources, others[i].value);

		if (value && (others[i].is_text || stage->host->count(value) > 0) &&
		    check_one(stage, controllers, others[i].controller, others[i].field, error) < 0)
			return -1;
	}
	if (!resources->memory.disable_oom_killer)
		return 0;
	return check_one(stage, controllers, V1_MEMORY, "linux.resources.memory.disableOOMKiller",
	                 error);
}

int limits_write_line(const struct ironbox_stage *stage, struct hierarchies *all,
                      const struct list_line *line, struct ironbox_error *error)
{
	struct hierarchy *hierarchy = hierarchies_with(all, line->controller);
	int directory_fd, code;

	if (!hierarchy)
		return limits_lack(stage, v1_name(line->controller), line->field, NULL, error);
	directory_fd = hierarchy_directory(all, hierarchy);
	if (directory_fd < 0)
		return stage->host->fail(error, errno, "open cgroup %s%s", hierarchy->top,
		                         all->path);
	if (cgroup_write(stage, directory_fd, line->file, line->text, line->field, error) == 0)
		return 0;
	if (errno == ENOENT && line->other_file &&
	    cgroup_write(stage, directory_fd, line->other_file, line->text, line->field, error) ==
	            0)
		return 0;
	code = errno;
	if (code == ENOENT &&
	    limits_lack(stage, v1_name(line->controller), line->field, line->file, error) == 0)
		return 0;
	errno = code;
	return -1;
}

/* 0, or -1 with errno. */
static int write_limit(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                       const struct limit *limit, struct hierarchies *all,
                       struct ironbox_error *error)
{
	char text[24];
	struct list_line line = { limit->controller, limit->field, limit->file, limit->other_file,
		                  text };
	bool lifts = print_value(resources, limit, text);

	if (limits_write_line(stage, all, &line, error) == 0)
		return 0;
	return lifts && errno == ENOENT ? 0 : -1; /* what is not there limits nothing */
}

static int write_pair(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                      const struct limit *first, struct hierarchies *all,
                      struct ironbox_error *error)
{
	if (write_limit(stage, resources, first, all, error) == 0)
		return write_limit(stage, resources, first + 1, all, error);
	if (errno != EINVAL || write_limit(stage, resources, first + 1, all, error) < 0)
		return -1;
	return write_limit(stage, resources, first, all, error);
}

static int write_numbers(const struct ironbox_stage *stage,
                         const struct cgroup_resources *resources, struct hierarchies *all,
                         struct ironbox_error *error)
{
	for (size_t i = 0; i < LIMITS; i++) {
		bool given = is_given(resources, &limits[i]);

		if (given && limits[i].is_pair && is_given(resources, &limits[i + 1])) {
			if (write_pair(stage, resources, &limits[i++], all, error) < 0)
				return -1;
		} else if (given && write_limit(stage, resources, &limits[i], all, error) < 0) {
			return -1;
		}
	}
	return 0;
}

static int write_texts(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                       struct hierarchies *all, struct ironbox_error *error)
{
	const struct list_line lines[] = {
		{ V1_CPUSET, "linux.resources.cpu.cpus", "cpuset.cpus", NULL, resources->cpu.cpus },
		{ V1_CPUSET, "linux.resources.cpu.mems", "cpuset.mems", NULL, resources->cpu.mems },
		{ V1_MEMORY, "linux.resources.memory.disableOOMKiller", "memory.oom_control", NULL,
		  resources->memory.disable_oom_killer ? "1" : NULL },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i].text && limits_write_line(stage, all, &lines[i], error) < 0)
			return -1;
	return 0;
}

/* checkBeforeUpdate: below what is in use a limit would not come to hold without an OOM kill. */
static int check_usage(const struct ironbox_stage *stage, const struct resources_memory *memory,
                       struct hierarchies *all, struct ironbox_error *error)
{
	struct hierarchy *hierarchy = hierarchies_with(all, V1_MEMORY);
	uint64_t usage;

	if (!hierarchy || hierarchy_directory(all, hierarchy) < 0 ||
	    cgroup_read_number(hierarchy->directory_fd, "memory.usage_in_bytes", &usage) < 0)
		return stage->host->fail(error, errno, "memory: read memory.usage_in_bytes");
	if (memory->limit < 0 || (uint64_t)memory->limit >= usage)
		return 0;
	return stage->host->fail(error, 0,
	                         "memory: linux.resources.memory.limit %" PRId64
	                         " is below the %" PRIu64 " bytes in use",
	                         memory->limit, usage);
}

/* What an update needs besides: the kernel holds new values against the old ones. */
static int prepare_update(const struct ironbox_stage *stage, struct cgroup_resources *resources,
                          struct hierarchies *all, struct ironbox_error *error)
{
	struct resources_memory *memory = &resources->memory;
	const struct list_line no_burst = { V1_CPU, "linux.resources.cpu.burst", "cpu.cfs_burst_us",
		                            NULL, "0" };

	/* memory without a limit cannot have one together with swap */
	if (memory->has_limit && memory->limit < 0 && !memory->has_swap) {
		memory->has_swap = true;
		memory->swap = -1;
	}
	if (memory->has_limit && memory->check_before_update &&
	    check_usage(stage, memory, all, error) < 0)
		return -1;
	/* a quota below the old burst is refused */
	if (resources->cpu.has_quota && resources->cpu.has_burst)
		return limits_write_line(stage, all, &no_burst, error);
	return 0;
}

int limits_write(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                 enum resources_use use, struct hierarchies *all, struct ironbox_error *error)
{
	struct cgroup_resources wanted = *resources;

	if (use == RESOURCES_UPDATE && prepare_update(stage, &wanted, all, error) < 0)
		return -1;
	if (write_numbers(stage, &wanted, all, error) < 0 ||
	    write_texts(stage, &wanted, all, error) < 0)
		return -1;
	return lists_write(stage, &wanted, all, error);
}
