/* create: everything but execve(2). */
#include "lifecycle/container.h"
#include "lifecycle/outside.h"

int container_create(const struct runtime *runtime, const struct create_request *request,
                     struct ironbox_error *error)
{
	/* Unless kept, it ends with this scope: init killed, stages undone, id free again. */
	cleanup_container struct container container = CONTAINER_NONE;

	if (container_launch(&container, runtime, request, true, error) < 0) {
		outside_take_back(&container);
		return error_context(error, "create %s", request->id);
	}
	container.kept = true;
	return 0;
}
