/* delete: the end of a container, also of one that was left half made. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "lifecycle/container.h"
#include "lifecycle/hooks.h"
#include "support/log.h"
#include "support/process_id.h"
#include "support/progress.h"

#define KILL_TIMEOUT_MS 10000

static int kill_init(struct container *container, struct ironbox_error *error)
{
	if (container->pidfd < 0)
		return 0;
	progress_write(container->pipeline.progress, PROGRESS_WAIT "the end of init", NULL);
	process_signal(container->pidfd, SIGKILL); /* ESRCH: dead meanwhile, which is the aim */
	container_let_die(container, "teardown");
	if (!process_wait_dead(container->pidfd, KILL_TIMEOUT_MS)) {
		char state = '?';

		process_start_time(container->pid, &state);
		return error_begin(error, 0,
		                   "process %d is still there %d s after SIGKILL, in state %c",
		                   (int)container->pid, KILL_TIMEOUT_MS / 1000, state);
	}
	/* where it is our own child (run), it is reaped here; else by who made it */
	waitid(P_PIDFD, (id_t)container->pidfd, &(siginfo_t){ 0 }, WEXITED);
	return 0;
}

int container_destroy(struct container *container, struct ironbox_error *error)
{
	if (kill_init(container, error) < 0)
		return -1;
	if (!container->pipeline.stages &&
	    container_load_pipeline(container, "teardown", true, error) < 0)
		return -1;
	/* poststop hooks are in the spec, which goes with the state directory */
	if (container->state.has_poststop_hooks && state_read_spec(container, error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(error));
	if (container->record.count == 0 && container->state.pid)
		log_write(IRONBOX_LOG_WARNING,
		          "%s: its record is empty: a cgroup of it may be left behind",
		          container->id);
	pipeline_set_init(&container->pipeline, 0, -1);
	pipeline_set_flag(&container->pipeline, IRONBOX_KILLED_INIT);
	if (pipeline_undo(&container->pipeline, error) < 0)
		return -1; /* the record stays, so that delete can be tried again */
	if (state_remove(container, error) < 0)
		return -1;
	/* runtime.md, lifecycle: errors of poststop hooks are logged, and all goes on */
	if (container->spec.root && !container->bundle && container->state.bundle)
		container->bundle = strdup(container->state.bundle);
	if (container->spec.root && container->bundle &&
	    hooks_run(container, HOOK_POSTSTOP, STATUS_STOPPED, error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(error));
	return 0;
}

/* Of a container whose state was never committed: the record knows it from the clone on. */
static void take_recorded_init(struct container *container)
{
	unsigned long long start_time;
	const char *text;
	int pid;
	ERROR_NONE(error);

	if (record_open_leniently(&container->record, container->directory_fd, &error) < 0) {
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(&error));
		return;
	}
	text = record_find(&container->record, RECORD_ENGINE, RECORD_KEY_INIT);
	if (!text || sscanf(text, "%d %llu", &pid, &start_time) != 2)
		return;
	container->state.pid = pid;
	container->state.start_time = start_time;
}

static int check_deletable(struct container *container, struct ironbox_error *error)
{
	enum container_status status = state_status(container);

	/* one that was never started has nothing to lose, as runc sees it */
	if (status == STATUS_STOPPED || status == STATUS_CREATED)
		return 0;
	status = container_status(container, error);
	return error_begin(error, 0, "cannot delete container %s that is not stopped: %s",
	                   container->id, container_status_names[status]);
}

static int delete (struct container *container, const struct runtime *runtime, const char *id,
                   bool force, struct ironbox_error *error)
{
	bool cut_off = false;

	if (state_open(container, runtime, id, true, error) < 0)
		return force && error->code == ENOENT ? 0 : -1;
	if (state_read(container, error) < 0) {
		cut_off = error->code == ENOENT;
		if (!force && !cut_off)
			return -1;
		/* cut off, foreign, or never written: the record alone says what to undo */
		log_write(IRONBOX_LOG_DEBUG, "%s: %s", id, error_text(error));
		take_recorded_init(container);
	}
	if (!force && !cut_off && check_deletable(container, error) < 0)
		return -1;
	/* opens the pidfd if it lives; EMFILE, say, is no sign that it does not */
	if (container->state.pid && state_status(container) == STATUS_STOPPED && errno != ESRCH)
		return error_begin(error, errno, "look for process %d", (int)container->state.pid);
	if (container_destroy(container, error) < 0)
		return -1;
	/* ours is the lock, so nobody is at it any more; runc removes it and says so, too */
	if (!force && cut_off)
		return error_begin(error, 0, "container does not exist: its creation was cut off");
	return 0;
}

int container_delete(const struct runtime *runtime, const char *id, bool force,
                     struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;

	if (delete (&container, runtime, id, force, error) < 0)
		return error_context(error, "delete %s", id);
	return 0;
}
