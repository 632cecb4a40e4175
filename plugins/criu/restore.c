/* restore.c: images to processes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>

#include "internal.h"

static int add_mount(const struct ironbox_stage *stage, struct request *request,
                     const struct ironbox_external *mount, struct ironbox_error *error)
{
	if (strchr(mount->path, ']') || strchr(mount->name, ']'))
		return stage->host->fail(error, 0, "mount %s: criu takes no ] in a path",
		                         mount->name);
	return request_external(stage, request, error, "mnt[%s]:%s", mount->name, mount->path);
}

static int add_namespace(const struct ironbox_stage *stage, struct request *request,
                         const struct ironbox_external *namespace, struct ironbox_error *error)
{
	if (strcmp(namespace->name, "net") == 0 || strcmp(namespace->name, "pid") == 0)
		return request_inherit(stage, request, namespace->fd, error, "ironbox-%s",
		                       namespace->name);
	if (strcmp(namespace->name, "cgroup") == 0)
		return 0; /* criu itself is in there, and what it makes */
	return request_join(stage, request, namespace->name, namespace->path, error);
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
			request->options.root = request_text(request, "%s", external->path);
			if (!request->options.root)
				return stage->host->fail(error, ENOMEM, "keep a path");
			break;
		case IRONBOX_EXTERNAL_MOUNT:
			result = add_mount(stage, request, external, error);
			break;
		case IRONBOX_EXTERNAL_NAMESPACE:
			result = add_namespace(stage, request, external, error);
			break;
		case IRONBOX_EXTERNAL_CGROUP:
			/* criu is in it, and so is what it makes; where it is to do more, it has
			 * to know that the container's cgroup is another one now */
			if (option(stage, "ironbox.manage_cgroups_mode"))
				result = request_cgroup(stage, request, external->name,
				                        external->path, error);
			break;
		}
	return result;
}

/* criu(8), --action-script. */
static int notified(struct ironbox_stage *stage, const char *script, pid_t pid, int fd,
                    struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;

	if (strcmp(script, "orphan-pts-master") == 0 && fd >= 0)
		return host->give_console(stage, fd, -1, error);
	ironbox_close_at_end(&fd);
	if (strcmp(script, "setup-namespaces") == 0)
		return host->restoring(stage, pid, error);
	/* all stand still before their first own instruction; behind it they run */
	if (strcmp(script, "pre-resume") == 0)
		return host->restored(stage, error);
	return 0;
}

/* What is half restored must not run when criu lets go of it: all of the cgroup, criu with it, at
 * once; or, where that is not v2, init, and with it its pid namespace. */
static void kill_all(const struct ironbox_stage *stage)
{
	const struct ironbox_external *external;
	size_t i;

	for (i = 0; (external = stage->host->external_at(stage, i)); i++) {
		cleanup_close int fd = -1;

		if (external->kind != IRONBOX_EXTERNAL_CGROUP || *external->name)
			continue;
		fd = openat(external->fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "1", 1) != 1)
			stage->host->log(stage, IRONBOX_LOG_WARNING, "write cgroup.kill: %s",
			                 strerrordesc_np(errno));
	}
	if (stage->init_pidfd >= 0)
		pidfd_send_signal(stage->init_pidfd, SIGKILL, NULL, 0);
}

static int move_images(const struct ironbox_stage *stage, struct images *images,
                       struct ironbox_error *error)
{
	const struct ironbox_external *external;
	size_t i;

	for (i = 0; (external = stage->host->external_at(stage, i)); i++)
		if (external->kind == IRONBOX_EXTERNAL_ROOT && external->fd >= 0)
			return images_move(stage, images, external->fd, error);
	return 0;
}

int criu_restore(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const struct listener listener = { notified };
	cleanup_images struct images images = IMAGES_NONE;
	cleanup_request struct request request = { .capacity = 0 };
	cleanup_criu struct criu_process process = CRIU_PROCESS_NONE;

	if (criu_check_rights(stage, error) < 0 || images_open(stage, &images, false, error) < 0 ||
	    move_images(stage, &images, error) < 0 ||
	    request_begin(stage, &request, &images, error) < 0 ||
	    add_externals(stage, &request, error) < 0 ||
	    stdio_give(stage, &request, &images, error) < 0)
		return -1;
	/* The newer engine for mounts (CRIU 3.17) wants the very peer groups that the images tell
	 * of, and can't take the root and a bind of one file system from different places. */
	request.options.has_mntns_compat_mode = request.options.mntns_compat_mode = true;
	/* the runtime's child and not criu's, which ends */
	request.options.has_rst_sibling = request.options.rst_sibling = true;
	if (criu_start(stage, &process, &request, true, error) < 0)
		return -1;
	if (talk_version(stage, &process, error) < 0 ||
	    talk_request(stage, &process, CRIU__REQUEST_TYPE__RESTORE, &request, &images, &listener,
	                 error) < 0) {
		kill_all(stage);
		return -1;
	}
	return 0;
}
