#include "lifecycle/attributes.h"

#include <fcntl.h>
#include <stdio.h>

#include <ironbox/cleanup.h>

static const char *stage_name(const struct attribute *attribute)
{
	return ((const struct stage *)attribute->stage)
	        ->name; /* what it sees is the first member */
}

/* owner: "thread-self", or a pid */
static int open_one(struct pipeline *pipeline, const struct attribute *attribute, const char *owner,
                    struct ironbox_error *error)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/attr/%s", owner, attribute->name);
	fd = pipeline_open_below_proc(pipeline, path, O_RDWR | O_CLOEXEC, error);
	return fd < 0 ? error_context(error, "%s", stage_name(attribute)) : fd;
}

static int write_one(const struct attribute *attribute, int fd, struct ironbox_error *error)
{
	error_reset(error);
	if (attribute->write(attribute->stage, fd, error) < 0)
		return error_context(error, "%s", stage_name(attribute));
	return 0;
}

int attributes_write(struct pipeline *pipeline, struct ironbox_error *error)
{
	size_t i;

	for (i = 0; i < pipeline->attribute_count; i++) {
		const struct attribute *attribute = &pipeline->attributes[i];
		cleanup_close int fd = open_one(pipeline, attribute, "thread-self", error);

		if (fd < 0 || write_one(attribute, fd, error) < 0)
			return -1;
	}
	return 0;
}

int attributes_hand_over(struct container *container, struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;
	char pid[16];
	size_t i;

	snprintf(pid, sizeof(pid), "%d", (int)container->pid); /* not reaped yet: nobody else's */
	for (i = 0; i < pipeline->attribute_count; i++) {
		cleanup_close int fd = open_one(pipeline, &pipeline->attributes[i], pid, error);

		if (fd < 0 || channel_send_bytes(&container->channel, MESSAGE_ATTRIBUTE, 0, NULL, 0,
		                                 fd, error) < 0)
			return -1;
	}
	return 0;
}

int attributes_write_received(struct container *container, struct ironbox_error *error)
{
	const struct pipeline *pipeline = &container->pipeline;
	struct message message = { .fd = -1 };
	size_t i;

	for (i = 0; i < pipeline->attribute_count; i++) {
		cleanup_close int fd = -1;

		if (channel_await(&container->channel, MESSAGE_ATTRIBUTE, &message, error) < 0)
			return -1;
		fd = message.fd;
		if (write_one(&pipeline->attributes[i], fd, error) < 0)
			return -1;
	}
	return 0;
}
