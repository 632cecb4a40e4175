/* What is done with the container's cgroup once it stands: by whom, and with what, it is filled. */
#include <errno.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "ebpf.h"
#include "files.h"
#include "internal.h"
#include "restored.h"

int cgroup_fill(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;
	struct limits limits = { .stage = stage,
		                 .cgroup_fd = data->cgroup_fd,
		                 .resources = &data->resources,
		                 .use = RESOURCES_CREATE,
		                 .left_out = data->left_out };

	if (limits_write(&limits, error) < 0 || cgroup_delegate(stage, data->cgroup_fd, error) < 0)
		return -1;
	if (!data->was_found)
		stage->host->clone_into_cgroup(stage, data->cgroup_fd);
	return 0;
}

/* E5: what is not allowed is denied, from before the program's first instruction on. */
static int apply_device_rules(struct ironbox_stage *stage, const struct device_rules *rules,
                              struct ironbox_error *error)
{
	const struct cgroup_data *data = stage->data;
	cleanup_close int program_fd = -1;

	if (device_rules_allow_all(rules) && !data->was_found)
		return 0; /* no program is the same, and free */
	program_fd = device_program_load(rules);
	if (program_fd < 0 && errno == EPERM && (stage->flags & IRONBOX_ROOTLESS)) {
		/* who may not load it cannot make device nodes either, as with runc and crun */
		stage->host->log(stage, IRONBOX_LOG_DEBUG,
		                 "linux.resources.devices: no right to load a device program: the "
		                 "rules are left out");
		return 0;
	}
	if (program_fd < 0)
		return stage->host->fail(error, errno,
		                         "load the device program (linux.resources.devices)");
	if ((data->was_found ? device_program_replace(data->cgroup_fd, program_fd)
	                     : device_program_attach(data->cgroup_fd, program_fd)) < 0)
		return stage->host->fail(error, errno,
		                         "attach the device program (linux.resources.devices)");
	return 0;
}

/*
 * A cgroup into whose cgroup.kill someone once wrote kills what CLONE_INTO_CGROUP puts there (seen
 * on 6.18: the clone compares the number of kills with that of its parent's cgroup). Of one that
 * was there before we can't know, so init is moved into it; still before any code of the container.
 */
bool cgroup_needs_attach(const struct ironbox_stage *stage)
{
	const struct cgroup_data *data = stage->data;

	return data->is_open && data->was_found;
}

int cgroup_attach(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct cgroup_data *data = stage->data;
	cleanup_device_rules struct device_rules rules = { 0 };

	if (!data->is_open)
		return 0;
	/* Here, while init mounts, and not before the clone: a tenth of a millisecond. Init itself
	 * opens no device; what it starts comes later. */
	if (device_rules_read(stage, data->resources.devices, &rules, error) < 0 ||
	    apply_device_rules(stage, &rules, error) < 0)
		return -1;
	if (!cgroup_needs_attach(stage))
		return 0;
	return cgroup_write_number(stage, data->cgroup_fd, "cgroup.procs", stage->init_pid, NULL,
	                           error);
}

static int declare(struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error)
{
	return stage->host->external(
		stage,
		&(struct ironbox_external){ .kind = IRONBOX_EXTERNAL_CGROUP,
	                                    .path = stage->host->recall(stage, KEY_PATH),
	                                    .fd = cgroup_fd },
		error);
}

int cgroup_checkpoint(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	int found = cgroup_open_recorded(stage, &fd, error);

	return found <= 0 ? found : declare(stage, fd, error);
}

/* The limits stand (prepare); who restores enters before anything is restored. */
int cgroup_restore(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct cgroup_data *data = stage->data;
	cleanup_device_rules struct device_rules rules = { 0 };

	if (!data->is_open)
		return 0;
	if (device_rules_read(stage, data->resources.devices, &rules, error) < 0 ||
	    apply_device_rules(stage, &rules, error) < 0)
		return -1;
	return declare(stage, data->cgroup_fd, error);
}

/* Where criu was let at cgroups, the images say in which ones the processes are to be. */
int cgroup_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_place place = { .controller = "" };
	bool told;

	place.path = cgroup_recorded_path(stage, &told, error);
	if (!place.path)
		return told ? -1 : 0;
	return cgroup_verify_restored(stage, &place, 1, error);
}

int cgroup_settle(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup_data *data = stage->data;

	(void)error;
	if (data->is_open)
		close(data->cgroup_fd); /* a directory opened for reading: nothing can be lost */
	data->is_open = false;
	return 0;
}
