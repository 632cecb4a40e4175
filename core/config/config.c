/* ironbox.ini as a whole: found, trusted, and the engine's own two sections. */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "config/ini.h"
#include "support/file.h"

#define CONFIG_SIZE_MAX (256 * 1024)
#define STAGES_MAX      64
#define STAGE_NAME_MAX  32 /* inih cuts a section at 49 */
#define BLANKS          " \t\r\v\f"

/* Sections that are no stages: the engine's, and the shim's. */
static const char *const own_sections[] = { "ironbox", "pipeline", "stdio", NULL };

static const char default_stages[] =
	"namespace cgroup rootfs network capabilities apparmor selinux seccomp criu";

/* Opens the file. -1 with *absent: there is none, which only the node's own may be. */
static int open_file(const char *path, bool *absent, struct ironbox_error *error)
{
	cleanup_close int fd =
		open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char folder[PATH_MAX];
	struct stat status;
	const char *slash = strrchr(path, '/');

	*absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (fd < 0 && errno == ELOOP)
		return error_begin(error, 0, "%s: a symbolic link, which is not followed", path);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_begin(error, errno, "open %s", path);
	if (!S_ISREG(status.st_mode))
		return error_begin(error, 0, "%s: not a regular file", path);
	if (strlen(path) >= sizeof(folder))
		return error_begin(error, ENAMETOOLONG, "open %s", path);
	memcpy(folder, slash ? path : ".", slash ? (size_t)(slash - path) + 1 : 1);
	folder[slash ? slash - path + 1 : 1] = '\0';
	if (config_check_trusted(fd, path, error) < 0 ||
	    config_check_trusted_path(folder, error) < 0)
		return -1;
	return steal_fd(&fd);
}

static char *read_file(int fd, const char *path, size_t *size, struct ironbox_error *error)
{
	char *text = file_read(fd, CONFIG_SIZE_MAX, size);

	if (!text && errno == EFBIG)
		error_begin(error, 0, "%s: larger than 256 KiB", path);
	else if (!text)
		error_begin(error, errno, "read %s", path);
	return text;
}

/* The names of stages become names of files and sections. */
static bool is_stage_name(const char *name, size_t size)
{
	if (!islower((unsigned char)name[0]) || size > STAGE_NAME_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    name[i] != '-' && name[i] != '_')
			return false;
	return true;
}

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* Splits the list into an array in one block with its texts. entry: NULL for the default. */
static int split_stages(struct config *config, const struct config_entry *entry,
                        struct ironbox_error *error)
{
	const char *list = entry ? entry->value : default_stages;
	size_t array = (STAGES_MAX + 1) * sizeof(char *), count = 0;
	char *block = calloc(1, array + strlen(list) + 1);
	const char **stages = (const char **)(void *)block;
	char *at = block + array, *name;

	if (!block)
		return error_begin(error, errno, "[pipeline] stages");
	config->stages = stages;
	memcpy(at, list, strlen(list) + 1);
	while ((name = strsep(&at, BLANKS))) {
		if (!*name)
			continue;
		if (!is_stage_name(name, strlen(name)) || is_among(own_sections, name))
			return ini_fail(config, entry, error, "\"%s\" can't be a stage's name",
			                name);
		if (is_among(stages, name))
			return ini_fail(config, entry, error, "%s stands there twice", name);
		if (count == STAGES_MAX)
			return ini_fail(config, entry, error, "more than %d stages", STAGES_MAX);
		stages[count++] = name;
	}
	return count ? 0 : ini_fail(config, entry, error, "no stage at all");
}

struct engine_settings {
	const char *plugin_path, *state_root, *on_disabled, *stages;
};

static int check_absolute(const struct config *config, const char *key, struct ironbox_error *error)
{
	const struct config_entry *entry = config_find(config, "ironbox", key);

	if (entry && entry->value[0] != '/')
		return ini_fail(config, entry, error, "expected an absolute path");
	return 0;
}

static int read_ironbox(struct config *config, struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct engine_settings, plugin_path, "plugin_path"),
		IRONBOX_FIELD(struct engine_settings, state_root, "state_root"),
		IRONBOX_FIELD(struct engine_settings, on_disabled, "on_disabled"),
		IRONBOX_FIELD_END,
	};
	struct engine_settings settings = {
		.plugin_path = IRONBOX_PLUGIN_PATH,
		.on_disabled = "refuse",
	};

	if (config_read(config, "ironbox", fields, NULL, &settings, error) < 0 ||
	    check_absolute(config, "plugin_path", error) < 0 ||
	    check_absolute(config, "state_root", error) < 0)
		return -1;
	config->plugin_path = settings.plugin_path;
	config->state_root = settings.state_root;
	config->on_disabled = ON_DISABLED_REFUSE;
	if (strcmp(settings.on_disabled, "warn") == 0)
		config->on_disabled = ON_DISABLED_WARN;
	else if (strcmp(settings.on_disabled, "refuse") != 0)
		return ini_fail(config, config_find(config, "ironbox", "on_disabled"), error,
		                "expected refuse or warn");
	return 0;
}

static int read_pipeline(struct config *config, struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct engine_settings, stages, "stages"),
		IRONBOX_FIELD_END,
	};
	struct engine_settings settings = { 0 };

	if (config_read(config, "pipeline", fields, NULL, &settings, error) < 0)
		return -1;
	return split_stages(config, config_find(config, "pipeline", "stages"), error);
}

/* The engine's own keys of a stage's section. The pipeline checks module when it opens it, and the
 * stage the rest. */
static int check_stage_entry(const struct config *config, const struct config_entry *entry,
                             struct ironbox_error *error)
{
	const char *value = entry->value;

	if (strcmp(entry->key, "enabled") == 0 && strcmp(value, "yes") != 0 &&
	    strcmp(value, "no") != 0)
		return ini_fail(config, entry, error, "expected yes or no");
	if (strcmp(entry->key, "wake") == 0 && strcmp(value, "asked") != 0 &&
	    strcmp(value, "always") != 0)
		return ini_fail(config, entry, error, "expected asked or always");
	return 0;
}

/* A misspelt section would be a setting that nobody reads. */
static int check_sections(const struct config *config, struct ironbox_error *error)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct config_entry *entry = &config->entries[i];

		if (is_among(own_sections, entry->section))
			continue;
		if (!is_among(config->stages, entry->section))
			return ini_fail(config, entry, error,
			                "no such section, nor a stage of [pipeline] stages");
		if (check_stage_entry(config, entry, error) < 0)
			return -1;
	}
	return 0;
}

int config_load(struct config *config, const char *path, struct ironbox_error *error)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	bool absent;
	cleanup_close int fd = open_file(path ? path : IRONBOX_CONFIG_PATH, &absent, error);

	if (fd < 0 && !(absent && !path))
		return -1;
	if (fd < 0)
		return config_parse(config, NULL, NULL, 0, error);
	text = read_file(fd, path ? path : IRONBOX_CONFIG_PATH, &size, error);
	return text ? config_parse(config, path ? path : IRONBOX_CONFIG_PATH, text, size, error)
	            : -1;
}

int config_parse(struct config *config, const char *path, const char *text, size_t size,
                 struct ironbox_error *error)
{
	cleanup_config struct config loaded = CONFIG_NONE;

	if (path) {
		loaded.path = strdup(path);
		if (!loaded.path)
			return error_begin(error, errno, "read ironbox.ini");
		if (ini_read(&loaded, text, size, error) < 0)
			return -1;
	}
	if (read_ironbox(&loaded, error) < 0 || read_pipeline(&loaded, error) < 0 ||
	    check_sections(&loaded, error) < 0)
		return -1;
	*config = loaded;
	loaded = CONFIG_NONE;
	return 0;
}

void config_free(struct config *config)
{
	int saved = errno;

	free(config->path);
	free(config->text);
	free(config->entries);
	free((void *)(uintptr_t)config->stages);
	*config = CONFIG_NONE;
	errno = saved;
}
