/* checkpoint: images of a container's processes, written by the stage that can. */
#include <errno.h>
#include <string.h>

#include "lifecycle/container.h"
#include "support/log.h"
#include "support/process_id.h"

#define DEATH_TIMEOUT_MS 10000

static int check_status(enum container_status status, struct ironbox_error *error)
{
	switch (status) {
	case STATUS_RUNNING:
	case STATUS_PAUSED:
		return 0;
	case STATUS_STOPPED:
		return error_begin(error, 0, "container not running");
	case STATUS_CREATED:
		return error_begin(error, 0,
		                   "it is created and not started: its process is still the "
		                   "runtime's, which no image can hold");
	case STATUS_CREATING:
		break;
	}
	return error_begin(error, 0, "it is being created");
}

static int load(struct container *container, struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;
	struct pipeline_subject subject = {
		.container_id = container->id,
		.bundle = container->state.bundle,
		.root_path = container->state.rootfs,
		.flags = container->state.stage_flags,
	};

	pipeline->verb = "checkpoint";
	if (container_load_pipeline(container, NULL, false, error) < 0 ||
	    pipeline_load_for_verb(pipeline, &subject, error) < 0)
		return -1;
	pipeline_set_init(pipeline, container->pid, container->pidfd);
	return checkpoint_check_stage(pipeline, error);
}

/* Whoever writes the images stops all processes for it, and may have died meanwhile. */
static void let_go_on(struct container *container, enum container_status before)
{
	ERROR_NONE(error);

	if (before != STATUS_RUNNING || container_status(container, &error) != STATUS_PAUSED)
		return;
	if (pipeline_run(&container->pipeline, PHASE_RESUME, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(&error));
}

static int checkpoint(struct container *container, const struct checkpoint_options *options,
                      struct ironbox_error *error)
{
	struct pipeline_option list[CHECKPOINT_OPTIONS_MAX];
	enum container_status status = state_status(container); /* opens init's pidfd */
	int result;

	if (status != STATUS_RUNNING)
		return check_status(status, error);
	checkpoint_options_list(options, list);
	container->pipeline.options = list;
	if (load(container, error) < 0)
		return -1;
	status = container_status(container, error);
	if (check_status(status, error) < 0)
		return -1;
	result = pipeline_run(&container->pipeline, PHASE_CHECKPOINT, error);
	if (result < 0)
		let_go_on(container, status);
	else if (!options->leave_running && !options->pre_dump &&
	         !process_wait_dead(container->pidfd, DEATH_TIMEOUT_MS))
		result = error_begin(error, 0,
		                     "the images are written, but process %d is still there",
		                     (int)container->pid);
	container->pipeline.options = NULL;
	return result;
}

int container_checkpoint(const struct runtime *runtime, const char *id,
                         const struct checkpoint_options *options, struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;

	if (container_open(&container, runtime, id, true, error) < 0 ||
	    checkpoint(&container, options, error) < 0)
		return error_context(error, "checkpoint %s", id);
	return 0;
}
