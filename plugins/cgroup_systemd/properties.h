/*
 * Limits as properties of a unit. What is written into the files of a cgroup systemd would write
 * over with its defaults, once it has a reason to: so each file that it knows of is told to it,
 * too.
 */
#ifndef CGROUP_SYSTEMD_PROPERTIES_H
#define CGROUP_SYSTEMD_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum property {
	PROPERTY_MEMORY_MAX,
	PROPERTY_MEMORY_HIGH,
	PROPERTY_MEMORY_LOW,
	PROPERTY_MEMORY_MIN,
	PROPERTY_MEMORY_SWAP_MAX,
	PROPERTY_TASKS_MAX,
	PROPERTY_CPU_WEIGHT,
	PROPERTY_IO_WEIGHT,
	PROPERTY_CPU_QUOTA, /* microseconds in a second */
	PROPERTY_CPU_PERIOD,
	PROPERTY_NUMBERS, /* how many of them are numbers; sets follow */
	PROPERTY_CPUS = PROPERTY_NUMBERS,
	PROPERTY_MEMORY_NODES,
	PROPERTY_COUNT,
};

#define PROPERTY_NO_LIMIT UINT64_MAX /* as systemd has it, too */
#define PROPERTY_SETS     (PROPERTY_COUNT - PROPERTY_NUMBERS)

struct properties {
	bool has_bfq; /* this kernel's io.weight is not what counts: io.bfq.weight is */
	bool given[PROPERTY_COUNT];
	uint64_t numbers[PROPERTY_NUMBERS];
	struct property_set {
		uint8_t bits[1024]; /* the kernel's CONFIG_NR_CPUS is 8192 at most */
		size_t size;
	} sets[PROPERTY_SETS];
};

#define PROPERTIES_NONE ((struct properties){ .has_bfq = properties_find_bfq() })
bool properties_find_bfq(void);

/* What D-Bus calls it. */
const char *property_name(enum property property);

/* One file and its value, as limits_write tells them (struct limits.tell): the last word counts.
 * Files that systemd does not know of, and values that it would not take, are left to the file. */
void properties_tell(void *context, const char *file, const char *value);

bool properties_given(const struct properties *properties);

#endif
