/* linux.resources.blockIO: weights and throttles of block devices. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "internal.h"

/*
 * Two schedulers know weights: bfq by io.bfq.weight, whose 1..1000 are the spec's own, and iocost
 * by io.weight. A kernel has either, both or none. prefix: "" or "MAJOR:MINOR ".
 */
static int write_weight(const struct limits *limits, const char *prefix, uint32_t weight,
                        const char *field, struct ironbox_error *error)
{
	char value[96];

	snprintf(value, sizeof(value), "%s%u", prefix, weight);
	if (limit_put(limits, "io.bfq.weight", value, field, error) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	snprintf(value, sizeof(value), "%s%llu", prefix,
	         (unsigned long long)convert_block_io_weight(weight));
	if (limit_put(limits, "io.weight", value, field, error) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	return cgroup_miss(limits->stage, error,
	                   "io: this kernel has neither io.bfq.weight nor io.weight (%s)", field);
}

static int write_device_weights(const struct limits *limits, struct ironbox_error *error)
{
	static const char field[] = "linux.resources.blockIO.weightDevice";
	const struct ironbox_host *host = limits->stage->host;
	const struct ironbox_value *list = limits->resources->block_io.weight_device, *item;
	struct resources_device_weight device;
	char prefix[64];

	for (size_t i = 0; (item = host->item(list, i, NULL)); i++) {
		if (resources_device_weight(limits->stage, item, &device, error) < 0)
			return -1;
		if (device.has_weight && (device.weight < 10 || device.weight > 1000))
			return host->fail(error, 0, "%s[%zu].weight: %u: expected 10 to 1000",
			                  field, i, device.weight);
		snprintf(prefix, sizeof(prefix), "%lld:%lld ", (long long)device.major,
		         (long long)device.minor);
		if (device.has_leaf_weight &&
		    cgroup_miss(limits->stage, error,
		                "%s[%zu].leafWeight: cgroup v2 has no such "
		                "limit",
		                field, i) < 0)
			return -1;
		if (device.has_weight &&
		    write_weight(limits, prefix, device.weight, field, error) < 0)
			return -1;
	}
	return 0;
}

/* io.max is one line a device, of which each write may name a part. */
static int write_rates(const struct limits *limits, const struct ironbox_value *list,
                       const char *key, const char *field, struct ironbox_error *error)
{
	const struct ironbox_host *host = limits->stage->host;
	const struct ironbox_value *item;
	struct resources_device_rate device;
	char value[128], rate[32];

	for (size_t i = 0; (item = host->item(list, i, NULL)); i++) {
		if (resources_device_rate(limits->stage, item, &device, error) < 0)
			return -1;
		if (device.rate == 0 && limits->use == RESOURCES_CREATE)
			continue;
		snprintf(rate, sizeof(rate), "%llu", (unsigned long long)device.rate);
		snprintf(value, sizeof(value), "%lld:%lld %s=%s", (long long)device.major,
		         (long long)device.minor, key, device.rate ? rate : "max");
		if (limit_write(limits, "io.max", value, field, error) < 0)
			return -1;
	}
	return 0;
}

int limits_write_io(const struct limits *limits, struct ironbox_error *error)
{
	const struct resources_block_io *io = &limits->resources->block_io;
	const struct {
		const struct ironbox_value *list;
		const char *key, *field;
	} throttles[] = {
		{ io->throttle_read_bps, "rbps", "linux.resources.blockIO.throttleReadBpsDevice" },
		{ io->throttle_write_bps, "wbps",
		  "linux.resources.blockIO.throttleWriteBpsDevice" },
		{ io->throttle_read_iops, "riops",
		  "linux.resources.blockIO.throttleReadIOPSDevice" },
		{ io->throttle_write_iops, "wiops",
		  "linux.resources.blockIO.throttleWriteIOPSDevice" },
	};

	if (io->has_weight &&
	    write_weight(limits, "", io->weight, "linux.resources.blockIO.weight", error) < 0)
		return -1;
	if (write_device_weights(limits, error) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(throttles) / sizeof(throttles[0]); i++)
		if (write_rates(limits, throttles[i].list, throttles[i].key, throttles[i].field,
		                error) < 0)
			return -1;
	return 0;
}
