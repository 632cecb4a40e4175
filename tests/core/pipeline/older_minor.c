/* A plugin of an older minor ABI: its descriptor ends early, so it just has fewer phases. Were the
 * members behind its size read, the engine would call whatever lies there. */
#include <stddef.h>

#include <ironbox/plugin.h>

IRONBOX_MANIFEST("name = network\n");

static int never_called(struct ironbox_stage *stage, struct ironbox_error *error)
{
	return stage->host->fail(error, 0, "a member behind the descriptor's size was called");
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = offsetof(struct ironbox_plugin, settle),
	.version = "0.9",
	.manifest = ironbox_manifest.text,
	.settle = never_called,
	.teardown = never_called,
};
