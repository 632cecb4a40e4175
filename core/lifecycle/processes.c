/* ps: the container's processes, as the runtime's pid namespace numbers them. */
#include <errno.h>
#include <stdlib.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"

struct pids {
	pid_t *items;
	size_t count, capacity;
	bool failed;
};

static void add_pid(void *context, pid_t pid)
{
	struct pids *pids = context;

	if (pids->count == pids->capacity) {
		size_t capacity = pids->capacity ? pids->capacity * 2 : 64;
		pid_t *grown = realloc(pids->items, capacity * sizeof(*grown));

		if (!grown) {
			pids->failed = true;
			return;
		}
		pids->items = grown;
		pids->capacity = capacity;
	}
	pids->items[pids->count++] = pid;
}

int container_processes(const struct runtime *runtime, const char *id, pid_t **pids, size_t *count,
                        struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct pids found = { 0 };

	if (container_open(&container, runtime, id, false, error) < 0)
		return error_context(error, "ps %s", id);
	state_status(&container);
	container.pipeline.on_process = add_pid;
	container.pipeline.context = &found;
	if (container_load_pipeline(&container, "processes", false, error) < 0 ||
	    pipeline_run(&container.pipeline, PHASE_PROCESSES, error) < 0 || found.failed) {
		free(found.items);
		if (found.failed)
			error_begin(error, ENOMEM, "list the processes");
		return error_context(error, "ps %s", id);
	}
	*pids = found.items;
	*count = found.count;
	return 0;
}
