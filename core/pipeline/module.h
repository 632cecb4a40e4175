/* One plugin file: found, trusted, read, loaded, its ABI checked. */
#ifndef IRONBOX_PIPELINE_MODULE_H
#define IRONBOX_PIPELINE_MODULE_H

#include <ironbox/plugin.h>

#include "config/config.h"
#include "pipeline/manifest.h"

struct module {
	char path[1024];
	struct manifest manifest;
	void *handle;
	struct ironbox_plugin plugin;
};

/* The path of the module that the ini names for a stage. `auto`, the default, is STAGE.so, or what
 * that file's manifest names: in `variants` for this variant (NULL: none is asked for), or in
 * `otherwise` when this node lacks the path in its `fits`. Sets path and manifest; loads nothing.
 */
int module_find(struct module *module, const struct config *config, const char *stage,
                const char *variant, struct ironbox_error *error);
/* Sets path and manifest of the module at an absolute path. */
int module_open(struct module *module, const char *path, struct ironbox_error *error);
/* dlopen(3), the descriptor's ABI and size. */
int module_load(struct module *module, struct ironbox_error *error);
/* Whether the folder of the plugins may be trusted: root's, and no one else's to write, up to /. */
int module_check_folder(const char *path, struct ironbox_error *error);

#endif
