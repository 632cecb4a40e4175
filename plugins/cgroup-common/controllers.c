/* Which controllers the fields of linux.resources need. */
#include <string.h>

#include "resources.h"

static const char *const names[CONTROLLER_COUNT] = {
	[CONTROLLER_CPUSET] = "cpuset",   [CONTROLLER_CPU] = "cpu",
	[CONTROLLER_IO] = "io",           [CONTROLLER_MEMORY] = "memory",
	[CONTROLLER_HUGETLB] = "hugetlb", [CONTROLLER_PIDS] = "pids",
	[CONTROLLER_RDMA] = "rdma",       [CONTROLLER_MISC] = "misc",
};

const char *controller_name(enum cgroup_controller controller)
{
	return names[controller];
}

static uint32_t controller_from_word(const char *word, size_t length)
{
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
			return CONTROLLER_BIT(i);
	return 0;
}

uint32_t controllers_from_text(const char *text)
{
	static const char separators[] = " ,\t\n";
	uint32_t bits = 0;

	while (*(text += strspn(text, separators))) {
		size_t length = strcspn(text, separators);

		bits |= controller_from_word(text, length);
		text += length;
	}
	return bits;
}

static const char *memory_field(const struct resources_memory *memory)
{
	return memory->has_limit         ? "linux.resources.memory.limit"
	       : memory->has_reservation ? "linux.resources.memory.reservation"
	       : memory->has_swap        ? "linux.resources.memory.swap"
	                                 : NULL;
}

static const char *cpu_field(const struct resources_cpu *cpu)
{
	return cpu->has_shares   ? "linux.resources.cpu.shares"
	       : cpu->has_quota  ? "linux.resources.cpu.quota"
	       : cpu->has_period ? "linux.resources.cpu.period"
	       : cpu->has_burst  ? "linux.resources.cpu.burst"
	       : cpu->has_idle   ? "linux.resources.cpu.idle"
	                         : NULL;
}

static const char *cpuset_field(const struct resources_cpu *cpu)
{
	return cpu->cpus   ? "linux.resources.cpu.cpus"
	       : cpu->mems ? "linux.resources.cpu.mems"
	                   : NULL;
}

static const char *io_field(const struct ironbox_host *host, const struct resources_block_io *io)
{
	return io->has_weight                   ? "linux.resources.blockIO.weight"
	       : host->count(io->weight_device) ? "linux.resources.blockIO.weightDevice"
	       : host->count(io->throttle_read_bps)
	               ? "linux.resources.blockIO.throttleReadBpsDevice"
	       : host->count(io->throttle_write_bps)
	               ? "linux.resources.blockIO.throttleWriteBpsDevice"
	       : host->count(io->throttle_read_iops)
	               ? "linux.resources.blockIO.throttleReadIOPSDevice"
	       : host->count(io->throttle_write_iops)
	               ? "linux.resources.blockIO.throttleWriteIOPSDevice"
	               : NULL;
}

/* "memory.high" belongs to the controller that its name begins with. */
static const char *unified_field(const struct ironbox_host *host,
                                 const struct ironbox_value *unified,
                                 enum cgroup_controller controller)
{
	const char *key;

	for (size_t i = 0; host->item(unified, i, &key); i++)
		if (controller_from_word(key, strcspn(key, ".")) == CONTROLLER_BIT(controller))
			return "linux.resources.unified";
	return NULL;
}

static const char *typed_field(const struct ironbox_host *host,
                               const struct cgroup_resources *resources,
                               enum cgroup_controller controller)
{
	switch (controller) {
	case CONTROLLER_CPUSET:
		return cpuset_field(&resources->cpu);
	case CONTROLLER_CPU:
		return cpu_field(&resources->cpu);
	case CONTROLLER_IO:
		return io_field(host, &resources->block_io);
	case CONTROLLER_MEMORY:
		return memory_field(&resources->memory);
	case CONTROLLER_HUGETLB:
		return host->count(resources->hugepage_limits) ? "linux.resources.hugepageLimits"
		                                               : NULL;
	case CONTROLLER_PIDS:
		return resources->pids.has_limit ? "linux.resources.pids.limit" : NULL;
	case CONTROLLER_RDMA:
		return host->count(resources->rdma) ? "linux.resources.rdma" : NULL;
	case CONTROLLER_MISC: /* by `unified` alone */
	case CONTROLLER_COUNT:
		return NULL;
	}
	return NULL;
}

const char *resources_field_of(const struct ironbox_stage *stage,
                               const struct cgroup_resources *resources,
                               enum cgroup_controller controller)
{
	const char *field = typed_field(stage->host, resources, controller);

	return field ? field : unified_field(stage->host, resources->unified, controller);
}

uint32_t resources_controllers(const struct ironbox_stage *stage,
                               const struct cgroup_resources *resources)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (resources_field_of(stage, resources, i))
			bits |= CONTROLLER_BIT(i);
	return bits;
}
