/* create: everything but execve(2). */
#include "lifecycle/container.h"
#include "lifecycle/outside.h"

int container_create(const struct runtime *runtime, const struct create_request *request,
                     struct ironbox_error *error)
{
	/* Unless kept, it ends with this scope: init killed, stages undone, id free again. */
	cleanup_container struct container container = CONTAINER_NONE;

	container.kept = container_launch(&container, runtime, request, true, error) == 0;
	outside_settle_ties(&container, container.kept);
	return container.kept ? 0 : error_context(error, "create %s", request->id);
}
