#include "pipeline/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

static int open_named(struct module *module, const struct config *config, const char *name,
                      struct ironbox_error *error)
{
	char path[sizeof(module->path)];

	if (strchr(name, '/'))
		return error_begin(error, 0, "module %s: a name in plugin_path, not a path", name);
	snprintf(path, sizeof(path), "%s/%s", config->plugin_path, name);
	return module_open(module, path, error);
}

struct variant_search {
	const char *variant;
	char file[128];
};

/* word: "systemd=cgroup_systemd.so" */
static int find_variant(void *context, const char *word)
{
	struct variant_search *search = context;
	size_t size = strlen(search->variant);

	if (strncmp(word, search->variant, size) != 0 || word[size] != '=')
		return 0;
	snprintf(search->file, sizeof(search->file), "%s", word + size + 1);
	return 1;
}

int module_find(struct module *module, const struct config *config, const char *stage,
                const char *variant, struct ironbox_error *error)
{
	const struct config_entry *entry = config_find(config, stage, "module");
	struct variant_search search = { .variant = variant };
	char name[128];

	if (entry && strcmp(entry->value, "auto") != 0) {
		if (open_named(module, config, entry->value, error) == 0)
			return 0;
		return error_context(error, "%s:%u", config->path, entry->line);
	}
	snprintf(name, sizeof(name), "%s.so", stage);
	if (open_named(module, config, name, error) < 0)
		return -1;
	if (variant && list_each_word(module->manifest.variants, find_variant, &search) != 0)
		return open_named(module, config, search.file, error);
	if (!*module->manifest.fits || access(module->manifest.fits, F_OK) == 0)
		return 0;
	snprintf(name, sizeof(name), "%s", module->manifest.otherwise);
	return open_named(module, config, name, error);
}

int module_open(struct module *module, const char *path, struct ironbox_error *error)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_begin(error, errno, "open the plugin %s", path);
	if (!S_ISREG(status.st_mode))
		return error_begin(error, 0, "the plugin %s is no regular file", path);
	if (config_check_trusted(fd, path, error) < 0)
		return -1;
	snprintf(module->path, sizeof(module->path), "%s", path);
	return manifest_read(&module->manifest, fd, path, error);
}

static int check_abi(const struct ironbox_plugin *plugin, const char *path,
                     struct ironbox_error *error)
{
	if (plugin->abi >> 16 != IRONBOX_ABI_MAJOR)
		return error_begin(error, 0,
		                   "%s is built for plugin ABI %u.%u, this ironbox has %u.%u", path,
		                   plugin->abi >> 16, plugin->abi & 0xffff, IRONBOX_ABI_MAJOR,
		                   IRONBOX_ABI_MINOR);
	if (plugin->size < offsetof(struct ironbox_plugin, configure))
		return error_begin(error, 0,
		                   "%s: its descriptor is %u bytes, too short for any ABI", path,
		                   plugin->size);
	return 0;
}

int module_load(struct module *module, struct ironbox_error *error)
{
	const struct ironbox_plugin *plugin;
	size_t size;

	/* By its path and not by /proc/self/fd/N, which dlopen(3) caches by name: with a number
	 * used again, the second plugin would silently be the first. The folder is root's alone. */
	module->handle = dlopen(module->path, RTLD_NOW | RTLD_LOCAL);
	if (!module->handle)
		return error_begin(error, 0, "load the plugin %s: %s", module->path, dlerror());
	plugin = dlsym(module->handle, "ironbox_plugin");
	if (!plugin)
		return error_begin(error, 0, "%s is not a plugin: no symbol ironbox_plugin",
		                   module->path);
	if (check_abi(plugin, module->path, error) < 0)
		return -1;
	size = plugin->size < sizeof(module->plugin) ? plugin->size : sizeof(module->plugin);
	memset(&module->plugin, 0, sizeof(module->plugin));
	memcpy(&module->plugin, plugin, size);
	return 0;
}

int module_check_folder(const char *path, struct ironbox_error *error)
{
	if (path[0] != '/')
		return error_begin(error, 0, "plugin_path %s: not an absolute path", path);
	return config_check_trusted_path(path, error);
}
