/* A plugin of an ABI to come: refused with both numbers. */
#include <ironbox/plugin.h>

IRONBOX_MANIFEST("name = network\n");

const struct ironbox_plugin ironbox_plugin = {
	.abi = (IRONBOX_ABI_MAJOR + 1) << 16 | 7,
	.size = sizeof(struct ironbox_plugin),
	.version = "9.9",
	.manifest = ironbox_manifest.text,
};
