#include "options/options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "messages/runc.pb-c.h"
#include "messages/runtimeoptions.pb-c.h"
#include "options/table.h"

/* ---- containerd.runc.v1.Options ---- */

static int put(char **member, const char *text, struct ironbox_error *error)
{
	if (!*text)
		return 0;
	*member = strdup(text);
	return *member ? 0 : error_begin(error, errno, "copy %zu bytes", strlen(text));
}

/* What is not taken: binary_name, criu_path (which program does the work), and where the task
 * service is to be found. */
static int take_runc(struct task_options *options, const Containerd__Runc__V1__Options *message,
                     struct ironbox_error *error)
{
	options->no_pivot = message->no_pivot_root;
	options->no_new_keyring = message->no_new_keyring;
	options->systemd_cgroup = message->systemd_cgroup;
	options->io_uid = message->io_uid;
	options->io_gid = message->io_gid;
	if (put(&options->root, message->root, error) < 0 ||
	    put(&options->shim_cgroup, message->shim_cgroup, error) < 0 ||
	    put(&options->criu_image_path, message->criu_image_path, error) < 0 ||
	    put(&options->criu_work_path, message->criu_work_path, error) < 0)
		return -1;
	return 0;
}

static int read_runc(struct task_options *options, const uint8_t *value, size_t size,
                     struct ironbox_error *error)
{
	Containerd__Runc__V1__Options *message =
		containerd__runc__v1__options__unpack(NULL, size, value);
	int result;

	if (!message)
		return error_begin(error, 0, "no message of that type");
	result = take_runc(options, message, error);
	containerd__runc__v1__options__free_unpacked(message, NULL);
	return result;
}

/* ---- runtimeoptions.v1.Options ---- */

/* containerd sends the table in its config as config_body where it has no ConfigPath. */
static int read_runtime(struct task_options *options, const uint8_t *value, size_t size,
                        struct ironbox_error *error)
{
	Runtimeoptions__V1__Options *message =
		runtimeoptions__v1__options__unpack(NULL, size, value);
	int result;

	if (!message)
		return error_begin(error, 0, "no message of that type");
	if (*message->config_path)
		result = put(&options->config_path, message->config_path, error);
	else
		result = options_table_read(options, (const char *)message->config_body.data,
		                            message->config_body.len, error);
	runtimeoptions__v1__options__free_unpacked(message, NULL);
	return result;
}

/* ---- either ---- */

static int check_path(const char *path, const char *name, struct ironbox_error *error)
{
	if (!path)
		return 0;
	if (path[0] != '/')
		return error_begin(error, 0, "%s: %.64s is no absolute path", name, path);
	if (strlen(path) >= PATH_MAX)
		return error_begin(error, ENAMETOOLONG, "%s: %.64s…", name, path);
	return 0;
}

static int check(const struct task_options *options, struct ironbox_error *error)
{
	if (check_path(options->config_path, "ConfigPath", error) < 0 ||
	    check_path(options->root, "Root", error) < 0 ||
	    check_path(options->shim_cgroup, "ShimCgroup", error) < 0 ||
	    check_path(options->criu_image_path, "CriuImagePath", error) < 0 ||
	    check_path(options->criu_work_path, "CriuWorkPath", error) < 0)
		return -1;
	return 0;
}

int task_options_read(struct task_options *options, const char *type_url, const uint8_t *value,
                      size_t size, struct ironbox_error *error)
{
	static const struct {
		const char *name;
		int (*read)(struct task_options *options, const uint8_t *value, size_t size,
		            struct ironbox_error *error);
	} types[] = {
		{ "containerd.runc.v1.Options", read_runc },
		{ "runtimeoptions.v1.Options", read_runtime },
	};
	const char *slash = strrchr(type_url, '/'), *name = slash ? slash + 1 : type_url;

	*options = (struct task_options){ .config_path = NULL };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) != 0)
			continue;
		if (types[i].read(options, value, size, error) == 0 && check(options, error) == 0)
			return 0;
		task_options_free(options);
		return error_context(error, "runtime options (%s)", name);
	}
	return 0;
}

void task_options_free(struct task_options *options)
{
	free(options->config_path);
	free(options->root);
	free(options->shim_cgroup);
	free(options->criu_image_path);
	free(options->criu_work_path);
	*options = (struct task_options){ .config_path = NULL };
}
