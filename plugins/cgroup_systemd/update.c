/* update: the limits as properties, for systemd to keep, then in the files, which have all of them.
 */
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "bus.h"
#include "properties.h"
#include "systemd.h"

#define SET_MS 10000u

static int set_properties(const struct ironbox_stage *stage, const char *scope,
                          const struct properties *properties, struct ironbox_error *error)
{
	cleanup_library struct libsystemd library = { 0 };
	struct bus_result result;

	if (libsystemd_open(&library, stage, error) < 0)
		return -1;
	bus_set_properties(&library, scope, properties, SET_MS, &result);
	if (result.status != BUS_DONE)
		return bus_fail(stage, &result, "set properties of", scope, error);
	return 0;
}

int systemd_update(struct ironbox_stage *stage, const struct ironbox_value *value,
                   struct ironbox_error *error)
{
	const char *scope = stage->host->recall(stage, KEY_UNIT);
	struct cgroup_resources resources;
	struct properties properties = PROPERTIES_NONE;
	struct limits limits, told;
	cleanup_close int fd = -1;

	if (cgroup_update_open(stage, value, &limits, &resources, &fd, error) < 0)
		return -1;
	told = limits;
	told.tell = properties_tell;
	told.context = &properties;
	if (limits_write(&told, error) < 0)
		return -1;
	if (scope && *scope && properties_given(&properties) &&
	    set_properties(stage, scope, &properties, error) < 0)
		return -1;
	return limits_write(&limits, error);
}
