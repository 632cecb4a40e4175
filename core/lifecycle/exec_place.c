/*
 * A container that is held open for execs: what `exec` reads and loads at each, read and loaded
 * once. What may change meanwhile is asked anew: that init lives, that nothing is paused, that
 * nobody works on the container, and that its record is the one that was read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/joiner.h"
#include "lifecycle/signals_reset.h"
#include "support/process_id.h"

struct exec_place {
	struct container container;
	off_t record_size; /* it only grows: update, say, may remember something */
};

static int record_size(const struct exec_place *place, off_t *size, struct ironbox_error *error)
{
	struct stat status;

	if (fstat(place->container.record.fd, &status) < 0)
		return error_begin(error, errno, "look at the container's record");
	*size = status.st_size;
	return 0;
}

static int open_place(struct exec_place *place, const struct runtime *runtime, const char *id,
                      struct ironbox_error *error)
{
	struct container *container = &place->container;
	enum container_status status;

	if (container_open(container, runtime, id, false, error) < 0 ||
	    state_await_unlocked(container, error) < 0)
		return -1;
	replace_fd(&container->root_directory_fd, -1);
	status = state_status(container);
	if (joiner_check_alive(status == STATUS_RUNNING || status == STATUS_CREATED, error) < 0 ||
	    container_load_pipeline(container, NULL, false, error) < 0 ||
	    record_size(place, &place->record_size, error) < 0 ||
	    pipeline_hold(&container->pipeline, error) < 0)
		return -1;
	/* once, instead of in each process that is made */
	signals_reset();
	container->signals_are_reset = true;
	return 0;
}

struct exec_place *container_exec_open(const struct runtime *runtime, const char *id,
                                       struct ironbox_error *error)
{
	struct exec_place *place = calloc(1, sizeof(*place));

	if (!place) {
		error_begin(error, errno, "hold %s open", id);
		return NULL;
	}
	place->container = CONTAINER_NONE;
	if (open_place(place, runtime, id, error) == 0)
		return place;
	container_exec_close(place);
	error_context(error, "exec in %s", id);
	return NULL;
}

static int check_place(const struct exec_place *place, struct ironbox_error *error)
{
	off_t size = 0;

	if (joiner_check_alive(!process_wait_dead(place->container.pidfd, 0), error) < 0 ||
	    record_size(place, &size, error) < 0)
		return -1;
	if (size == place->record_size)
		return 0;
	error_begin(error, 0, "its record has changed since it was opened");
	error->code = ESTALE;
	return -1;
}

/* A lock is the open directory's (flock(2)), which all forks share: one that is killed while it has
 * the lock would leave it there. So each opens it for itself. */
static int await_unlocked(struct container *container, struct ironbox_error *error)
{
	int fd = openat(container->directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_begin(error, errno, "open the container's state");
	replace_fd(&container->directory_fd, fd);
	return state_await_unlocked(container, error);
}

static int exec_in(struct exec_place *place, const struct exec_request *request,
                   struct ironbox_error *error)
{
	struct container *container = &place->container;

	if (!request->detach)
		return error_begin(error, 0, "a place that is held open is for --detach alone");
	if (check_place(place, error) < 0 || await_unlocked(container, error) < 0 ||
	    joiner_check_paused(container, request->ignore_paused, error) < 0)
		return -1;
	return joiner_make(container, request, NULL, error);
}

int container_exec_in(struct exec_place *place, const struct exec_request *request,
                      struct ironbox_error *error)
{
	struct container *container = &place->container;

	container->pipeline.progress = container->runtime->progress;
	joiner_begin(container, request);
	if (exec_in(place, request, error) == 0)
		return 0;
	joiner_end(container);
	return error_context(error, "exec in %s", container->id);
}

void container_exec_close(struct exec_place *place)
{
	if (!place)
		return;
	container_close(&place->container);
	free(place);
}
