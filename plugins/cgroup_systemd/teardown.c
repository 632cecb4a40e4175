/* Kills what is left in the scope, and has systemd stop it. */
#include <errno.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "bus.h"
#include "files.h"
#include "holder.h"
#include "path.h"
#include "systemd.h"

#define STOP_MS 10000u

/* At once, and not by systemd's SIGTERM, which would give them a minute and a half. */
static int kill_all(const struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error)
{
	if (cgroup_write(stage, cgroup_fd, "cgroup.kill", "1", NULL, error) == 0 ||
	    errno == ENOENT || errno == ENODEV)
		return 0;
	return -1;
}

static bool is_stopped(const struct bus_result *result)
{
	return result->status == BUS_DONE || result->status == BUS_UNKNOWN;
}

/* The scope stood: with the last process its cgroup goes, and systemd forgets it. That is most
 * often long done, without a call. */
static int end_standing(const struct ironbox_stage *stage, const char *scope, const char *path,
                        struct ironbox_error *error)
{
	cleanup_close int mount_fd = cgroup_open_mount(stage, error), fd = -1;
	cleanup_library struct libsystemd library = { 0 };
	struct bus_result result;

	if (mount_fd < 0)
		return -1;
	fd = cgroup_open(mount_fd, path);
	if (fd < 0)
		return errno == ENOENT ? 0
		                       : stage->host->fail(error, errno, "open cgroup %s", path);
	if (kill_all(stage, fd, error) < 0)
		return -1;
	if (libsystemd_open(&library, stage, error) < 0)
		return -1;
	bus_stop_unit(&library, scope, STOP_MS, &result);
	if (!is_stopped(&result)) /* its cgroup goes all the same, and the scope with it */
		stage->host->log(stage, IRONBOX_LOG_WARNING, "stop %s: %s", scope, result.words);
	return cgroup_remove(stage, mount_fd, path, DEADLINE_MS, error);
}

/* Asked for, and the runtime did not live to see it stand. It is ours, if it is there: no other was
 * before. */
static int end_asked_for(const struct ironbox_stage *stage, const char *scope,
                         struct ironbox_error *error)
{
	cleanup_library struct libsystemd library = { 0 };
	struct bus_result result;

	if (libsystemd_open(&library, stage, error) < 0)
		return -1;
	bus_stop_unit(&library, scope, STOP_MS, &result);
	return is_stopped(&result) ? 0 : bus_fail(stage, &result, "stop", scope, error);
}

int systemd_teardown(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct systemd_data *data = stage->data;
	const char *scope = stage->host->recall(stage, KEY_UNIT), *path;
	bool told;

	holder_end(&data->holder);
	if (data->cgroup.is_open)
		close(data->cgroup.cgroup_fd); /* opened for reading: nothing can be lost */
	data->cgroup.is_open = false;
	if (!scope || !*scope)
		return 0;
	path = cgroup_recorded_path(stage, &told, error);
	if (told)
		return -1;
	return path ? end_standing(stage, scope, path, error) : end_asked_for(stage, scope, error);
}
