/* Makes the container's cgroup in each hierarchy, brings processes in, and removes it again. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <files.h>
#include <no_cgroup.h>
#include <processes.h>
#include <taken.h>

#include "internal.h"

static int make_one(struct ironbox_stage *stage, struct hierarchies *all, size_t index,
                    struct ironbox_error *error);
static int find_older(struct ironbox_stage *stage, struct hierarchies *all,
                      struct ironbox_error *error);

int members_make(struct ironbox_stage *stage, struct hierarchies *all, struct ironbox_error *error)
{
	if (find_older(stage, all, error) < 0 || hierarchies_remember(stage, all, error) < 0)
		return -1;
	for (size_t i = 0; i < all->count; i++)
		if (make_one(stage, all, i, error) < 0)
			return -1;
	return 0;
}

static int is_anyone(void *context, pid_t pid)
{
	*(pid_t *)context = pid;
	return 1;
}

/* A cgroup that was there and is empty we take; one with processes is someone else's, whom our
 * limits would hit and our teardown would kill. */
static int take_older(const struct ironbox_stage *stage, const struct hierarchies *all,
                      struct hierarchy *hierarchy, struct ironbox_error *error)
{
	int directory_fd = hierarchy_directory(all, hierarchy);
	pid_t pid = 0;
	int found = directory_fd < 0 ? -1 : cgroup_visit_processes(directory_fd, is_anyone, &pid);

	if (found < 0)
		return stage->host->fail(error, errno, "look into %s%s", hierarchy->top, all->path);
	if (found > 0)
		return stage->host->fail(error, EBUSY, "cgroup %s%s is in use by process %d",
		                         hierarchy->top, all->path, pid);
	hierarchy->existed = true;
	return freezer_thaw_one(stage, hierarchy, error);
}

/* One question tells the usual case, that there is nothing yet, from all others. */
static int find_older(struct ironbox_stage *stage, struct hierarchies *all,
                      struct ironbox_error *error)
{
	bool any = false;

	for (size_t i = 0; i < all->count && (i == 0 || any); i++) {
		char path[CGROUP_PATH_MAX];

		if (!hierarchy_path(all, &all->items[i], "", path))
			return stage->host->fail(error, errno, "cgroup %s", path);
		if (access(path, F_OK) < 0)
			continue;
		any = true;
		if (take_older(stage, all, &all->items[i], error) < 0)
			return -1;
	}
	return 0;
}

/* It is there in this hierarchy alone, or since we looked. What the record does not name our
 * teardown does not touch. */
static int take_unexpected(struct ironbox_stage *stage, struct hierarchies *all, size_t index,
                           struct ironbox_error *error)
{
	if (take_older(stage, all, &all->items[index], error) == 0)
		return hierarchies_remember(stage, all, error);
	hierarchies_close(all);
	all->count = index;
	/* with an error of its own, which then is the one that matters */
	(void)hierarchies_remember(stage, all, error);
	return -1;
}

/* What is missing above the container's cgroup: all of it below top is there or made now. */
static int make_parents(const struct ironbox_stage *stage, const struct hierarchy *hierarchy,
                        char *path, struct ironbox_error *error)
{
	for (char *slash = path + strlen(hierarchy->top) + 1; (slash = strchr(slash, '/'));
	     slash++) {
		bool made;

		*slash = '\0';
		made = mkdir(path, 0755) == 0;
		if (!made && errno != EEXIST) /* another runtime may be at it, too */
			return stage->host->fail(error, errno, "make cgroup %s%s", path,
			                         no_cgroup_reason(stage, errno));
		if (made && hierarchy->controllers & V1_BIT(V1_CPUSET)) {
			cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (fd < 0)
				return stage->host->fail(error, errno, "open cgroup %s", path);
			if (cpuset_inherit(stage, fd, true, error) < 0)
				return -1;
		}
		*slash = '/';
	}
	return 0;
}

/*
 * By its path and not by fds as cgroup_make does: the components were checked, there are no
 * symlinks in a cgroup file system, and with ten hierarchies each call counts ten times.
 */
static int make_directory(const struct ironbox_stage *stage, const struct hierarchies *all,
                          const struct hierarchy *hierarchy, struct ironbox_error *error)
{
	char path[CGROUP_PATH_MAX];
	int result;

	if (!hierarchy_path(all, hierarchy, "", path))
		return stage->host->fail(error, errno, "cgroup %s", path);
	result = mkdir(path, 0755);
	if (result < 0 && errno == ENOENT) {
		if (make_parents(stage, hierarchy, path, error) < 0)
			return -1;
		result = mkdir(path, 0755);
	}
	if (result < 0 && errno == EEXIST)
		return 1;
	if (result < 0)
		return stage->host->fail(error, errno, "make cgroup %s%s", path,
		                         no_cgroup_reason(stage, errno));
	return 0;
}

static int make_one(struct ironbox_stage *stage, struct hierarchies *all, size_t index,
                    struct ironbox_error *error)
{
	struct hierarchy *hierarchy = &all->items[index];
	int found = hierarchy->existed ? 0 : make_directory(stage, all, hierarchy, error);

	if (found < 0 || (found > 0 && take_unexpected(stage, all, index, error) < 0))
		return -1;
	if (hierarchy->existed && cgroup_take(stage, hierarchy->directory_fd, error) < 0)
		return -1;
	if (!(hierarchy->controllers & V1_BIT(V1_CPUSET)))
		return 0;
	if (hierarchy_directory(all, hierarchy) < 0)
		return stage->host->fail(error, errno, "open cgroup %s%s", hierarchy->top,
		                         all->path);
	return cpuset_inherit(stage, hierarchy->directory_fd, !hierarchy->existed, error);
}

/*
 * Of v1 the file by which to enter; of the v2 tree the directory, for clone_into_cgroup. But a v2
 * cgroup into whose cgroup.kill someone once wrote kills what is cloned into it (seen on 6.18): of
 * one that was there before we can't know, so it is entered as those of v1 are.
 */
static int open_for_entry(struct hierarchies *all, struct hierarchy *hierarchy)
{
	bool is_unified = hierarchy->controllers & V1_BIT(V1_UNIFIED);
	char path[CGROUP_PATH_MAX];

	if (is_unified && !hierarchy->existed)
		return hierarchy_directory(all, hierarchy);
	replace_fd(&hierarchy->directory_fd, -1);
	if (hierarchy_path(all, hierarchy, is_unified ? "cgroup.procs" : "tasks", path))
		hierarchy->entry_fd = open(path, O_WRONLY | O_CLOEXEC);
	return hierarchy->entry_fd;
}

int members_open(struct ironbox_stage *stage, struct hierarchies *all, struct ironbox_error *error)
{
	const struct hierarchy *unified;

	for (size_t i = 0; i < all->count; i++) {
		const struct hierarchy *hierarchy = &all->items[i];

		if (open_for_entry(all, &all->items[i]) < 0)
			return stage->host->fail(error, errno, "open cgroup %s%s%s%s",
			                         hierarchy->top, all->path,
			                         hierarchy->below ? "/" : "",
			                         hierarchy->below ? hierarchy->below : "");
	}
	unified = hierarchies_with(all, V1_UNIFIED);
	if (unified && unified->directory_fd >= 0)
		stage->host->clone_into_cgroup(stage, unified->directory_fd);
	return 0;
}

int members_enter(const struct ironbox_stage *stage, struct hierarchies *all,
                  struct ironbox_error *error)
{
	for (size_t i = 0; i < all->count; i++) {
		struct hierarchy *hierarchy = &all->items[i];

		if (hierarchy->entry_fd >= 0 && write(hierarchy->entry_fd, "0", 1) != 1)
			return stage->host->fail(error, errno, "enter cgroup %s%s", hierarchy->top,
			                         all->path);
	}
	hierarchies_close(all);
	return 0;
}

int members_directory(struct hierarchies *all)
{
	/* In the v2 tree each has been from birth. Systemd's own is the next best: it is seldom
	 * given to a container. */
	struct hierarchy *hierarchy = hierarchies_with(all, V1_UNIFIED);

	if (!hierarchy)
		hierarchy = hierarchies_with(all, V1_SYSTEMD);
	return hierarchy_directory(all, hierarchy ? hierarchy : &all->items[0]);
}

/* What the container made below its cgroup goes first; the last process may still be leaving. */
static int remove_busy(const struct ironbox_stage *stage, const struct hierarchies *all,
                       const struct hierarchy *hierarchy, unsigned deadline_ms,
                       struct ironbox_error *error)
{
	cleanup_close int top_fd = open(hierarchy->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top_fd < 0)
		return stage->host->fail(error, errno, "open cgroup %s", hierarchy->top);
	return cgroup_remove(stage, top_fd, all->path, deadline_ms, error);
}

/* By a container that has come since, with the same cgroupsPath. */
static bool is_taken(const struct ironbox_stage *stage, const struct hierarchies *all,
                     struct hierarchy *hierarchy)
{
	int directory_fd = hierarchy_directory(all, hierarchy);

	if (directory_fd < 0)
		return false;
	if (cgroup_is_taken(stage, directory_fd))
		return true;
	if (hierarchy->existed)
		cgroup_let_go(stage, directory_fd);
	return false;
}

static bool is_gone(const struct hierarchies *all, const struct hierarchy *hierarchy)
{
	char path[CGROUP_PATH_MAX];

	return hierarchy_path(all, hierarchy, "", path) && (rmdir(path) == 0 || errno == ENOENT);
}

/* Also true where it cannot be told: then it is not taken for empty. */
static bool is_in_use(const struct hierarchies *all, struct hierarchy *hierarchy)
{
	int directory_fd = hierarchy_directory(all, hierarchy);
	pid_t pid;

	if (directory_fd < 0)
		return errno != ENOENT;
	return cgroup_visit_processes(directory_fd, is_anyone, &pid) != 0;
}

/* What was there before stays, empty as it was, for who is next. */
static int give_back(const struct ironbox_stage *stage, const struct hierarchies *all,
                     struct hierarchy *hierarchy, unsigned deadline_ms, struct ironbox_error *error)
{
	uint64_t end_ms = cgroup_now_ms() + deadline_ms;
	char left[256];

	if (!hierarchy->existed)
		return remove_busy(stage, all, hierarchy, deadline_ms, error);
	while (is_in_use(all, hierarchy)) {
		if (cgroup_now_ms() >= end_ms) {
			cgroup_describe_process(stage, hierarchy->directory_fd, left, sizeof(left),
			                        error);
			return stage->host->fail(error, ETIMEDOUT, "empty cgroup %s%s (%s in it)",
			                         hierarchy->top, all->path, left);
		}
		cgroup_sleep_ms(1);
	}
	return 0;
}

int members_remove(const struct ironbox_stage *stage, struct hierarchies *all,
                   struct ironbox_error *error)
{
	struct hierarchy *unified = hierarchies_with(all, V1_UNIFIED);
	bool left[HIERARCHIES_MAX] = { false }, any = false;
	int result = 0;

	/* Mostly everyone has left, and a system call for each hierarchy is all that it takes. */
	for (size_t i = 0; i < all->count; i++) {
		struct hierarchy *hierarchy = &all->items[i];

		if (!hierarchy->existed && is_gone(all, hierarchy))
			continue;
		left[i] = !is_taken(stage, all, hierarchy) &&
		          (!hierarchy->existed || is_in_use(all, hierarchy));
		any = any || left[i];
	}
	if (!any)
		return 0;
	/* for nothing nobody is killed where that leaves a trace: open_for_entry */
	if (!unified || !unified->existed || is_in_use(all, unified))
		result = freezer_signal(stage, all, SIGKILL, error);
	for (size_t i = 0; i < all->count; i++) {
		/* one process that does not go is waited for once, not in each hierarchy */
		unsigned deadline_ms = result == 0 ? DEADLINE_MS : 0;

		if (left[i] && give_back(stage, all, &all->items[i], deadline_ms, error) < 0)
			result = -1;
	}
	return result;
}
