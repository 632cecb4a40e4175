/* idmap.c: linux.uidMappings and gidMappings of a new user namespace: user_namespaces(7). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "idmap.h"

/* The kernel takes so many lines, in one write(2) of less than a page. */
enum { LINES_MAX = 340, TEXT_SIZE = 4096 };

const struct idmap_kind idmap_kinds[2] = {
	{ "linux.uidMappings", "uid_map", "/usr/bin/newuidmap" },
	{ "linux.gidMappings", "gid_map", "/usr/bin/newgidmap" },
};

static const struct ironbox_field range_fields[] = {
	IRONBOX_FIELD_REQUIRED(struct idmap_range, container_id, "containerID"),
	IRONBOX_FIELD_REQUIRED(struct idmap_range, host_id, "hostID"),
	IRONBOX_FIELD_REQUIRED(struct idmap_range, size, "size"),
	IRONBOX_FIELD_END,
};

struct idmap {
	size_t count;
	struct idmap_range ranges[LINES_MAX];
};

static bool ranges_meet(uint32_t first, uint32_t first_size, uint32_t second, uint32_t second_size)
{
	return first < (uint64_t)second + second_size && second < (uint64_t)first + first_size;
}

static int range_check(const struct ironbox_stage *stage, const struct idmap *map, size_t index,
                       struct ironbox_error *error)
{
	const struct idmap_range *range = &map->ranges[index];

	if (range->size == 0)
		return stage->host->fail(error, 0, "item %zu: the size is 0", index);
	/* (uid_t)-1 is no id: it says "leave as it is" to chown(2) and setresuid(2) */
	if (range->container_id > UINT32_MAX - range->size ||
	    range->host_id > UINT32_MAX - range->size)
		return stage->host->fail(error, 0, "item %zu: ends beyond the last id", index);
	for (size_t i = 0; i < index; i++)
		if (ranges_meet(map->ranges[i].container_id, map->ranges[i].size,
		                range->container_id, range->size) ||
		    ranges_meet(map->ranges[i].host_id, map->ranges[i].size, range->host_id,
		                range->size))
			return stage->host->fail(error, 0, "items %zu and %zu overlap", i, index);
	return 0;
}

static int idmap_read(const struct ironbox_stage *stage, const struct idmap_kind *kind,
                      struct idmap *map, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *list = host->spec(stage, kind->path);
	size_t count = host->count(list);

	if (count > LINES_MAX)
		return host->fail(error, 0, "%s: more than %d items", kind->path, LINES_MAX);
	map->count = count;
	for (size_t i = 0; i < count; i++) {
		map->ranges[i] = (struct idmap_range){ 0, 0, 0 };
		if (host->read(stage, host->item(list, i, NULL), range_fields, &map->ranges[i],
		               error) < 0)
			return -1;
		if (range_check(stage, map, i, error) < 0)
			return host->context(error, "%s", kind->path);
	}
	return 0;
}

/* Returns the length, or -1 if it is more than one write(2) may have. */
static int idmap_text(const struct idmap *map, char text[TEXT_SIZE])
{
	int length = 0;

	for (size_t i = 0; i < map->count; i++) {
		const struct idmap_range *range = &map->ranges[i];

		length += snprintf(text + length, (size_t)(TEXT_SIZE - length),
		                   "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", range->container_id,
		                   range->host_id, range->size);
		if (length >= TEXT_SIZE)
			return -1;
	}
	return length;
}

static int kind_validate(const struct ironbox_stage *stage, const struct idmap_kind *kind,
                         struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct namespaces *namespaces = stage->data;
	char text[TEXT_SIZE];
	struct idmap map;

	if (idmap_read(stage, kind, &map, error) < 0)
		return -1;
	if (!(namespaces->made & CLONE_NEWUSER)) {
		/* with a path: of the maps of a namespace that stands already, callers tell too */
		if (map.count == 0 || namespaces->joined & CLONE_NEWUSER)
			return 0;
		return host->fail(error, 0, "%s: needs a user namespace in linux.namespaces",
		                  kind->path);
	}
	if (idmap_text(&map, text) < 0)
		return host->fail(error, 0, "%s: longer than one page of text", kind->path);
	for (size_t i = 0; i < map.count; i++)
		if (map.ranges[i].container_id == 0)
			return 0;
	return host->fail(error, 0, "%s: the new user namespace needs an id 0", kind->path);
}

int idmap_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	const char *most;

	if (kind_validate(stage, &idmap_kinds[0], error) < 0 ||
	    kind_validate(stage, &idmap_kinds[1], error) < 0)
		return -1;
	if (!(namespaces->made & CLONE_NEWUSER))
		return 0;
	most = stage->host->fact(stage, "/proc/sys/user/max_user_namespaces");
	if (!most || strcmp(most, "0\n") == 0)
		return stage->host->fail(error, 0,
		                         "linux.namespaces: this kernel makes no user namespaces "
		                         "(sysctl user.max_user_namespaces)");
	return 0;
}

/* Is the line of a map one of those that were asked for? */
static bool idmap_has(const struct idmap *map, const struct idmap_range *range)
{
	for (size_t i = 0; i < map->count; i++)
		if (memcmp(&map->ranges[i], range, sizeof(*range)) == 0)
			return true;
	return false;
}

/* The kernel sorts long maps: so the lines are compared as a set. None is twice in it. */
static int idmap_compare(const struct ironbox_stage *stage, const struct idmap *map, int map_fd,
                         struct ironbox_error *error)
{
	char text[LINES_MAX * 33 + 1]; /* "%10u %10u %10u\n" */
	size_t lines = 0, size = 0;
	ssize_t got;

	while (size < sizeof(text) - 1 &&
	       (got = pread(map_fd, text + size, sizeof(text) - 1 - size, (off_t)size)) != 0) {
		if (got < 0)
			return stage->host->fail(error, errno, "read back the map");
		size += (size_t)got;
	}
	text[size] = '\0';
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		struct idmap_range range;

		if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32, &range.container_id,
		           &range.host_id, &range.size) != 3 ||
		    !strchr(line, '\n') || !idmap_has(map, &range))
			return stage->host->fail(error, 0, "the kernel shows another map: %s",
			                         text);
		lines++;
	}
	if (lines != map->count)
		return stage->host->fail(error, 0, "the kernel shows %zu of %zu lines", lines,
		                         map->count);
	return 0;
}

/* Without privileges one may map one's own gid, once setgroups(2) is denied for ever: dropping a
 * group could open files that a negative group entry closes (CVE-2014-8989). */
static int deny_setgroups(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	char path[32];

	snprintf(path, sizeof(path), "%d/setgroups", stage->init_pid);
	fd = stage->host->open_proc(stage, path, O_WRONLY | O_CLOEXEC, error);
	if (fd < 0)
		return -1;
	if (write(fd, "deny", 4) != 4)
		return stage->host->fail(error, errno, "deny setgroups(2)");
	return 0;
}

/* Writes a map by our own right. Returns 0; 1 if we have not that right; -1. */
static int map_write(const struct ironbox_stage *stage, const struct idmap_kind *kind,
                     const struct idmap *map, int map_fd, struct ironbox_error *error)
{
	char text[TEXT_SIZE];
	int length = idmap_text(map, text);

	if (length < 0)
		return stage->host->fail(error, EINVAL, "make the text of the map");
	if (write(map_fd, text, (size_t)length) == length) /* it takes no pwrite(2) */
		return 0;
	if (errno != EPERM)
		return stage->host->fail(error, errno, "write \"%.*s\"", length - 1, text);
	if (kind != &idmap_kinds[1] || map->count != 1 || map->ranges[0].size != 1 ||
	    map->ranges[0].host_id != getegid())
		return 1;
	if (deny_setgroups(stage, error) < 0)
		return -1;
	return write(map_fd, text, (size_t)length) == length ? 0 : 1;
}

static int kind_write(const struct ironbox_stage *stage, const struct idmap_kind *kind,
                      struct ironbox_error *error)
{
	cleanup_close int map_fd = -1;
	struct idmap map;
	char path[32];
	int result;

	if (idmap_read(stage, kind, &map, error) < 0)
		return -1;
	snprintf(path, sizeof(path), "%d/%s", stage->init_pid, kind->file);
	map_fd = stage->host->open_proc(stage, path, O_RDWR | O_CLOEXEC, error);
	if (map_fd < 0)
		return -1;
	result = map_write(stage, kind, &map, map_fd, error);
	if (result > 0)
		result = idmap_helper_run(stage, kind, map.ranges, map.count, error);
	if (result < 0 || idmap_compare(stage, &map, map_fd, error) < 0)
		return stage->host->context(error, "%s", kind->path);
	return 0;
}

int idmap_write(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (kind_write(stage, &idmap_kinds[0], error) < 0 ||
	    kind_write(stage, &idmap_kinds[1], error) < 0)
		return -1;
	return 0;
}
