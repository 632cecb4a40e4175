/* A stage's variant for callers who ask for systemd's ways, which also names itself as the one. */
#include <ironbox/plugin.h>

IRONBOX_MANIFEST("name = network\n"
                 "variant = systemd\n"
                 "variants = other=none.so systemd=variant.so\n");

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
};
