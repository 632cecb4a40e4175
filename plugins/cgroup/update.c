/* update: changes the limits that are named, and no other. */
#include <ironbox/cleanup.h>

#include "internal.h"

int cgroup_update_open(struct ironbox_stage *stage, const struct ironbox_value *value,
                       struct limits *limits, struct cgroup_resources *resources, int *fd,
                       struct ironbox_error *error)
{
	int found;

	*limits =
		(struct limits){ .stage = stage, .resources = resources, .use = RESOURCES_UPDATE };
	if (resources_read(stage, value, RESOURCES_UPDATE, resources, error) < 0 ||
	    cgroup_check_resources(stage, resources, error) < 0 ||
	    cgroup_check_controllers(stage, resources, &limits->left_out, error) < 0)
		return -1;
	found = cgroup_open_recorded(stage, fd, error);
	if (found <= 0)
		return found < 0 ? -1 : stage->host->fail(error, 0, "the container has no cgroup");
	limits->cgroup_fd = *fd;
	return cgroup_enable_controllers(stage, stage->host->recall(stage, KEY_PATH), resources,
	                                 limits->left_out, error);
}

/* Device rules are not looked at: CRI sends "deny all" with each update, and means nothing by it;
 * it would cut the container off from its own devices. */
int cgroup_update(struct ironbox_stage *stage, const struct ironbox_value *value,
                  struct ironbox_error *error)
{
	struct cgroup_resources resources;
	struct limits limits;
	cleanup_close int fd = -1;

	if (cgroup_update_open(stage, value, &limits, &resources, &fd, error) < 0)
		return -1;
	return limits_write(&limits, error);
}
