/* checkpoint.c: processes to images. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

/* criu knows a mount by where it is in the container, and the images know it by its name. */
static int add_mount(const struct ironbox_stage *stage, struct request *request,
                     const struct ironbox_external *mount, struct ironbox_error *error)
{
	if (strchr(mount->path, ']') || strchr(mount->name, ']'))
		return stage->host->fail(error, 0, "mount %s: criu takes no ] in a path",
		                         mount->path);
	return request_external(stage, request, error, "mnt[%s]:%s", mount->path, mount->name);
}

/* Those that criu can leave out. All others it writes into the images, and restore joins instead
 * of making them. */
static int add_namespace(const struct ironbox_stage *stage, struct request *request,
                         const struct ironbox_external *namespace, struct ironbox_error *error)
{
	struct stat status;

	if (strcmp(namespace->name, "net") != 0 && strcmp(namespace->name, "pid") != 0)
		return 0;
	if (fstat(namespace->fd, &status) < 0)
		return stage->host->fail(error, errno, "look at the %s namespace", namespace->name);
	return request_external(stage, request, error, "%s[%llu]:ironbox-%s", namespace->name,
	                        (unsigned long long)status.st_ino, namespace->name);
}

/* The one by which criu stops all processes at once. Paused ones it can only stop so. */
static int add_freezer(const struct ironbox_stage *stage, struct request *request,
                       const struct ironbox_external *cgroup, struct ironbox_error *error)
{
	char link[32], path[PATH_MAX];
	ssize_t length;

	if (*cgroup->name && strcmp(cgroup->name, "freezer") != 0)
		return 0;
	/* a v2 tree beside v1's freezer freezes no process that v1's does */
	if (request->options.freeze_cgroup && !*cgroup->name)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", cgroup->fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return stage->host->fail(error, errno, "find the container's cgroup");
	path[length] = '\0';
	request->options.freeze_cgroup = request_text(request, "%s", path);
	return request->options.freeze_cgroup ? 0 : stage->host->fail(error, ENOMEM, "keep a path");
}

static int add_externals(const struct ironbox_stage *stage, struct request *request,
                         struct ironbox_error *error)
{
	const struct ironbox_external *external;
	size_t i;
	int result = 0;

	for (i = 0; result == 0 && (external = stage->host->external_at(stage, i)); i++)
		switch (external->kind) {
		case IRONBOX_EXTERNAL_ROOT:
			break; /* criu looks from init's side */
		case IRONBOX_EXTERNAL_MOUNT:
			result = add_mount(stage, request, external, error);
			break;
		case IRONBOX_EXTERNAL_NAMESPACE:
			result = add_namespace(stage, request, external, error);
			break;
		case IRONBOX_EXTERNAL_CGROUP:
			result = add_freezer(stage, request, external, error);
			break;
		}
	return result;
}

static int make_request(const struct ironbox_stage *stage, struct request *request,
                        const struct images *images, bool pre_dump, struct ironbox_error *error)
{
	Criu__Options *options = &request->options;

	if (add_externals(stage, request, error) < 0 ||
	    stdio_keep(stage, request, images, error) < 0)
		return -1;
	options->has_pid = true;
	options->pid = stage->init_pid;
	/* what changes after this one is all that the next one has to write */
	if (pre_dump || options->parent_img)
		options->has_track_mem = options->track_mem = true;
	return 0;
}

/* runc's rule, which its callers know: below the images it goes with them to another host. */
static int check_parent(const struct ironbox_stage *stage, const struct images *images,
                        struct ironbox_error *error)
{
	const char *parent = option(stage, "ironbox.parent_path");

	if (!parent)
		return 0;
	if (parent[0] == '/')
		return stage->host->fail(error, 0, "--parent-path %s: not relative to --image-path",
		                         parent);
	if (images_check_parent(stage, images, parent, error) < 0)
		return stage->host->context(error, "--parent-path");
	return 0;
}

int criu_checkpoint(struct ironbox_stage *stage, struct ironbox_error *error)
{
	bool pre_dump = option(stage, "ironbox.pre_dump");
	cleanup_images struct images images = IMAGES_NONE;
	cleanup_request struct request request = { .capacity = 0 };
	cleanup_criu struct criu_process process = CRIU_PROCESS_NONE;

	if (criu_check_rights(stage, error) < 0 || images_open(stage, &images, true, error) < 0 ||
	    check_parent(stage, &images, error) < 0 || images_mark(stage, &images, error) < 0 ||
	    request_begin(stage, &request, &images, error) < 0 ||
	    make_request(stage, &request, &images, pre_dump, error) < 0 ||
	    criu_start(stage, &process, &request, false, error) < 0 ||
	    talk_version(stage, &process, error) < 0 ||
	    talk_request(stage, &process,
	                 pre_dump ? CRIU__REQUEST_TYPE__PRE_DUMP : CRIU__REQUEST_TYPE__DUMP,
	                 &request, &images, NULL, error) < 0)
		return -1;
	criu_end(&process);
	return images_unmark(stage, &images, error);
}
