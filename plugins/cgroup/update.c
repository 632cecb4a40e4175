/* update: changes the limits that are named, and no other. */
#include <errno.h>

#include <ironbox/cleanup.h>

#include "internal.h"
#include "path.h"

/* A controller that nobody asked for at create may still be off. */
static int enable_controllers(struct ironbox_stage *stage, const char *path,
                              const struct cgroup_resources *resources, uint32_t left_out,
                              struct ironbox_error *error)
{
	cleanup_close int mount_fd = cgroup_open_mount(stage, error), parent_fd = -1;
	const char *name;
	struct subtree_request request = { .path = path, .resources = resources };

	if (mount_fd < 0)
		return -1;
	parent_fd = cgroup_open_parent(mount_fd, path, &name);
	if (parent_fd < 0)
		return stage->host->fail(error, errno, "open above cgroup %s", path);
	request.mount_fd = mount_fd;
	request.parent_fd = parent_fd;
	request.required = resources_controllers(stage, resources) & ~left_out;
	request.wanted = request.required;
	return subtree_enable(stage, &request, error);
}

/* Device rules are not looked at: CRI sends "deny all" with each update, and means nothing by it;
 * it would cut the container off from its own devices. */
int cgroup_update(struct ironbox_stage *stage, const struct ironbox_value *value,
                  struct ironbox_error *error)
{
	struct cgroup_resources resources;
	struct limits limits = { stage, -1, &resources, RESOURCES_UPDATE, 0 };
	cleanup_close int fd = -1;
	int found;

	if (resources_read(stage, value, RESOURCES_UPDATE, &resources, error) < 0 ||
	    cgroup_check_resources(stage, &resources, error) < 0 ||
	    cgroup_check_controllers(stage, &resources, &limits.left_out, error) < 0)
		return -1;
	found = cgroup_open_recorded(stage, &fd, error);
	if (found <= 0)
		return found < 0 ? -1 : stage->host->fail(error, 0, "the container has no cgroup");
	if (enable_controllers(stage, stage->host->recall(stage, KEY_PATH), &resources,
	                       limits.left_out, error) < 0)
		return -1;
	limits.cgroup_fd = fd;
	return limits_write(&limits, error);
}
