/* What is done to a container that exists: kill, pause, resume, update. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lifecycle/container.h"
#include "support/process_id.h"

/* 1: no stage of it can do that. */
static int signal_all(struct container *container, int number, struct ironbox_error *error)
{
	if (container_load_pipeline(container, "signal", false, error) < 0)
		return -1;
	return container_signal_all(container, number, error);
}

static int signal_init(struct container *container, int number, struct ironbox_error *error)
{
	if (container->pidfd < 0)
		return error_begin(error, 0, "container not running");
	if (process_signal(container->pidfd, number) == 0)
		return 0;
	if (errno == ESRCH) /* a zombie, or dead since we looked */
		return error_begin(error, 0, "container not running");
	return error_begin(error, errno, "send signal %d to process %d", number,
	                   (int)container->pid);
}

/* Its pid namespace as config.json has it; NULL: it is in the host's. */
static const struct ironbox_value *pid_namespace(struct container *container)
{
	const struct pipeline seen = { .spec = &container->spec, .record = &container->record };
	ERROR_NONE(error);

	if (container->record.fd < 0 &&
	    record_open_leniently(&container->record, container->directory_fd, &error) < 0)
		return NULL;
	if (state_read_spec(container, &error) < 0)
		return NULL;
	return pipeline_namespace(&seen, "pid");
}

/* A joined one ends with somebody else. */
static bool has_own_pid_namespace(struct container *container)
{
	const struct ironbox_value *namespace = pid_namespace(container);

	return namespace && !value_member(namespace, "path");
}

/* By the stage that knows them all. Where none does, the end of a pid namespace's first process is
 * that of all others in it: pid_namespaces(7). */
static int signal_each(struct container *container, int number, struct ironbox_error *error)
{
	int result = signal_all(container, number, error);

	if (result <= 0)
		return result;
	if (number == SIGKILL && has_own_pid_namespace(container))
		return signal_init(container, number, error);
	return error_begin(error, 0, "no stage of it can signal all processes");
}

/* Without a pid namespace of its own init's end is not the others': runc kills them all too. */
static int signal_one(struct container *container, int number, struct ironbox_error *error)
{
	int result = 1;

	if (number == SIGKILL && !has_own_pid_namespace(container))
		result = signal_all(container, number, error);
	if (result <= 0)
		return result;
	result = signal_init(container, number, error);
	if (result == 0 && number == SIGKILL)
		container_let_die(container, "signal");
	return result;
}

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all,
                   struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;

	/* no lock: a verb that hangs must not keep it from being killed */
	if (container_open(&container, runtime, id, false, error) < 0)
		return error_context(error, "kill %s", id);
	state_status(&container);
	if ((all ? signal_each : signal_one)(&container, signal, error) < 0)
		return error_context(error, "kill %s", id);
	return 0;
}

static int check_running(struct container *container, const char *verb, bool when_paused,
                         struct ironbox_error *error)
{
	enum container_status status;

	state_status(container); /* opens init's pidfd, by which stages find it */
	if (container_load_pipeline(container, verb, false, error) < 0)
		return -1;
	status = container_status(container, error);
	if (status == STATUS_CREATED || status == STATUS_RUNNING || status == STATUS_PAUSED)
		if ((status == STATUS_PAUSED) == when_paused)
			return 0;
	if (status == STATUS_STOPPED)
		return error_begin(error, 0, "container not running");
	return error_begin(error, 0, "cannot %s a container that is %s", verb,
	                   container_status_names[status]);
}

static int run_control(const struct runtime *runtime, const char *id, const char *verb,
                       enum phase phase, struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;

	if (container_open(&container, runtime, id, true, error) < 0 ||
	    check_running(&container, verb, phase == PHASE_RESUME, error) < 0)
		return error_context(error, "%s %s", verb, id);
	if (!pipeline_has(&container.pipeline, phase)) {
		error_begin(error, 0, "no stage of it can %s", verb);
		return error_context(error, "%s %s", verb, id);
	}
	if (pipeline_run(&container.pipeline, phase, error) < 0)
		return error_context(error, "%s %s", verb, id);
	return 0;
}

int container_pause(const struct runtime *runtime, const char *id, struct ironbox_error *error)
{
	return run_control(runtime, id, "pause", PHASE_PAUSE, error);
}

int container_resume(const struct runtime *runtime, const char *id, struct ironbox_error *error)
{
	return run_control(runtime, id, "resume", PHASE_RESUME, error);
}

static int update(struct container *container, const struct spec *resources,
                  struct ironbox_error *error)
{
	bool done = false;
	size_t i;

	if (state_status(container) == STATUS_STOPPED)
		return error_begin(error, 0, "container not running");
	if (container_load_pipeline(container, "update", false, error) < 0)
		return -1;
	for (i = 0; i < container->pipeline.count; i++) {
		struct stage *stage = &container->pipeline.stages[i];

		if (!stage->plugin.update)
			continue;
		if (stage->plugin.update(&stage->seen, resources->root, error) < 0)
			return error_context(error, "%s", stage->name);
		done = true;
	}
	return done ? 0 : error_begin(error, 0, "no stage of it has limits to update");
}

int container_update(const struct runtime *runtime, const char *id, const struct spec *resources,
                     struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;

	if (container_open(&container, runtime, id, true, error) < 0 ||
	    update(&container, resources, error) < 0)
		return error_context(error, "update %s", id);
	return 0;
}
