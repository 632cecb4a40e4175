/* Enables controllers in cgroup.subtree_control, down to the parent of the container's cgroup. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "internal.h"
#include "path.h"

/* 1: enabled; 0: nothing can be enabled here, nor below, and nothing must be; -1. */
static int enable_here(const struct ironbox_stage *stage, const struct subtree_request *request,
                       int fd, const char *path, struct ironbox_error *error);

static uint32_t read_controllers(int fd, const char *file)
{
	char text[256];

	return cgroup_read(fd, file, text, sizeof(text)) < 0 ? 0 : controllers_from_text(text);
}

int subtree_enable(const struct ironbox_stage *stage, const struct subtree_request *request,
                   struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	char path[CGROUP_PATH_MAX];

	/* after the first container this is all there is to do: the parent has them, so have all
	 * above it, and no lock of the kernel was taken */
	if (!(request->wanted & ~read_controllers(request->parent_fd, "cgroup.subtree_control")))
		return 0;
	fd = cgroup_open(request->mount_fd, "/");
	for (const char *at = request->path; fd >= 0;) {
		const char *slash = strchr(at + 1, '/');
		int length = (int)(at - request->path), enabled;

		snprintf(path, sizeof(path), "%.*s%s", length, request->path, length ? "" : "/");
		enabled = enable_here(stage, request, fd, path, error);
		if (enabled <= 0 || !slash) /* the last component is the container's */
			return enabled < 0 ? -1 : 0;
		snprintf(path, sizeof(path), "%.*s", (int)(slash - at - 1), at + 1);
		replace_fd(&fd, cgroup_open(fd, path));
		at = slash;
	}
	return stage->host->fail(error, errno, "open above cgroup %s", request->path);
}

/* "+cpu +memory" for the bits. */
static void text_to_enable(uint32_t controllers, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if ((controllers & CONTROLLER_BIT(i)) && length < size)
			length += (size_t)snprintf(text + length, size - length, "%s+%s",
			                           length ? " " : "", controller_name(i));
}

/* The whole line failed, of which a part may do; what is only wanted may fail. */
static int enable_one_by_one(const struct ironbox_stage *stage,
                             const struct subtree_request *request, int fd, uint32_t missing,
                             struct ironbox_error *error)
{
	char text[32];

	for (unsigned i = 0; i < CONTROLLER_COUNT; i++) {
		if (!(missing & CONTROLLER_BIT(i)))
			continue;
		text_to_enable(CONTROLLER_BIT(i), text, sizeof(text));
		if (cgroup_write(stage, fd, "cgroup.subtree_control", text,
		                 resources_field_of(stage, request->resources, i), error) < 0 &&
		    (request->required & CONTROLLER_BIT(i)))
			return stage->host->context(error, "%s", controller_name(i));
	}
	return 0;
}

/*
 * cgroups(7), "no internal processes": a cgroup that has processes of its own lets no controller
 * down. Those that know threads (cpu, pids) it would, but children that are not threaded could then
 * take no process: so it is all or nothing.
 */
static int tell_busy(const struct ironbox_stage *stage, const struct subtree_request *request,
                     const char *path, struct ironbox_error *error)
{
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		if (request->required & CONTROLLER_BIT(i))
			return stage->host->fail(
				error, EBUSY,
				"%s: enable it below cgroup %s, which has processes "
				"of its own (%s)",
				controller_name(i), path,
				resources_field_of(stage, request->resources, i));
	return 0;
}

static int enable_here(const struct ironbox_stage *stage, const struct subtree_request *request,
                       int fd, const char *path, struct ironbox_error *error)
{
	uint32_t missing = request->wanted & ~read_controllers(fd, "cgroup.subtree_control");
	char text[128];

	if (missing & ~request->required) /* don't ask for what is not to be had */
		missing &= request->required | read_controllers(fd, "cgroup.controllers");
	if (!missing)
		return 1;
	text_to_enable(missing, text, sizeof(text));
	if (cgroup_write(stage, fd, "cgroup.subtree_control", text, NULL, error) == 0)
		return 1;
	if (errno == EBUSY)
		return tell_busy(stage, request, path, error);
	if (enable_one_by_one(stage, request, fd, missing, error) < 0)
		return stage->host->context(error, "cgroup %s", path);
	return 1;
}

int cgroup_enable_controllers(const struct ironbox_stage *stage, const char *path,
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
