/* The lists of linux.resources, a write(2) for each of their items. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <files.h>

#include "internal.h"

typedef int write_item(const struct ironbox_stage *stage, const struct ironbox_value *item,
                       const char *key, struct hierarchies *all, const struct list_line *line,
                       struct ironbox_error *error);

static int write_each(const struct ironbox_stage *stage, const struct ironbox_value *list,
                      write_item *write_one, struct hierarchies *all, const struct list_line *line,
                      struct ironbox_error *error)
{
	size_t count = stage->host->count(list);

	for (size_t i = 0; i < count; i++) {
		const char *key = NULL;
		const struct ironbox_value *item = stage->host->item(list, i, &key);

		if (write_one(stage, item, key, all, line, error) < 0)
			return -1;
	}
	return 0;
}

/* "8:0 1048576" */
static int write_rate(const struct ironbox_stage *stage, const struct ironbox_value *item,
                      const char *key, struct hierarchies *all, const struct list_line *line,
                      struct ironbox_error *error)
{
	struct list_line this = *line;
	struct resources_device_rate rate;
	char text[80];

	(void)key; /* of an array */
	if (resources_device_rate(stage, item, &rate, error) < 0)
		return -1;
	snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, rate.major, rate.minor,
	         rate.rate);
	this.text = text;
	return limits_write_line(stage, all, &this, error);
}

static int write_weights(const struct ironbox_stage *stage, const struct ironbox_value *item,
                         const char *key, struct hierarchies *all, const struct list_line *line,
                         struct ironbox_error *error)
{
	struct list_line this = *line;
	struct resources_device_weight weight;
	char text[64];

	(void)key; /* of an array */
	if (resources_device_weight(stage, item, &weight, error) < 0)
		return -1;
	this.text = text;
	snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu32, weight.major, weight.minor,
	         weight.weight);
	if (weight.has_weight && limits_write_line(stage, all, &this, error) < 0)
		return -1;
	this.file = "blkio.leaf_weight_device";
	this.other_file = NULL;
	snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu32, weight.major, weight.minor,
	         weight.leaf_weight);
	return weight.has_leaf_weight ? limits_write_line(stage, all, &this, error) : 0;
}

static int write_block_io(const struct ironbox_stage *stage, const struct resources_block_io *io,
                          struct hierarchies *all, struct ironbox_error *error)
{
	const struct {
		const struct ironbox_value *list;
		write_item *write_one;
		struct list_line line;
	} lists[] = {
		{ io->weight_device,
		  write_weights,
		  { V1_BLKIO, "linux.resources.blockIO.weightDevice", "blkio.weight_device",
		    "blkio.bfq.weight_device", NULL } },
		{ io->throttle_read_bps,
		  write_rate,
		  { V1_BLKIO, "linux.resources.blockIO.throttleReadBpsDevice",
		    "blkio.throttle.read_bps_device", NULL, NULL } },
		{ io->throttle_write_bps,
		  write_rate,
		  { V1_BLKIO, "linux.resources.blockIO.throttleWriteBpsDevice",
		    "blkio.throttle.write_bps_device", NULL, NULL } },
		{ io->throttle_read_iops,
		  write_rate,
		  { V1_BLKIO, "linux.resources.blockIO.throttleReadIOPSDevice",
		    "blkio.throttle.read_iops_device", NULL, NULL } },
		{ io->throttle_write_iops,
		  write_rate,
		  { V1_BLKIO, "linux.resources.blockIO.throttleWriteIOPSDevice",
		    "blkio.throttle.write_iops_device", NULL, NULL } },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (write_each(stage, lists[i].list, lists[i].write_one, all, &lists[i].line,
		               error) < 0)
			return -1;
	return 0;
}

/* Reservations would get around the limit until they are used; Linux 5.7 has one for them. */
static int limit_reservations(const struct ironbox_stage *stage, struct hierarchies *all,
                              const struct resources_hugepage *hugepage, const char *text,
                              struct ironbox_error *error)
{
	struct hierarchy *hierarchy = hierarchies_with(all, V1_HUGETLB);
	char file[80];

	snprintf(file, sizeof(file), "hugetlb.%s.rsvd.limit_in_bytes", hugepage->page_size);
	if (hierarchy && hierarchy_directory(all, hierarchy) >= 0 &&
	    cgroup_write(stage, hierarchy->directory_fd, file, text, NULL, error) < 0 &&
	    errno != ENOENT)
		return -1;
	return 0;
}

static int write_hugepages(const struct ironbox_stage *stage, const struct ironbox_value *item,
                           const char *key, struct hierarchies *all, const struct list_line *line,
                           struct ironbox_error *error)
{
	struct list_line this = *line;
	struct resources_hugepage hugepage;
	char file[64], text[24];

	(void)key; /* of an array */
	if (resources_hugepage(stage, item, &hugepage, error) < 0)
		return -1;
	snprintf(file, sizeof(file), "hugetlb.%s.limit_in_bytes", hugepage.page_size);
	snprintf(text, sizeof(text), "%" PRIu64, hugepage.limit);
	this.file = file;
	this.text = text;
	if (limits_write_line(stage, all, &this, error) < 0)
		return -1;
	return limit_reservations(stage, all, &hugepage, text, error);
}

/* "mlx4_0 hca_handle=2 hca_object=2000": kernel, cgroup-v1/rdma.rst */
static int write_rdma(const struct ironbox_stage *stage, const struct ironbox_value *member,
                      const char *key, struct hierarchies *all, const struct list_line *line,
                      struct ironbox_error *error)
{
	struct list_line this = *line;
	struct resources_rdma rdma;
	char handles[40] = "", objects[40] = "", text[512];

	if (resources_rdma(stage, member, &rdma, error) < 0)
		return -1;
	if (rdma.has_hca_handles)
		snprintf(handles, sizeof(handles), " hca_handle=%" PRIu32, rdma.hca_handles);
	if (rdma.has_hca_objects)
		snprintf(objects, sizeof(objects), " hca_object=%" PRIu32, rdma.hca_objects);
	snprintf(text, sizeof(text), "%s%s%s", key, handles, objects);
	this.text = text;
	return limits_write_line(stage, all, &this, error);
}

/* "eth0 5": kernel, cgroup-v1/net_prio.rst */
static int write_priority(const struct ironbox_stage *stage, const struct ironbox_value *item,
                          const char *key, struct hierarchies *all, const struct list_line *line,
                          struct ironbox_error *error)
{
	struct list_line this = *line;
	struct resources_priority priority;
	char text[64];

	(void)key; /* of an array */
	if (resources_priority(stage, item, &priority, error) < 0)
		return -1;
	snprintf(text, sizeof(text), "%.32s %" PRIu32, priority.name, priority.priority);
	this.text = text;
	return limits_write_line(stage, all, &this, error);
}

int lists_write(const struct ironbox_stage *stage, const struct cgroup_resources *resources,
                struct hierarchies *all, struct ironbox_error *error)
{
	const struct list_line hugepages = { V1_HUGETLB, "linux.resources.hugepageLimits", NULL,
		                             NULL, NULL };
	const struct list_line rdma = { V1_RDMA, "linux.resources.rdma", "rdma.max", NULL, NULL };
	const struct list_line priorities = { V1_NET_PRIO, "linux.resources.network.priorities",
		                              "net_prio.ifpriomap", NULL, NULL };

	if (write_block_io(stage, &resources->block_io, all, error) < 0 ||
	    write_each(stage, resources->hugepage_limits, write_hugepages, all, &hugepages, error) <
	            0 ||
	    write_each(stage, resources->rdma, write_rdma, all, &rdma, error) < 0)
		return -1;
	return write_each(stage, resources->network.priorities, write_priority, all, &priorities,
	                  error);
}
