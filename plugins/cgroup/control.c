/* Signals, freezes and lists what runs in the container's cgroup. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "internal.h"
#include "no_cgroup.h"
#include "path.h"
#include "processes.h"
#include "taken.h"

static int freeze(const struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error)
{
	char left[256];
	int code;

	if (cgroup_write(stage, cgroup_fd, "cgroup.freeze", "1", NULL, error) < 0)
		return -1;
	if (events_await(cgroup_fd, "frozen", 1, DEADLINE_MS) == 0)
		return 0;
	code = errno;
	cgroup_describe_process(stage, cgroup_fd, left, sizeof(left), error);
	/* half frozen is worst of all; the first error is the one to tell */
	(void)cgroup_write(stage, cgroup_fd, "cgroup.freeze", "0", NULL, error);
	return stage->host->fail(error, code, "freeze the cgroup (%s in it)", left);
}

static int thaw(const struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error)
{
	if (cgroup_write(stage, cgroup_fd, "cgroup.freeze", "0", NULL, error) < 0)
		return -1;
	if (events_await(cgroup_fd, "frozen", 0, DEADLINE_MS) < 0)
		return stage->host->fail(error, errno, "thaw the cgroup");
	return 0;
}

static int is_frozen(const struct ironbox_stage *stage, int cgroup_fd, struct ironbox_error *error)
{
	uint64_t frozen;

	if (cgroup_read_number(cgroup_fd, "cgroup.freeze", &frozen) < 0)
		return stage->host->fail(error, errno, "read cgroup.freeze");
	return frozen != 0;
}

/* Frozen, so that none forks away from under the walk; what was paused stays so. */
static int signal_all(const struct ironbox_stage *stage, int cgroup_fd, int number,
                      struct ironbox_error *error)
{
	int was_frozen = is_frozen(stage, cgroup_fd, error), sent, code;

	if (was_frozen < 0 || (!was_frozen && freeze(stage, cgroup_fd, error) < 0))
		return -1;
	sent = cgroup_signal_processes(cgroup_fd, number);
	code = errno;
	if (!was_frozen && thaw(stage, cgroup_fd, error) < 0)
		return -1;
	return sent < 0 ? stage->host->fail(error, code, "send signal %d to all processes", number)
	                : 0;
}

int cgroup_signal(struct ironbox_stage *stage, int number, struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	int found = cgroup_open_recorded(stage, &fd, error);

	if (found <= 0) /* removed already: nobody is left to signal */
		return found < 0 || stage->host->recall(stage, KEY_PATH)
		               ? found
		               : no_cgroup_signal(stage, number, error);
	if (cgroup_is_taken(stage, fd)) /* nobody of ours */
		return 0;
	if (number == SIGKILL) /* Linux 5.14; reaches frozen ones and forks alike */
		return cgroup_write(stage, fd, "cgroup.kill", "1", NULL, error);
	return signal_all(stage, fd, number, error);
}

/* The container's cgroup for a verb that makes no sense without one. */
static int open_needed(const struct ironbox_stage *stage, int *fd, struct ironbox_error *error)
{
	int found = cgroup_open_recorded(stage, fd, error);

	if (found == 0)
		return stage->host->fail(error, 0, "the container has no cgroup");
	return found < 0 ? -1 : 0;
}

int cgroup_pause(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = -1;

	return open_needed(stage, &fd, error) < 0 ? -1 : freeze(stage, fd, error);
}

int cgroup_resume(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = -1;

	return open_needed(stage, &fd, error) < 0 ? -1 : thaw(stage, fd, error);
}

int cgroup_paused(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	int found = cgroup_open_recorded(stage, &fd, error);

	return found <= 0 ? found : is_frozen(stage, fd, error);
}

static int report_process(void *context, pid_t pid)
{
	struct ironbox_stage *stage = context;

	stage->host->report_process(stage, pid);
	return 0;
}

int cgroup_processes(struct ironbox_stage *stage, struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	int found = cgroup_open_recorded(stage, &fd, error);

	if (found < 0)
		return -1;
	if (!found)
		return stage->host->recall(stage, KEY_PATH) ? 0 : no_cgroup_processes(stage, error);
	if (cgroup_visit_processes(fd, report_process, stage) < 0)
		return stage->host->fail(error, errno, "list the processes of the cgroup");
	return 0;
}

/* cgroups(7), cgroup-v2.rst: memory.events makes a "file modified" event when a number changes. */
int cgroup_watch(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	cleanup_close int fd = -1, watch_fd = -1;
	char path[sizeof(MOUNT) + CGROUP_PATH_MAX + sizeof("/memory.events")];

	if (open_needed(stage, &fd, error) < 0)
		return -1;
	watch_fd = inotify_init1(IN_CLOEXEC);
	if (watch_fd < 0)
		return host->fail(error, errno, "watch memory.events");
	snprintf(path, sizeof(path), MOUNT "%s/memory.events", host->recall(stage, KEY_PATH));
	if (inotify_add_watch(watch_fd, path, IN_MODIFY) < 0)
		return host->fail(error, errno, "memory: watch %s", path);
	return steal_fd(&watch_fd);
}
