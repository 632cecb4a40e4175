#include "lifecycle/state_json.h"

#include <jansson.h>

char *state_json(const struct container *container, enum container_status status)
{
	const struct ironbox_value *annotations = spec_at(&container->spec, "annotations");
	/* a value of the spec is a json_t; it is only read here */
	json_t *given = (json_t *)(uintptr_t)annotations;
	json_t *root =
		json_pack("{s:s, s:s, s:s, s:s}", "ociVersion",
	                  spec_text(&container->spec, "ociVersion"), "id", container->id, "status",
	                  container_status_names[status], "bundle", container->bundle);
	char *text;

	if (!root)
		return NULL;
	if (container->pid > 0 && status != STATUS_STOPPED)
		json_object_set_new(root, "pid", json_integer(container->pid));
	if (json_is_object(given))
		json_object_set(root, "annotations", given);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
