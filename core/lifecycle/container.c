/* A container opened for a verb, and what is freed or undone at the verb's end. */
#include "lifecycle/container.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <ironbox/cleanup.h>

#include "lifecycle/hooks.h"
#include "support/log.h"
#include "support/process_id.h"

#define FROZEN_AFTER_MS 20 /* who is not frozen is dead by then, mostly */

static void free_state(struct container_state_file *state)
{
	free(state->oci_version);
	free(state->bundle);
	free(state->rootfs);
	free(state->created);
}

/* What this verb began and did not finish: init killed and waited for, the stages undone in
 * reverse, the id free again. Errors go to the log: the one that brought us here is the verb's. */
static void undo(struct container *container)
{
	ERROR_NONE(error);

	if (container->pidfd >= 0) {
		process_signal(container->pidfd, SIGKILL);
		process_wait_dead(container->pidfd, -1);
		waitid(P_PIDFD, (id_t)container->pidfd, &(siginfo_t){ 0 }, WEXITED);
		pipeline_set_init(&container->pipeline, 0, -1);
	}
	pipeline_set_flag(&container->pipeline, IRONBOX_KILLED_INIT);
	if (container->pipeline.touched && pipeline_undo(&container->pipeline, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "undo %s: %s", container->id, error_text(&error));
	else if (state_remove(container, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "undo %s: %s", container->id, error_text(&error));
	/* runtime.md, lifecycle: who fails after this point goes on with the end of a container */
	if (container->pipeline.touched &&
	    hooks_run(container, HOOK_POSTSTOP, STATUS_STOPPED, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(&error));
}

void container_close(struct container *container)
{
	if (container->made && !container->kept)
		undo(container);
	pipeline_free(&container->pipeline);
	process_free(&container->process);
	spec_free(&container->spec);
	record_close(&container->record);
	channel_close(&container->channel);
	channel_close(&container->inner_channel);
	ironbox_close_at_end(&container->start_fd);
	ironbox_close_at_end(&container->started_fd);
	ironbox_close_at_end(&container->pidfd);
	ironbox_close_at_end(&container->init_pidfd);
	ironbox_close_at_end(&container->directory_fd);
	ironbox_close_at_end(&container->root_directory_fd);
	free_state(&container->state);
	free(container->bundle);
	free(container->rootfs);
	free(container->program);
	free(container->id);
}

int container_open(struct container *container, const struct runtime *runtime, const char *id,
                   bool lock, struct ironbox_error *error)
{
	if (state_open(container, runtime, id, lock, error) < 0)
		return -1;
	return state_read(container, error);
}

int container_load_pipeline(struct container *container, const char *serving, bool lenient,
                            struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;
	struct pipeline_subject subject = {
		.container_id = container->id,
		.bundle = container->state.bundle,
		.root_path = container->state.rootfs,
		.flags = container->state.stage_flags,
	};

	bool tears_down = serving && strcmp(serving, "teardown") == 0;

	pipeline->config = container->runtime->config;
	pipeline->state_root = container->runtime->state_root;
	pipeline->record = &container->record;
	pipeline->spec = &container->spec;
	if (container->record.fd < 0 &&
	    (tears_down ? record_open_leniently(&container->record, container->directory_fd, error)
	                : record_open(&container->record, container->directory_fd, error)) < 0)
		return -1;
	if (!tears_down && state_read_spec(container, error) < 0) {
		if (!lenient)
			return -1;
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(error));
	}
	if (pipeline_load_recorded(pipeline, &subject, serving, lenient, error) < 0)
		return -1;
	pipeline_set_init(pipeline, container->pidfd >= 0 ? container->pid : 0, container->pidfd);
	if (pipeline_run(pipeline, PHASE_CONFIGURE, error) == 0)
		return 0;
	if (!lenient)
		return -1;
	log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(error));
	return 0;
}

int container_signal_all(struct container *container, int number, struct ironbox_error *error)
{
	bool done = false;
	size_t i;

	for (i = 0; i < container->pipeline.count; i++) {
		struct stage *stage = &container->pipeline.stages[i];

		if (!stage->plugin.signal)
			continue;
		if (stage->plugin.signal(&stage->seen, number, error) < 0)
			return error_context(error, "%s", stage->name);
		done = true;
	}
	return done ? 0 : 1;
}

void container_let_die(struct container *container, const char *serving)
{
	ERROR_NONE(error);

	if (process_wait_dead(container->pidfd, FROZEN_AFTER_MS))
		return;
	if ((!container->pipeline.stages &&
	     container_load_pipeline(container, serving, true, &error) < 0) ||
	    container_signal_all(container, SIGKILL, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(&error));
}

bool container_is_paused(struct container *container, struct ironbox_error *error)
{
	size_t i;

	for (i = 0; i < container->pipeline.count; i++) {
		struct stage *stage = &container->pipeline.stages[i];

		if (stage->plugin.paused && stage->plugin.paused(&stage->seen, error) == 1)
			return true;
	}
	return false;
}

enum container_status container_status(struct container *container, struct ironbox_error *error)
{
	enum container_status status = state_status(container);

	if (status != STATUS_RUNNING && status != STATUS_CREATED)
		return status;
	if (container->pipeline.stages == NULL &&
	    container_load_pipeline(container, "paused", true, error) < 0) {
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(error));
		return status;
	}
	return container_is_paused(container, error) ? STATUS_PAUSED : status;
}
