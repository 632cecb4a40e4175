/* A container's state as JSON. */
#include "cli/info.h"

#include <stdlib.h>
#include <string.h>

struct annotation {
	const char *key, *text;
};

static int compare_keys(const void *left, const void *right)
{
	return strcmp(((const struct annotation *)left)->key,
	              ((const struct annotation *)right)->key);
}

/* Sorted by their keys, as Go writes a map; an empty one is left out. */
static void print_annotations(struct json_writer *json, const struct ironbox_value *annotations)
{
	size_t count = annotations ? value_count(annotations) : 0;
	struct annotation *sorted = count > 0 ? calloc(count, sizeof(*sorted)) : NULL;

	if (!sorted)
		return;
	for (size_t i = 0; i < count; i++)
		sorted[i].text = value_text(value_item(annotations, i, &sorted[i].key));
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	writer_begin_object(json, "annotations");
	for (size_t i = 0; i < count; i++)
		writer_string(json, sorted[i].key, sorted[i].text ? sorted[i].text : "");
	writer_end_object(json);
	free(sorted);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

void info_print(struct json_writer *json, const struct container_info *info, const char *owner)
{
	writer_begin_object(json, NULL);
	writer_string(json, "ociVersion", or_empty(info->oci_version));
	writer_string(json, "id", info->id);
	writer_integer(json, "pid", info->pid);
	writer_string(json, "status", container_status_names[info->status]);
	writer_string(json, "bundle", or_empty(info->bundle));
	writer_string(json, "rootfs", or_empty(info->rootfs));
	writer_string(json, "created", or_empty(info->created));
	print_annotations(json, info->annotations);
	writer_string(json, "owner", or_empty(owner));
	writer_end_object(json);
}
