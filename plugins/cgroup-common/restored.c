/*
 * Walks the tree of the restored processes by proc(5)'s `children`. That file is whole while all
 * stand still, and it is there where processes can be restored: CHECKPOINT_RESTORE selects it.
 */
#include "restored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "listing.h"
#include "path.h"
#include "processes.h"

#define TEXT_SIZE 65536 /* of /proc/PID/cgroup: a path for each of fourteen hierarchies */

struct walk {
	const struct ironbox_stage *stage;
	const struct cgroup_place *places;
	size_t place_count;
	char *text;
	pid_t *pids; /* who is still to be looked at */
	size_t count, capacity;
};

static void free_walk(struct walk *walk)
{
	free(walk->text);
	free(walk->pids);
}

#define cleanup_walk __attribute__((cleanup(free_walk)))

static int add_process(void *context, pid_t pid)
{
	struct walk *walk = context;

	if (walk->count == walk->capacity) {
		size_t capacity = walk->capacity ? 2 * walk->capacity : 64;
		pid_t *pids = reallocarray(walk->pids, capacity, sizeof(*pids));

		if (!pids)
			return -1;
		walk->pids = pids;
		walk->capacity = capacity;
	}
	walk->pids[walk->count++] = pid;
	return 0;
}

static int verify_thread(const struct walk *walk, int thread_fd, const char *thread,
                         struct ironbox_error *error)
{
	char path[CGROUP_PATH_MAX];

	if (cgroup_read(thread_fd, "cgroup", walk->text, TEXT_SIZE) < 0)
		return walk->stage->host->fail(error, errno, "read /proc/%s/cgroup", thread);
	for (size_t i = 0; i < walk->place_count; i++) {
		const struct cgroup_place *place = &walk->places[i];
		char state;

		if (!cgroup_path_of_process(walk->text, place->controller, path, sizeof(path)))
			snprintf(path, sizeof(path), "/..");
		else if (cgroup_path_below(path, place->path))
			continue;
		/* of who has ended v1 tells "/" */
		state = cgroup_process_state(thread_fd);
		if (state == 'Z' || state == 'X')
			continue;
		return walk->stage->host->fail(
			error, 0,
			"linux.cgroupsPath: the restored process %s is in cgroup %s%s%s, "
			"not in %s",
			thread, place->controller, *place->controller ? ":" : "", path,
			place->path);
	}
	return 0;
}

static int add_children(struct walk *walk, int thread_fd, const char *thread,
                        struct ironbox_error *error)
{
	cleanup_close int fd = openat(thread_fd, "children", O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || cgroup_visit_pids(fd, add_process, walk) < 0)
		return walk->stage->host->fail(error, errno, "read /proc/%s/children", thread);
	return 0;
}

static int visit_threads(struct walk *walk, pid_t pid, struct ironbox_error *error)
{
	const struct ironbox_host *host = walk->stage->host;
	cleanup_listing DIR *listing = NULL;
	cleanup_close int tasks_fd = -1;
	const struct dirent *entry;
	char path[32];

	snprintf(path, sizeof(path), "%d/task", pid);
	tasks_fd = host->open_proc(walk->stage, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, error);
	if (tasks_fd < 0)
		return -1;
	listing = open_listing(tasks_fd);
	if (!listing)
		return host->fail(error, errno, "list /proc/%s", path);
	while ((entry = next_directory(listing))) {
		cleanup_close int fd =
			openat(tasks_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return host->fail(error, errno, "open /proc/%s/%s", path, entry->d_name);
		if (verify_thread(walk, fd, entry->d_name, error) < 0 ||
		    add_children(walk, fd, entry->d_name, error) < 0)
			return -1;
	}
	return 0;
}

int cgroup_verify_restored(const struct ironbox_stage *stage, const struct cgroup_place *places,
                           size_t count, struct ironbox_error *error)
{
	cleanup_walk struct walk walk = {
		.stage = stage, .places = places, .place_count = count, .text = malloc(TEXT_SIZE)
	};

	if (!walk.text || add_process(&walk, stage->init_pid) < 0)
		return stage->host->fail(error, errno, "look at the restored processes");
	while (walk.count > 0)
		if (visit_threads(&walk, walk.pids[--walk.count], error) < 0)
			return -1;
	return 0;
}
