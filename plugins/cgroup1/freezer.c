/*
 * Stops, continues and signals all of the container at once. Where there is a v2 tree its freezer
 * does it: every process is there from birth, it tells by poll(2) when all stand still, and what is
 * frozen can be killed. v1's is for hosts without: there a frozen process has to be thawed to die.
 * On a hybrid host others use v1's beside ours: CRIU does, and may die before it has thawed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include <files.h>
#include <processes.h>
#include <taken.h>

#include "internal.h"

/* The hierarchy whose freezer we use. */
static struct hierarchy *freezer_of(const struct ironbox_stage *stage, struct hierarchies *all,
                                    struct ironbox_error *error)
{
	struct hierarchy *freezer = hierarchies_with(all, V1_UNIFIED);

	if (!freezer)
		freezer = hierarchies_with(all, V1_FREEZER);
	if (!freezer)
		stage->host->fail(error, 0, "freezer: this host's cgroup v1 lacks the controller");
	else if (hierarchy_directory(all, freezer) < 0)
		stage->host->fail(error, errno, "open cgroup %s%s", freezer->top, all->path);
	else
		return freezer;
	return NULL;
}

static bool is_v2(const struct hierarchy *freezer)
{
	return freezer->controllers & V1_BIT(V1_UNIFIED);
}

static int fail_to_freeze(const struct ironbox_stage *stage, const struct hierarchies *all,
                          int directory_fd, struct ironbox_error *error)
{
	char process[256];

	cgroup_describe_process(stage, directory_fd, process, sizeof(process), error);
	return stage->host->fail(error, ETIMEDOUT, "freeze cgroup %s: not within %d s, with %s",
	                         all->path, DEADLINE_MS / 1000, process);
}

/* 1 when all stand still. cgroup.events gives POLLPRI when one of its lines changes. */
static int wait_until_frozen(int directory_fd, uint64_t end_ms)
{
	cleanup_close int fd = openat(directory_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd events = { .fd = fd, .events = POLLPRI };

	while (fd >= 0) {
		uint64_t now_ms = cgroup_now_ms(), frozen = 0;
		char text[256];
		ssize_t size = pread(fd, text, sizeof(text) - 1, 0);

		if (size < 0)
			return -1;
		text[size] = '\0';
		if (cgroup_find_key(text, "frozen", &frozen) && frozen)
			return 1;
		if (now_ms >= end_ms)
			return 0;
		poll(&events, 1, (int)(end_ms - now_ms)); /* then it is read again, come what may */
	}
	return -1;
}

static int freeze_v2(const struct ironbox_stage *stage, const struct hierarchies *all,
                     int directory_fd, struct ironbox_error *error)
{
	int frozen;

	if (cgroup_write(stage, directory_fd, "cgroup.freeze", "1", NULL, error) < 0)
		return -1;
	frozen = wait_until_frozen(directory_fd, cgroup_now_ms() + DEADLINE_MS);
	if (frozen < 0)
		return stage->host->fail(error, errno, "read cgroup.events of cgroup %s",
		                         all->path);
	return frozen ? 0 : fail_to_freeze(stage, all, directory_fd, error);
}

/* kernel, cgroup-v1/freezer-subsystem.rst: FREEZING until the last one stands still; to write
 * FROZEN again asks again those that have come since. */
static int freeze_v1(const struct ironbox_stage *stage, const struct hierarchies *all,
                     int directory_fd, struct ironbox_error *error)
{
	uint64_t end_ms = cgroup_now_ms() + DEADLINE_MS;
	char state[32] = "";

	while (cgroup_write(stage, directory_fd, "freezer.state", "FROZEN", NULL, error) == 0) {
		if (cgroup_read(directory_fd, "freezer.state", state, sizeof(state)) < 0)
			return stage->host->fail(error, errno, "read freezer.state of cgroup %s",
			                         all->path);
		if (strcmp(state, "FROZEN") == 0)
			return 0;
		if (cgroup_now_ms() >= end_ms)
			return fail_to_freeze(stage, all, directory_fd, error);
		cgroup_sleep_ms(1);
	}
	return -1;
}

/* v1's where it is not the one that we use, and the container's cgroup in it stands; or NULL. */
static const struct hierarchy *other_freezer(struct hierarchies *all,
                                             const struct hierarchy *freezer)
{
	struct hierarchy *other = is_v2(freezer) ? hierarchies_with(all, V1_FREEZER) : NULL;

	return other && hierarchy_directory(all, other) >= 0 ? other : NULL;
}

static int write_thawed(const struct ironbox_stage *stage, const struct hierarchy *freezer,
                        struct ironbox_error *error)
{
	return cgroup_write(stage, freezer->directory_fd,
	                    is_v2(freezer) ? "cgroup.freeze" : "freezer.state",
	                    is_v2(freezer) ? "0" : "THAWED", NULL, error);
}

/* What cannot be stopped whole goes on whole. The error stays that of the freezing. */
static void thaw_again(const struct ironbox_stage *stage, const struct hierarchy *freezer)
{
	const char *file = is_v2(freezer) ? "cgroup.freeze" : "freezer.state";
	const char *value = is_v2(freezer) ? "0" : "THAWED";
	cleanup_close int fd = openat(freezer->directory_fd, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		stage->host->log(stage, IRONBOX_LOG_WARNING, "write %s to %s: %s", value, file,
		                 strerrordesc_np(errno));
}

int freezer_freeze(const struct ironbox_stage *stage, struct hierarchies *all,
                   struct ironbox_error *error)
{
	const struct hierarchy *freezer = freezer_of(stage, all, error);
	int result;

	if (!freezer)
		return -1;
	result = is_v2(freezer) ? freeze_v2(stage, all, freezer->directory_fd, error)
	                        : freeze_v1(stage, all, freezer->directory_fd, error);
	if (result < 0)
		thaw_again(stage, freezer);
	return result;
}

int freezer_thaw(const struct ironbox_stage *stage, struct hierarchies *all,
                 struct ironbox_error *error)
{
	const struct hierarchy *freezer = freezer_of(stage, all, error), *other;

	if (!freezer || write_thawed(stage, freezer, error) < 0)
		return -1;
	other = other_freezer(all, freezer);
	return other ? write_thawed(stage, other, error) : 0;
}

int freezer_thaw_one(const struct ironbox_stage *stage, const struct hierarchy *hierarchy,
                     struct ironbox_error *error)
{
	if (!(hierarchy->controllers & (V1_BIT(V1_UNIFIED) | V1_BIT(V1_FREEZER))))
		return 0;
	return write_thawed(stage, hierarchy, error);
}

/* What was asked for here, not what a frozen parent does to us. */
static int is_asked_to_freeze(const struct ironbox_stage *stage, const struct hierarchies *all,
                              const struct hierarchy *freezer, struct ironbox_error *error)
{
	const char *file = is_v2(freezer) ? "cgroup.freeze" : "freezer.self_freezing";
	uint64_t value;

	if (cgroup_read_number(freezer->directory_fd, file, &value) < 0)
		return stage->host->fail(error, errno, "read %s of cgroup %s%s", file, freezer->top,
		                         all->path);
	return value != 0;
}

int freezer_is_frozen(const struct ironbox_stage *stage, struct hierarchies *all,
                      struct ironbox_error *error)
{
	const struct hierarchy *freezer = freezer_of(stage, all, error), *other;
	int frozen = freezer ? is_asked_to_freeze(stage, all, freezer, error) : -1;

	if (frozen != 0)
		return frozen;
	other = other_freezer(all, freezer);
	return other ? is_asked_to_freeze(stage, all, other, error) : 0;
}

static int signal_frozen(const struct ironbox_stage *stage, struct hierarchies *all, int number,
                         struct ironbox_error *error)
{
	const struct hierarchy *freezer;
	int paused = freezer_is_frozen(stage, all, error), count;

	if (paused < 0 || (!paused && freezer_freeze(stage, all, error) < 0))
		return -1;
	freezer = freezer_of(stage, all, error);
	count = cgroup_signal_processes(freezer->directory_fd, number);
	if (count < 0)
		stage->host->fail(error, errno, "send signal %d to the processes of cgroup %s",
		                  number, all->path);
	/* Paused it stays paused; but to die, a process has to run. */
	if (!paused || number == SIGKILL)
		thaw_again(stage, freezer);
	return count < 0 ? -1 : 0;
}

int freezer_signal(const struct ironbox_stage *stage, struct hierarchies *all, int number,
                   struct ironbox_error *error)
{
	struct hierarchy *unified = hierarchies_with(all, V1_UNIFIED);
	struct hierarchy *freezer = unified ? unified : hierarchies_with(all, V1_FREEZER);
	const struct hierarchy *other;

	/* removed, or another container's by now: nobody of ours is in it */
	if (freezer && hierarchy_directory(all, freezer) < 0 && errno == ENOENT)
		return 0;
	if (freezer && freezer->directory_fd >= 0 && cgroup_is_taken(stage, freezer->directory_fd))
		return 0;
	if (!unified || number != SIGKILL)
		return signal_frozen(stage, all, number, error);
	if (unified->directory_fd < 0)
		return stage->host->fail(error, errno, "open cgroup %s%s", unified->top, all->path);
	if (cgroup_write(stage, unified->directory_fd, "cgroup.kill", "1", NULL, error) < 0)
		return -1;
	/* after it, so that nobody runs on meanwhile */
	other = other_freezer(all, unified);
	if (other)
		thaw_again(stage, other);
	return 0;
}
