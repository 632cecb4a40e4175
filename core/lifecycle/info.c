/* What a container is, for who asks: state and list. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/id.h"
#include "support/log.h"

/* By name where the host has one for it; the uid else. */
static char *owner_name(uid_t uid)
{
	struct passwd entry, *found = NULL;
	char buffer[4096], *name;

	if (uid == 0) /* as nearly always: no file is read for it */
		return strdup("root");
	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
		return strdup(found->pw_name);
	return asprintf(&name, "#%u", uid) < 0 ? NULL : name;
}

static char *take(char **text)
{
	char *taken = *text;

	*text = NULL;
	return taken;
}

static int tell(struct container *container, struct container_info *info,
                struct ironbox_error *error)
{
	const struct ironbox_value *annotations;

	*info = (struct container_info){ .status = container_status(container, error) };
	if (state_read_spec(container, error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s: %s", container->id, error_text(error));
	annotations = spec_at(&container->spec, "annotations");
	if (annotations) /* a value of the spec is a json_t: one more holder */
		info->annotations =
			(struct ironbox_value *)json_incref((json_t *)(uintptr_t)annotations);
	info->id = strdup(container->id);
	info->oci_version = take(&container->state.oci_version);
	info->bundle = take(&container->state.bundle);
	info->rootfs = take(&container->state.rootfs);
	info->created = take(&container->state.created);
	info->owner = owner_name(container->state.owner);
	info->pid = info->status == STATUS_STOPPED ? 0 : container->state.pid;
	return info->id && info->owner ? 0 : error_begin(error, ENOMEM, "tell its state");
}

void container_info_free(struct container_info *info)
{
	free(info->id);
	free(info->oci_version);
	free(info->bundle);
	free(info->rootfs);
	free(info->created);
	free(info->owner);
	json_decref((json_t *)info->annotations);
	*info = (struct container_info){ 0 };
}

int container_state(const struct runtime *runtime, const char *id, struct container_info *info,
                    struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;

	if (container_open(&container, runtime, id, false, error) < 0 ||
	    tell(&container, info, error) < 0)
		return error_context(error, "state %s", id);
	return 0;
}

static int is_container(const struct dirent *entry)
{
	ERROR_NONE(error);

	/* "seccomp" is the cache that stages keep here; a container of that name has state.json,
	 * and is then opened by it */
	return id_check(entry->d_name, &error) == 0;
}

static void visit_one(const struct runtime *runtime, const char *id,
                      void (*visit)(void *context, const struct container_info *info),
                      void *context)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct container_info info = { 0 };
	ERROR_NONE(error);

	if (container_open(&container, runtime, id, false, &error) < 0 ||
	    tell(&container, &info, &error) < 0) {
		if (error.code != ENOENT) /* being made, or being deleted */
			log_write(IRONBOX_LOG_WARNING, "list: %s: %s", id, error_text(&error));
		return;
	}
	visit(context, &info);
	container_info_free(&info);
}

int container_list(const struct runtime *runtime,
                   void (*visit)(void *context, const struct container_info *info), void *context,
                   struct ironbox_error *error)
{
	struct dirent **entries = NULL;
	int i, count = scandir(runtime->state_root, &entries, is_container, alphasort);

	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return error_begin(error, errno, "list: read %s", runtime->state_root);
	for (i = 0; i < count; i++) {
		visit_one(runtime, entries[i]->d_name, visit, context);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
