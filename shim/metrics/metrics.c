#include "metrics/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/versions.h"
#include "oci/document.h"

void metrics_each(struct making *making, ProtobufCMessage *message, const char *path,
                  metrics_visit *visit)
{
	/* iterated, not changed */
	json_t *object = (json_t *)(uintptr_t)stats_at(making->stats, path), *value;
	const char *key;

	if (making->out_of_memory)
		return;
	json_object_foreach(object, key, value) visit(making, message, key, value);
}

static void fill_rdma_entry(struct making *making, ProtobufCMessage *entry, const char *device,
                            const json_t *value)
{
	message_set_text(making, entry, "device", device);
	message_set(making, entry, "hca_handles", json_object_get(value, "hca_handle"), 0);
	message_set(making, entry, "hca_objects", json_object_get(value, "hca_object"), 0);
}

static void add_rdma_current(struct making *making, ProtobufCMessage *rdma, const char *device,
                             const json_t *value)
{
	fill_rdma_entry(making, message_add(making, rdma, "current"), device, value);
}

static void add_rdma_limit(struct making *making, ProtobufCMessage *rdma, const char *device,
                           const json_t *value)
{
	fill_rdma_entry(making, message_add(making, rdma, "limit"), device, value);
}

void metrics_fill_rdma(struct making *making, ProtobufCMessage *rdma)
{
	metrics_each(making, rdma, "cgroup.rdma.current", add_rdma_current);
	metrics_each(making, rdma, "cgroup.rdma.max", add_rdma_limit);
}

/* Statistics of a container without a cgroup of its own have no version: they are empty, and v2's,
 * which clients read without looking whether something is there. */
static ProtobufCMessage *make(struct making *making, const char **type_url)
{
	uint64_t version;

	if (number_read(stats_at(making->stats, "cgroup.version"), 1, 1, &version) == NUMBER_FITS) {
		*type_url = "io.containerd.cgroups.v1.Metrics";
		return metrics_make_v1(making);
	}
	*type_url = "io.containerd.cgroups.v2.Metrics";
	return metrics_make_v2(making);
}

static int pack(const ProtobufCMessage *message, uint8_t **bytes, size_t *size,
                struct ironbox_error *error)
{
	*size = protobuf_c_message_get_packed_size(message);
	*bytes = malloc(*size + 1); /* none is no failure */
	if (!*bytes)
		return error_begin(error, errno, "statistics: pack %zu bytes", *size);
	protobuf_c_message_pack(message, *bytes);
	return 0;
}

int metrics_pack(const char *stats_json, const char **type_url, uint8_t **bytes, size_t *size,
                 struct ironbox_error *error)
{
	json_error_t failure;
	json_t *stats = huge_load(stats_json, strlen(stats_json), JSON_REJECT_DUPLICATES, &failure);
	struct making making = { .stats = stats };
	ProtobufCMessage *message;
	int result = -1;

	if (!stats)
		return error_begin(error, 0, "statistics: %s", failure.text);
	message = make(&making, type_url);
	if (!message || making.out_of_memory)
		error_begin(error, ENOMEM, "statistics");
	else
		result = pack(message, bytes, size, error);
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
	json_decref(stats);
	return result;
}
