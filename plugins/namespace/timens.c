/* timens.c: linux.timeOffsets, and the time namespace that has them: time_namespaces(7). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

struct offset {
	int64_t secs;
	uint32_t nanosecs;
};

static const struct ironbox_field offset_fields[] = {
	IRONBOX_FIELD(struct offset, secs, "secs"),
	IRONBOX_FIELD(struct offset, nanosecs, "nanosecs"),
	IRONBOX_FIELD_END,
};

/* Two clocks have an offset; two lines of "monotonic -9223372036854775808 999999999\n" */
enum { OFFSETS_SIZE = 128 };

/* Makes the text for /proc/PID/timens_offsets. Returns its length, 0 if there is none, or -1. */
static int offsets_text(const struct ironbox_stage *stage, char text[OFFSETS_SIZE],
                        struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *offsets = host->spec(stage, "linux.timeOffsets");
	size_t count = host->count(offsets);
	int length = 0;

	for (size_t i = 0; i < count; i++) {
		struct offset offset = { 0, 0 };
		const char *clock;
		const struct ironbox_value *value = host->item(offsets, i, &clock);

		if (strcmp(clock, "monotonic") != 0 && strcmp(clock, "boottime") != 0)
			return host->fail(error, 0,
			                  "linux.timeOffsets: a time namespace has no clock "
			                  "\"%s\", only monotonic and boottime",
			                  clock);
		if (host->read(stage, value, offset_fields, &offset, error) < 0)
			return -1;
		if (offset.nanosecs > 999999999)
			return host->fail(error, 0,
			                  "linux.timeOffsets.%s.nanosecs: %" PRIu32
			                  " is more than 999999999",
			                  clock, offset.nanosecs);
		length += snprintf(text + length, (size_t)(OFFSETS_SIZE - length),
		                   "%s %" PRId64 " %" PRIu32 "\n", clock, offset.secs,
		                   offset.nanosecs);
	}
	return length;
}

int timens_validate(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	char text[OFFSETS_SIZE];
	int length = offsets_text(stage, text, error);

	if (length > 0 && !(namespaces->made & CLONE_NEWTIME))
		return stage->host->fail(error, 0,
		                         "linux.timeOffsets: needs a new time namespace in "
		                         "linux.namespaces");
	return length < 0 ? -1 : 0;
}

/* The offsets can be written only before the first process is in the namespace, so the runtime
 * makes it for its children, writes its own offsets, and goes back after the clone of init.
 * (unshare(2) by init and then its execve(2) works on Linux 6.18, and silently not on 6.1.) */
int timens_make(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	struct namespaces *namespaces = stage->data;
	cleanup_close int offsets_fd = -1;
	char text[OFFSETS_SIZE];
	int length = offsets_text(stage, text, error);

	if (length < 0 || own_namespace_open(stage, CLONE_NEWTIME, error) < 0)
		return -1;
	if (unshare(CLONE_NEWTIME) < 0)
		return host->fail(error, errno, "make a time namespace");
	namespaces->entered |= CLONE_NEWTIME;
	if (length == 0)
		return 0;
	offsets_fd = host->open_proc(stage, "self/timens_offsets", O_WRONLY | O_CLOEXEC, error);
	if (offsets_fd < 0)
		return -1;
	if (write(offsets_fd, text, (size_t)length) != length)
		return host->fail(error, errno, "write the time offsets \"%.*s\"", length - 1,
		                  text);
	return 0;
}
