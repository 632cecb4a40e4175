#include "properties.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static const struct row {
	const char *name; /* of the property; org.freedesktop.systemd1(5) */
	const char *file; /* of the cgroup, if it is the same number; else NULL */
	uint64_t least;   /* systemd takes no smaller one */
} rows[PROPERTY_COUNT] = {
	[PROPERTY_MEMORY_MAX] = { "MemoryMax", "memory.max", 1 },
	[PROPERTY_MEMORY_HIGH] = { "MemoryHigh", "memory.high", 1 },
	[PROPERTY_MEMORY_LOW] = { "MemoryLow", "memory.low", 0 },
	[PROPERTY_MEMORY_MIN] = { "MemoryMin", "memory.min", 0 },
	[PROPERTY_MEMORY_SWAP_MAX] = { "MemorySwapMax", "memory.swap.max", 0 },
	[PROPERTY_TASKS_MAX] = { "TasksMax", "pids.max", 1 },
	[PROPERTY_CPU_WEIGHT] = { "CPUWeight", "cpu.weight", 0 },
	[PROPERTY_IO_WEIGHT] = { "IOWeight", NULL, 1 },
	[PROPERTY_CPU_QUOTA] = { "CPUQuotaPerSecUSec", NULL, 1 },
	[PROPERTY_CPU_PERIOD] = { "CPUQuotaPeriodUSec", NULL, 1 },
	[PROPERTY_CPUS] = { "AllowedCPUs", NULL, 0 },
	[PROPERTY_MEMORY_NODES] = { "AllowedMemoryNodes", NULL, 0 },
};

const char *property_name(enum property property)
{
	return rows[property].name;
}

bool properties_given(const struct properties *properties)
{
	for (size_t i = 0; i < PROPERTY_COUNT; i++)
		if (properties->given[i])
			return true;
	return false;
}

/* As the kernel reads it: "max", or a number, with K, M, G or T behind it for memory. */
static bool parse_number(const char *text, uint64_t *number)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;

	if (strcmp(text, "max") == 0) {
		*number = PROPERTY_NO_LIMIT;
		return true;
	}
	*number = strtoull(text, &end, 10);
	if (end == text || *text == '-')
		return false;
	unit = *end ? strchr(units, *end & ~0x20) : NULL; /* small letters, too */
	if (unit && __builtin_mul_overflow(*number, 1ULL << 10 * (unit - units + 1), number))
		return false;
	return !*end || (unit && !end[1]);
}

static void set_number(struct properties *properties, enum property property, bool is_number,
                       uint64_t number)
{
	properties->given[property] = is_number && number >= rows[property].least;
	properties->numbers[property] = number;
}

/*
 * "QUOTA PERIOD". systemd keeps whole percents of a second in the unit's file, which it reads again
 * at a reload, and cuts off what is behind: 33.3 % would be 33, and half a percent no limit at all.
 * So it gets the next whole one; the exact quota is in the cgroup's file.
 */
static void take_cpu_max(struct properties *properties, const char *value)
{
	const uint64_t second = 1000000, percent = second / 100;
	char quota_text[32], *end;
	uint64_t quota, period = 100000; /* the kernel's own */
	size_t size = strcspn(value, " ");
	bool is_quota;

	if (size >= sizeof(quota_text))
		return;
	memcpy(quota_text, value, size);
	quota_text[size] = '\0';
	is_quota = parse_number(quota_text, &quota);
	if (value[size]) {
		period = strtoull(value + size, &end, 10);
		set_number(properties, PROPERTY_CPU_PERIOD, !*end && period > 0, period);
		if (!properties->given[PROPERTY_CPU_PERIOD])
			return;
	}
	if (is_quota && quota != PROPERTY_NO_LIMIT) {
		if (__builtin_mul_overflow(quota, second, &quota))
			return;
		quota = (quota + period - 1) / period;
		quota = (quota + percent - 1) / percent * percent;
	}
	set_number(properties, PROPERTY_CPU_QUOTA, is_quota, quota);
}

/* Since systemd 252 a weight of 0 is its word for idle, and all others are one for not: the kernel
 * gives 100 to who is idle no more. A weight of one's own is told after it. */
static void take_cpu_idle(struct properties *properties, const char *value)
{
	set_number(properties, PROPERTY_CPU_WEIGHT, true, strcmp(value, "1") == 0 ? 0 : 100);
}

bool properties_find_bfq(void)
{
	return access("/sys/module/bfq", F_OK) == 0;
}

/*
 * Of io.bfq.weight, which comes first and has the spec's own 10..1000. systemd writes its number
 * into io.weight, and into that one by a line from 100 to 100, which is both's default, and from
 * 10000 to 1000. Of a single device ("8:0 100") it is not told.
 */
static void take_bfq_weight(struct properties *properties, const char *value)
{
	uint64_t weight;
	bool is_number = parse_number(value, &weight);

	if (strchr(value, ':'))
		return;
	if (!is_number || weight < 1 || weight > 1000)
		return;
	if (!properties->has_bfq)
		weight = convert_block_io_weight((uint32_t)weight);
	else if (weight > 100)
		weight = 100 + (weight - 100) * 11;
	set_number(properties, PROPERTY_IO_WEIGHT, true, weight);
}

/* "100" or "default 100", of linux.resources.unified. */
static void take_io_weight(struct properties *properties, const char *value)
{
	static const char word[] = "default ";
	uint64_t weight;

	if (strncmp(value, word, strlen(word)) == 0)
		value += strlen(word);
	if (parse_number(value, &weight) && weight <= 10000)
		set_number(properties, PROPERTY_IO_WEIGHT, true, weight);
}

/* "0-3,7" as bits, the lowest first. */
static bool parse_set(const char *text, struct property_set *set)
{
	*set = (struct property_set){ .size = 0 };
	while (*text) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		if (first > last || last >= 8 * sizeof(set->bits))
			return false;
		for (unsigned long i = first; i <= last; i++)
			set->bits[i / 8] |= (uint8_t)(1u << i % 8);
		if (last / 8 + 1 > set->size)
			set->size = last / 8 + 1;
		text = end + strspn(end, ",");
		if (text == end && *end)
			return false;
	}
	return set->size > 0;
}

static void take_set(struct properties *properties, enum property property, const char *value)
{
	properties->given[property] =
		parse_set(value, &properties->sets[property - PROPERTY_NUMBERS]);
}

void properties_tell(void *context, const char *file, const char *value)
{
	struct properties *properties = context;
	uint64_t number;
	bool is_number;

	if (strcmp(file, "cpu.max") == 0)
		take_cpu_max(properties, value);
	else if (strcmp(file, "io.bfq.weight") == 0)
		take_bfq_weight(properties, value);
	else if (strcmp(file, "io.weight") == 0)
		take_io_weight(properties, value);
	else if (strcmp(file, "cpu.idle") == 0)
		take_cpu_idle(properties, value);
	else if (strcmp(file, "cpuset.cpus") == 0)
		take_set(properties, PROPERTY_CPUS, value);
	else if (strcmp(file, "cpuset.mems") == 0)
		take_set(properties, PROPERTY_MEMORY_NODES, value);
	for (size_t i = 0; i < PROPERTY_NUMBERS; i++) {
		if (!rows[i].file || strcmp(rows[i].file, file) != 0)
			continue;
		is_number = parse_number(value, &number);
		set_number(properties, (enum property)i, is_number, number);
	}
}
