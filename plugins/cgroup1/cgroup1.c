/*
 * cgroup1: the container's cgroups where the controllers are on v1, on a hybrid host (systemd's v2
 * tree at /sys/fs/cgroup/unified) or on one without v2 at all. cgroups(7), and the kernel's
 * Documentation/admin-guide/cgroup-v1.
 *
 * How init gets in: into the v2 tree it is born, by CLONE_INTO_CGROUP, if the cgroup there is of
 * our making. For v1 there is no such thing. To write a pid to cgroup.procs from outside takes the
 * kernel's global cgroup_threadgroup_rwsem for writing, which waits for an RCU grace period: 5 to
 * 20 ms on an idle host. A process that has one thread and writes 0 to `tasks` moves itself without
 * that lock: 9 hierarchies in 0.05 to 0.08 ms. So prepare makes the cgroups, sets their limits and
 * opens their `tasks`; init walks in as the first thing of this stage's setup, with no code but
 * ours run before, and so does a joiner. The kernel judges the write by who opened the file
 * (CVE-2021-4197), so it works from inside of a user namespace, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include <devices.h>
#include <files.h>
#include <no_cgroup.h>
#include <processes.h>
#include <restored.h>

#include "internal.h"

IRONBOX_MANIFEST("name = cgroup\n"
                 "after = namespace\n"
                 "before = rootfs\n"); /* which mounts what the process sees of its cgroups */

static const struct ironbox_field settings_fields[] = {
	IRONBOX_FIELD(struct settings, missing_controller, "missing_controller"),
	IRONBOX_FIELD_END,
};

static int cgroup1_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;
	const char *given;

	cgroup->settings.missing_controller = "refuse";
	if (stage->host->settings(stage, settings_fields, &cgroup->settings, error) < 0)
		return -1;
	given = cgroup->settings.missing_controller;
	if (strcmp(given, "refuse") != 0 && strcmp(given, "warn") != 0)
		return stage->host->fail(error, 0,
		                         "[cgroup] missing_controller: %s: expected refuse or warn",
		                         given);
	return 0;
}

bool settings_only_warn(const struct ironbox_stage *stage)
{
	const struct cgroup1 *cgroup = stage->data;

	return strcmp(cgroup->settings.missing_controller, "warn") == 0;
}

static int refuse_unified(const struct ironbox_stage *stage, const struct ironbox_value *unified,
                          struct ironbox_error *error)
{
	if (stage->host->count(unified) == 0)
		return 0;
	/* runc's words, which callers know */
	return stage->host->fail(error, 0,
	                         "cannot use unified on cgroup v1 (linux.resources.unified)");
}

static bool is_unwanted(const struct ironbox_stage *stage)
{
	const struct cgroup1 *cgroup = stage->data;

	return no_cgroup_is_wanted(stage, resources_controllers(stage, &cgroup->resources) != 0);
}

static int check_path(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	char path[CGROUP_PATH_MAX];

	return cgroup_path_choose(stage, "/", path, error);
}

static int check_devices(const struct ironbox_stage *stage, const struct ironbox_value *devices,
                         struct ironbox_error *error)
{
	cleanup_device_rules struct device_rules rules = { 0 };

	return device_rules_read(stage, devices, &rules, error);
}

static int cgroup1_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;
	struct cgroup_resources *resources = &cgroup->resources;

	if (resources_read(stage, stage->host->spec(stage, "linux.resources"), RESOURCES_CREATE,
	                   resources, error) < 0 ||
	    refuse_unified(stage, resources->unified, error) < 0 ||
	    no_cgroup_check(stage, resources_controllers(stage, resources) != 0, error) < 0 ||
	    check_path(stage, error) < 0 || check_devices(stage, resources->devices, error) < 0)
		return -1;
	if (resources->memory.has_kernel)
		stage->host->log(stage, IRONBOX_LOG_WARNING,
		                 "linux.resources.memory.kernel is deprecated: it limits nothing");
	return limits_check(stage, resources, hierarchies_of_host(stage), error);
}

static int cgroup1_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;
	struct hierarchies *all = &cgroup->hierarchies;

	if (is_unwanted(stage))
		return 0;
	if (hierarchies_find(stage, all, error) < 0 || members_make(stage, all, error) < 0 ||
	    devices_write(stage, cgroup->resources.devices, all, error) < 0 ||
	    limits_write(stage, &cgroup->resources, RESOURCES_CREATE, all, error) < 0)
		return -1;
	return members_open(stage, all, error);
}

static int cgroup1_setup(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;

	if (cgroup->hierarchies.count == 0)
		return 0;
	if (members_enter(stage, &cgroup->hierarchies, error) < 0)
		return -1;
	/* The namespace stage has made one already, but its root was where we came from. */
	if (stage->host->namespace_is_new(stage, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return stage->host->fail(error, errno, "make a cgroup namespace");
	return 0;
}

/* Parked or running in the foreground, the runtime keeps no file of a cgroup that may go. */
static int cgroup1_settle(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;

	(void)error; /* nothing to fail at */
	hierarchies_close(&cgroup->hierarchies);
	return 0;
}

/* exec --cgroup [LIST:]PATH: a cgroup that exists below the container's; with a list of
 * controllers in these hierarchies alone, as with runc. */
static int go_below(const struct ironbox_stage *stage, struct hierarchies *all,
                    struct ironbox_error *error)
{
	const char *given = stage->host->recall(stage, "ironbox.exec_cgroup");
	const char *colon = given ? strchr(given, ':') : NULL;
	const char *path = colon ? colon + 1 : given;
	uint32_t controllers = UINT32_MAX;

	if (colon)
		controllers = v1_controllers(given, (size_t)(colon - given));
	if (colon && !controllers)
		return stage->host->fail(error, 0, "--cgroup: %s: no such controller", given);
	if (!path || strcmp(path, "/") == 0)
		return 0;
	path += path[0] == '/';
	if (cgroup_path_check(stage, "--cgroup", path, error) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].controllers & controllers)
			all->items[i].below = path;
	return 0;
}

static int refuse_below(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const char *given = stage->host->recall(stage, "ironbox.exec_cgroup");

	if (!given || !given[strspn(given, "/")])
		return 0;
	return stage->host->fail(error, 0, "--cgroup %s: the container has no cgroup", given);
}

static int cgroup1_join_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;
	struct hierarchies *all = &cgroup->hierarchies;
	int found = hierarchies_recall(stage, all, error);

	if (found <= 0)
		return found < 0 ? -1 : refuse_below(stage, error);
	return go_below(stage, all, error) < 0 ? -1 : members_open(stage, all, error);
}

static int cgroup1_join(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;

	return members_enter(stage, &cgroup->hierarchies, error);
}

/* ---- control: each goes by the record, for the creator may be long gone ---- */

/* 1; 0: the container has no cgroup, which `what` cannot do without: *error says so. */
static int recall(const struct ironbox_stage *stage, struct hierarchies *all, const char *what,
                  struct ironbox_error *error)
{
	int found = hierarchies_recall(stage, all, error);

	if (found == 0)
		stage->host->fail(error, 0, "%s: the container has no cgroup", what);
	return found;
}

static int cgroup1_signal(struct ironbox_stage *stage, int number, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;
	int found = hierarchies_recall(stage, &all, error);

	if (found)
		return found < 0 ? -1 : freezer_signal(stage, &all, number, error);
	return no_cgroup_signal(stage, number, error);
}

static int cgroup1_pause(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;

	if (recall(stage, &all, "pause", error) <= 0)
		return -1;
	return freezer_freeze(stage, &all, error);
}

static int cgroup1_resume(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;

	if (recall(stage, &all, "resume", error) <= 0)
		return -1;
	return freezer_thaw(stage, &all, error);
}

static int cgroup1_paused(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;
	int found = hierarchies_recall(stage, &all, error);

	return found > 0 ? freezer_is_frozen(stage, &all, error) : found;
}

static int cgroup1_update(struct ironbox_stage *stage, const struct ironbox_value *given,
                          struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;
	struct cgroup_resources resources;

	/* Its devices are left alone: kubelet's "deny all" would cut off the container's own. */
	if (recall(stage, &all, "update", error) <= 0 ||
	    resources_read(stage, given, RESOURCES_UPDATE, &resources, error) < 0 ||
	    refuse_unified(stage, resources.unified, error) < 0 ||
	    limits_check(stage, &resources, hierarchies_of_host(stage), error) < 0)
		return -1;
	return limits_write(stage, &resources, RESOURCES_UPDATE, &all, error);
}

static int cgroup1_stats(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;

	if (recall(stage, &all, "statistics", error) <= 0)
		return -1;
	return stats_report(stage, &all);
}

static int report_one(void *stage, pid_t pid)
{
	((struct ironbox_stage *)stage)->host->report_process(stage, pid);
	return 0;
}

static int cgroup1_processes(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;
	int fd, found = hierarchies_recall(stage, &all, error);

	if (found < 0)
		return -1;
	if (!found)
		return no_cgroup_processes(stage, error);
	fd = members_directory(&all);
	if (fd < 0 && errno == ENOENT)
		return 0; /* removed: there is no process */
	if (fd < 0 || cgroup_visit_processes(fd, report_one, stage) < 0)
		return stage->host->fail(error, errno, "list the processes of cgroup %s", all.path);
	return 0;
}

/* "EVENTFD FD" tells the kernel to count up the eventfd when the cgroup has no memory left; when
 * the cgroup is removed, too (memory.rst, 9). It keeps no hold on FD. */
static int cgroup1_watch(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;
	cleanup_close int event_fd = -1, control_fd = -1;
	struct hierarchy *memory;
	char text[32];
	int directory_fd;

	if (recall(stage, &all, "watch", error) <= 0)
		return -1;
	memory = hierarchies_with(&all, V1_MEMORY);
	if (!memory)
		return stage->host->fail(error, 0,
		                         "memory: this host's cgroup v1 lacks the controller");
	directory_fd = hierarchy_directory(&all, memory);
	control_fd = openat(directory_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	if (directory_fd < 0 || control_fd < 0)
		return stage->host->fail(error, errno, "open memory.oom_control of cgroup %s",
		                         all.path);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_fd < 0)
		return stage->host->fail(error, errno, "make an eventfd for memory.oom_control");
	snprintf(text, sizeof(text), "%d %d", event_fd, control_fd);
	if (cgroup_write(stage, directory_fd, "cgroup.event_control", text, NULL, error) < 0)
		return -1;
	return steal_fd(&event_fd);
}

/* One hierarchy with its own name for it: "cpu,cpuacct", "name=systemd", "" for v2. */
static int declare(struct ironbox_stage *stage, struct hierarchies *all,
                   struct hierarchy *hierarchy, struct ironbox_error *error)
{
	char names[256] = "", path[CGROUP_PATH_MAX];
	size_t at = 0;

	if (hierarchy_directory(all, hierarchy) < 0)
		return stage->host->fail(error, errno, "open cgroup %s%s", hierarchy->top,
		                         all->path);
	if (hierarchy_name(stage, all, hierarchy, path, error) < 0)
		return -1;
	for (enum controller i = 0; i < V1_COUNT && i != V1_UNIFIED; i++)
		if (hierarchy->controllers & V1_BIT(i))
			at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
			                       at ? "," : "", v1_name(i));
	return stage->host->external(stage,
	                             &(struct ironbox_external){ .kind = IRONBOX_EXTERNAL_CGROUP,
	                                                         .name = names,
	                                                         .path = path,
	                                                         .fd = hierarchy->directory_fd },
	                             error);
}

static int declare_all(struct ironbox_stage *stage, struct hierarchies *all,
                       struct ironbox_error *error)
{
	for (size_t i = 0; i < all->count; i++)
		if (declare(stage, all, &all->items[i], error) < 0)
			return -1;
	return 0;
}

static int cgroup1_checkpoint(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;
	int found = hierarchies_recall(stage, &all, error);

	return found <= 0 ? found : declare_all(stage, &all, error);
}

static int cgroup1_restore(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;

	return declare_all(stage, &cgroup->hierarchies, error);
}

/* Where criu was let at cgroups, the images say in which ones the processes are to be. */
static int cgroup1_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_hierarchies struct hierarchies all;
	struct cgroup_place places[HIERARCHIES_MAX];
	char names[HIERARCHIES_MAX][CGROUP_PATH_MAX];
	int found = hierarchies_recall(stage, &all, error);

	if (found <= 0)
		return found;
	for (size_t i = 0; i < all.count; i++) {
		if (hierarchy_name(stage, &all, &all.items[i], names[i], error) < 0)
			return -1;
		places[i].controller = v1_any_name(all.items[i].controllers);
		places[i].path = names[i];
	}
	return cgroup_verify_restored(stage, places, all.count, error);
}

static int cgroup1_teardown(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct cgroup1 *cgroup = stage->data;
	struct hierarchies all;
	int found;

	if (cgroup)
		hierarchies_close(&cgroup->hierarchies); /* a rollback, in the verb that made it */
	found = hierarchies_recall(stage, &all, error);
	if (found > 0) {
		int result = members_remove(stage, &all, error);

		hierarchies_close(&all);
		return result;
	}
	return found;
}

static int cgroup1_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const enum controller wanted[] = { V1_BLKIO,   V1_CPU,      V1_CPUACCT, V1_CPUSET,
		                                  V1_DEVICES, V1_FREEZER,  V1_HUGETLB, V1_MEMORY,
		                                  V1_NET_CLS, V1_NET_PRIO, V1_PIDS,    V1_RDMA };
	uint32_t there = hierarchies_of_host(stage);

	(void)error; /* what is lacking is an answer, no failure */
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!(there & V1_BIT(wanted[i])))
			stage->host->report_lack(stage, "the %s controller on cgroup v1",
			                         v1_name(wanted[i]));
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct cgroup1),
	.configure = cgroup1_configure,
	.validate = cgroup1_validate,
	.prepare = cgroup1_prepare,
	.setup = cgroup1_setup,
	.settle = cgroup1_settle,
	.join_prepare = cgroup1_join_prepare,
	.join = cgroup1_join,
	.signal = cgroup1_signal,
	.pause = cgroup1_pause,
	.resume = cgroup1_resume,
	.paused = cgroup1_paused,
	.update = cgroup1_update,
	.stats = cgroup1_stats,
	.processes = cgroup1_processes,
	.watch = cgroup1_watch,
	.checkpoint = cgroup1_checkpoint,
	.restore = cgroup1_restore,
	.verify = cgroup1_verify,
	.teardown = cgroup1_teardown,
	.probe = cgroup1_probe,
};
