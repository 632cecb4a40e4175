/*
 * linux.resources of a container, or what `update` was given, as numbers: config-linux.md of
 * runtime-spec 1.3. What was not given, or given as a value by which its senders mean "not given",
 * has no has_ flag, so that a writer looks at flags alone.
 */
#ifndef CGROUP_COMMON_RESOURCES_H
#define CGROUP_COMMON_RESOURCES_H

#include <ironbox/plugin.h>

struct resources_memory {
	int64_t limit, reservation,
		swap;               /* bytes; -1: no limit; swap is memory and swap together */
	int64_t kernel, kernel_tcp; /* v1 only, the first of them deprecated */
	uint64_t swappiness;        /* v1 only */
	bool disable_oom_killer;    /* v1 only */
	bool use_hierarchy;         /* v1 only, and always so by now */
	bool check_before_update;
	bool has_limit, has_reservation, has_swap, has_kernel, has_kernel_tcp, has_swappiness;
};

struct resources_cpu {
	uint64_t shares;
	int64_t quota; /* -1: no limit */
	uint64_t period, burst;
	int64_t realtime_runtime; /* v1 only, as the period */
	uint64_t realtime_period;
	int64_t idle;
	const char *cpus, *mems; /* NULL: not given */
	bool has_shares, has_quota, has_period, has_burst, has_realtime_runtime;
	bool has_realtime_period, has_idle;
};

struct resources_pids {
	int64_t limit; /* -1: no limit */
	bool has_limit;
};

/* Lists stay values of the document: resources_device_number and its like read an item. */
struct resources_block_io {
	uint32_t weight, leaf_weight; /* leafWeight: v1 only */
	const struct ironbox_value *weight_device;
	const struct ironbox_value *throttle_read_bps, *throttle_write_bps;
	const struct ironbox_value *throttle_read_iops, *throttle_write_iops;
	bool has_weight, has_leaf_weight;
};

struct resources_network {
	uint32_t class_id; /* v1 only, as the priorities: [{name, priority}] */
	const struct ironbox_value *priorities;
	bool has_class_id;
};

struct cgroup_resources {
	struct resources_memory memory;
	struct resources_cpu cpu;
	struct resources_pids pids;
	struct resources_block_io block_io;
	struct resources_network network;
	const struct ironbox_value *devices;         /* see devices.h */
	const struct ironbox_value *hugepage_limits; /* [{pageSize, limit}] */
	const struct ironbox_value *rdma;            /* {DEVICE: {hcaHandles, hcaObjects}} */
	const struct ironbox_value *unified;         /* {FILE: text} */
};

enum resources_use {
	RESOURCES_CREATE, /* a fresh cgroup has no limits: "no limit" (-1) is not given either */
	RESOURCES_UPDATE, /* -1 lifts a limit */
};

/* Reads linux.resources, or update's own value, into *resources, which it clears first. value may
 * be NULL. Strings and lists in it belong to the document. */
int resources_read(const struct ironbox_stage *stage, const struct ironbox_value *value,
                   enum resources_use use, struct cgroup_resources *resources,
                   struct ironbox_error *error);

/* An item of blockIO.weightDevice; has_ as above. */
struct resources_device_weight {
	int64_t major, minor;
	uint32_t weight, leaf_weight;
	bool has_weight, has_leaf_weight;
};
int resources_device_weight(const struct ironbox_stage *stage, const struct ironbox_value *item,
                            struct resources_device_weight *weight, struct ironbox_error *error);

/* An item of one of the blockIO.throttle lists; rate 0 is "not given" (no limit in an update). */
struct resources_device_rate {
	int64_t major, minor;
	uint64_t rate;
};
int resources_device_rate(const struct ironbox_stage *stage, const struct ironbox_value *item,
                          struct resources_device_rate *rate, struct ironbox_error *error);

/* An item of hugepageLimits. A limit of 0 is one: kubelet means it. page_size is checked to be
 * of the form "2MB", so that it may become part of a file's name. */
struct resources_hugepage {
	const char *page_size;
	uint64_t limit;
};
int resources_hugepage(const struct ironbox_stage *stage, const struct ironbox_value *item,
                       struct resources_hugepage *hugepage, struct ironbox_error *error);

/* A member of rdma. */
struct resources_rdma {
	uint32_t hca_handles, hca_objects;
	bool has_hca_handles, has_hca_objects;
};
int resources_rdma(const struct ironbox_stage *stage, const struct ironbox_value *member,
                   struct resources_rdma *rdma, struct ironbox_error *error);

/* An item of network.priorities. */
struct resources_priority {
	const char *name;
	uint32_t priority;
};
int resources_priority(const struct ironbox_stage *stage, const struct ironbox_value *item,
                       struct resources_priority *priority, struct ironbox_error *error);

/* The controllers by their v2 names; v1 says blkio for io, net_cls and net_prio for network. */
enum cgroup_controller {
	CONTROLLER_CPUSET,
	CONTROLLER_CPU,
	CONTROLLER_IO,
	CONTROLLER_MEMORY,
	CONTROLLER_HUGETLB,
	CONTROLLER_PIDS,
	CONTROLLER_RDMA,
	CONTROLLER_MISC,
	CONTROLLER_COUNT,
};

#define CONTROLLER_BIT(controller) (1u << (controller))

const char *controller_name(enum cgroup_controller controller);

/* The bits of those controllers that a list such as "cpu io memory" names, whatever separates. */
uint32_t controllers_from_text(const char *text);

/* The first field of *resources that needs this controller, such as
 * "linux.resources.memory.limit", or NULL if nothing of it is asked for. `unified` counts. */
const char *resources_field_of(const struct ironbox_stage *stage,
                               const struct cgroup_resources *resources,
                               enum cgroup_controller controller);

/* The bits of all controllers that *resources need. */
uint32_t resources_controllers(const struct ironbox_stage *stage,
                               const struct cgroup_resources *resources);

#endif
