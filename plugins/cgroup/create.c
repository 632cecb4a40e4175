/* Makes the container's cgroup, with its limits, before its first process exists. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "devices.h"
#include "files.h"
#include "internal.h"
#include "no_cgroup.h"
#include "path.h"
#include "taken.h"

/* With these there are statistics and oom events, asked for or not. All that there are would make
 * mkdir(2) and rmdir(2) half as slow again; an update enables what it needs. */
#define WANTED                                                            \
	(CONTROLLER_BIT(CONTROLLER_CPU) | CONTROLLER_BIT(CONTROLLER_IO) | \
	 CONTROLLER_BIT(CONTROLLER_MEMORY) | CONTROLLER_BIT(CONTROLLER_PIDS))

static int choose_path(struct ironbox_stage *stage, char path[CGROUP_PATH_MAX],
                       struct ironbox_error *error);
static int make_cgroup(struct ironbox_stage *stage, int mount_fd, const char *path,
                       struct ironbox_error *error);

int cgroup_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;
	cleanup_device_rules struct device_rules rules = { 0 };
	cleanup_close int mount_fd = -1;
	char path[CGROUP_PATH_MAX];

	if (cgroup_is_unwanted(stage))
		return 0;
	mount_fd = cgroup_open_mount(stage, error);
	if (mount_fd < 0 || choose_path(stage, path, error) < 0 ||
	    device_rules_read(stage, data->resources.devices, &rules, error) < 0 ||
	    make_cgroup(stage, mount_fd, path, error) < 0)
		return -1;
	return cgroup_fill(stage, error);
}

/*
 * A relative path, and the container's id where there is none, are below the parent of the
 * runtime's own cgroup, as with runc: its own has processes in it, and so no room for controllers.
 * On a host without systemd that is the root.
 */
static int choose_path(struct ironbox_stage *stage, char path[CGROUP_PATH_MAX],
                       struct ironbox_error *error)
{
	char base[CGROUP_PATH_MAX] = "/";
	const char *own;
	char *slash;

	if (cgroup_path_is_absolute(stage))
		return cgroup_path_choose(stage, "/", path, error);
	own = stage->host->fact(stage, "/proc/self/cgroup");
	/* one outside of our cgroup namespace is no place for us */
	if (!own || !cgroup_path_of_process(own, "", base, sizeof(base)))
		memcpy(base, "/", sizeof("/"));
	slash = strrchr(base, '/');
	slash[slash == base] = '\0';
	return cgroup_path_choose(stage, base, path, error);
}

/* The directory that the cgroup is to be in, with the controllers that it needs. */
static int open_parent(struct ironbox_stage *stage, int mount_fd, const char *path,
                       const char **name, struct ironbox_error *error)
{
	const struct cgroup_data *data = stage->data;
	cleanup_close int fd = cgroup_open_parent(mount_fd, path, name);
	struct subtree_request request = {
		.mount_fd = mount_fd,
		.path = path,
		.resources = &data->resources,
		.required = resources_controllers(stage, &data->resources) & ~data->left_out,
	};

	if (fd < 0 && errno == ENOENT)
		fd = cgroup_make_parent(mount_fd, path);
	if (fd < 0)
		return stage->host->fail(error, errno, "make the parents of cgroup %s%s", path,
		                         no_cgroup_reason(stage, errno));
	request.parent_fd = fd;
	request.wanted = request.required | WANTED;
	if (subtree_enable(stage, &request, error) < 0)
		return -1;
	return steal_fd(&fd);
}

/* An empty cgroup that someone made for us is fine; one in use would mix two containers, whose
 * limits, kills and removal then hit each other. runc refuses it, too. */
static int take_found(struct ironbox_stage *stage, int cgroup_fd, const char *path,
                      struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	char events[256];
	uint64_t value;

	if (cgroup_read(cgroup_fd, "cgroup.events", events, sizeof(events)) < 0)
		return host->fail(error, errno, "read cgroup.events of %s", path);
	if (!cgroup_find_key(events, "populated", &value) || value != 0)
		return host->fail(error, 0, "cgroup %s is not empty: it has processes in it", path);
	if (cgroup_read_number(cgroup_fd, "cgroup.freeze", &value) == 0 && value != 0)
		return host->fail(error, 0, "cgroup %s is frozen: init would stand still", path);
	if (host->remember(stage, KEY_FOUND, "yes", error) < 0 ||
	    host->remember(stage, KEY_PATH, path, error) < 0)
		return -1;
	return cgroup_take(stage, cgroup_fd, error);
}

static int make_new(struct ironbox_stage *stage, int parent_fd, const char *name, const char *path,
                    struct ironbox_error *error)
{
	int code;

	if (stage->host->remember(stage, KEY_PATH, path, error) < 0)
		return -1;
	if (mkdirat(parent_fd, name, 0755) == 0)
		return 0;
	code = errno;
	/* someone made it since we looked: it is theirs, and our teardown must not touch it */
	if (stage->host->remember(stage, KEY_PATH, "", error) < 0)
		return -1;
	return stage->host->fail(error, code, "make cgroup %s%s", path,
	                         no_cgroup_reason(stage, code));
}

static int make_cgroup(struct ironbox_stage *stage, int mount_fd, const char *path,
                       struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;
	const char *name;
	cleanup_close int parent_fd = open_parent(stage, mount_fd, path, &name, error);
	cleanup_close int fd = -1;

	if (parent_fd < 0)
		return -1;
	fd = cgroup_open(parent_fd, name);
	data->was_found = fd >= 0;
	if (fd < 0 && errno != ENOENT)
		return stage->host->fail(error, errno, "open cgroup %s", path);
	if (data->was_found && take_found(stage, fd, path, error) < 0)
		return -1;
	if (!data->was_found) {
		if (make_new(stage, parent_fd, name, path, error) < 0)
			return -1;
		fd = cgroup_open(parent_fd, name);
		if (fd < 0)
			return stage->host->fail(error, errno, "open cgroup %s", path);
	}
	data->cgroup_fd = steal_fd(&fd);
	data->is_open = true;
	return 0;
}
