/* Has systemd make the scope, and makes its cgroup the container's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "devices.h"
#include "files.h"
#include "holder.h"
#include "path.h"
#include "properties.h"
#include "systemd.h"

static int check_host(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;

	if (access(SYSTEMD_BOOTED, F_OK) < 0)
		return host->fail(error, errno,
		                  "systemd is not what runs this host (--cgroup-manager cgroupfs "
		                  "goes without): look for " SYSTEMD_BOOTED);
	if (!host->fact(stage, MOUNT "/cgroup.controllers"))
		return host->fail(error, 0,
		                  "cgroups by systemd take cgroup v2 at " MOUNT "; "
		                  "--cgroup-manager cgroupfs does v1 and hybrid hosts too");
	return 0;
}

int systemd_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct systemd_data *data = stage->data;

	if (!(stage->flags & (IRONBOX_NO_CGROUP | IRONBOX_ROOTLESS)) &&
	    (check_host(stage, error) < 0 || unit_read(stage, &data->unit, error) < 0))
		return -1;
	if (cgroup_validate(stage, error) < 0)
		return -1;
	if (!(stage->flags & IRONBOX_ROOTLESS) || cgroup_is_unwanted(stage))
		return 0;
	return check_host(stage, error) < 0 ? -1 : unit_read(stage, &data->unit, error);
}

/*
 * Of the system's systemd: the root. Of the user's own: its service's cgroup, which is the user's
 * to move processes in. The runtime has to be in there as well, or the kernel lets it put no
 * process into a scope ("common ancestor", cgroups(7)).
 */
static int find_base(struct ironbox_stage *stage, char base[CGROUP_PATH_MAX],
                     struct ironbox_error *error)
{
	char own[CGROUP_PATH_MAX] = "";
	const char *text;

	base[0] = '\0';
	if (!(stage->flags & IRONBOX_ROOTLESS))
		return 0;
	text = stage->host->fact(stage, "/proc/self/cgroup");
	if (text && cgroup_path_of_process(text, "", own, sizeof(own)) && unit_find_base(own, base))
		return 0;
	return stage->host->fail(
		error, 0,
		"cgroups by the user's own systemd: this process is in %s, which is "
		"none of it (`systemd-run --user --scope COMMAND` is)",
		own);
}

/* One that is there is somebody else's. Seen before anything is on the record, so that no teardown
 * ever stops it. */
static int check_is_free(struct ironbox_stage *stage, int mount_fd, const struct unit *unit,
                         struct ironbox_error *error)
{
	char base[CGROUP_PATH_MAX], path[CGROUP_PATH_MAX];
	cleanup_close int fd = -1;

	if (find_base(stage, base, error) < 0)
		return -1;
	if (unit_path(unit, base, path) < 0)
		return stage->host->fail(error, ENAMETOOLONG, "the cgroup of %s", unit->slice);
	fd = cgroup_open(mount_fd, path);
	if (fd >= 0)
		return stage->host->fail(error, 0, "%s exists already: cgroup %s", unit->scope,
		                         path);
	return 0;
}

/* Where systemd put it, by the holder: below which cgroup it has its slices is its own affair. */
static int find_path(const struct ironbox_stage *stage, char path[CGROUP_PATH_MAX],
                     struct ironbox_error *error)
{
	const struct systemd_data *data = stage->data;
	const char *name;

	if (cgroup_read_path(stage, data->holder, path, error) < 0)
		return -1;
	name = strrchr(path, '/');
	if (!name || strcmp(name + 1, data->unit.scope) != 0)
		return stage->host->fail(error, 0, "systemd made %s, and put no process into it",
		                         data->unit.scope);
	return 0;
}

static int start_scope(struct ironbox_stage *stage, char path[CGROUP_PATH_MAX],
                       struct ironbox_error *error)
{
	struct systemd_data *data = stage->data;
	const struct ironbox_host *host = stage->host;
	struct properties properties = PROPERTIES_NONE;
	struct limits limits = { .stage = stage,
		                 .cgroup_fd = -1,
		                 .resources = &data->cgroup.resources,
		                 .use = RESOURCES_CREATE,
		                 .left_out = data->cgroup.left_out,
		                 .tell = properties_tell,
		                 .context = &properties };
	cleanup_library struct libsystemd library = { 0 };
	struct bus_result result;
	char description[UNIT_NAME_SIZE];

	/* what is not limited is not: systemd's own default would be a limit */
	properties_tell(&properties, "pids.max", "max");
	snprintf(description, sizeof(description), "ironbox container %s", stage->container_id);
	if (limits_write(&limits, error) < 0 || libsystemd_open(&library, stage, error) < 0 ||
	    host->remember(stage, KEY_UNIT, data->unit.scope, error) < 0)
		return -1;
	host->progress(stage, "have systemd start a scope");
	holder_begin(&library, &data->unit, description, &properties, &data->holder, &result);
	if (result.status == BUS_REFUSED && host->remember(stage, KEY_UNIT, "", error) < 0)
		return -1;
	if (result.status != BUS_DONE)
		return bus_fail(stage, &result, "start", data->unit.scope, error);
	if (find_path(stage, path, error) < 0)
		return -1;
	return host->remember(stage, KEY_PATH, path, error);
}

/* The holder counts. With it there is room for init, and for one that clones it elsewhere. */
static int make_room(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const uint64_t room = 3;
	struct systemd_data *data = stage->data;
	uint64_t pids_max;

	if (cgroup_read_number(data->cgroup.cgroup_fd, "pids.max", &pids_max) < 0 ||
	    pids_max >= room)
		return 0;
	data->pids_max = pids_max;
	return cgroup_write_number(stage, data->cgroup.cgroup_fd, "pids.max", (int64_t)room, NULL,
	                           error);
}

int systemd_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct systemd_data *data = stage->data;
	struct cgroup_data *cgroup = &data->cgroup;
	cleanup_device_rules struct device_rules rules = { 0 };
	cleanup_close int mount_fd = -1;
	char path[CGROUP_PATH_MAX];

	if (cgroup_is_unwanted(stage))
		return 0;
	mount_fd = cgroup_open_mount(stage, error);
	if (mount_fd < 0 ||
	    device_rules_read(stage, cgroup->resources.devices, &rules, error) < 0 ||
	    check_is_free(stage, mount_fd, &data->unit, error) < 0 ||
	    start_scope(stage, path, error) < 0)
		return -1;
	cgroup->cgroup_fd = cgroup_open(mount_fd, path);
	if (cgroup->cgroup_fd < 0)
		return stage->host->fail(error, errno, "open cgroup %s", path);
	cgroup->is_open = true;
	/* what systemd has no word for, as hugetlb */
	if (cgroup_enable_controllers(stage, path, &cgroup->resources, cgroup->left_out, error) <
	            0 ||
	    cgroup_fill(stage, error) < 0)
		return -1;
	return make_room(stage, error);
}

/* Init is in the scope, and no program in init yet. Should init have died meanwhile, the cgroup
 * goes with the holder, and it is for init to say why. */
static int end_holder(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct systemd_data *data = stage->data;
	int64_t pids_max = (int64_t)data->pids_max;

	holder_end(&data->holder);
	data->pids_max = 0;
	if (pids_max == 0 || !data->cgroup.is_open ||
	    cgroup_write_number(stage, data->cgroup.cgroup_fd, "pids.max", pids_max, NULL, error) ==
	            0)
		return 0;
	return errno == ENOENT || errno == ENODEV ? 0 : -1;
}

int systemd_attach(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return cgroup_attach(stage, error) < 0 ? -1 : end_holder(stage, error);
}

int systemd_settle(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (end_holder(stage, error) < 0) /* after restore, which has no attach */
		return -1;
	return cgroup_settle(stage, error);
}
