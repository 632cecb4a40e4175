/* From a bundle to a parked init. Read it beside init.c: the two talk over the channel. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/explain.h"
#include "lifecycle/hooks.h"
#include "lifecycle/outside.h"
#include "support/file.h"
#include "support/process_id.h"
#include "support/progress.h"

static int find_bundle(struct container *container, const char *bundle, struct ironbox_error *error)
{
	container->bundle = realpath(bundle, NULL);
	return container->bundle ? 0 : error_begin(error, errno, "find the bundle %s", bundle);
}

/* Reads config.json and keeps the bytes read: exec goes by what the container was made of. */
static int read_config(struct container *container, struct ironbox_error *error)
{
	cleanup_close int bundle_fd = open(container->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int copy_fd = -1;

	progress_write(container->pipeline.progress, "read", container->bundle);
	if (bundle_fd < 0)
		return error_begin(error, errno, "open the bundle %s", container->bundle);
	if (spec_load(&container->spec, SPEC_CONFIG, bundle_fd, CONFIG_FILE, error) < 0 ||
	    process_read(&container->process, &container->spec, error) < 0 ||
	    hooks_check(&container->spec, error) < 0)
		return -1;
	copy_fd = openat(container->directory_fd, CONFIG_FILE,
	                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (copy_fd < 0 || file_write_all(copy_fd, container->spec.text, container->spec.size) < 0)
		return error_begin(error, errno, "keep a copy of %s", CONFIG_FILE);
	return 0;
}

static int find_rootfs(struct container *container, struct ironbox_error *error)
{
	const char *path = spec_text(&container->spec, "root.path");
	char joined[PATH_MAX];

	if (!path)
		return error_begin(error, 0, "%s: root.path: missing", CONFIG_FILE);
	if (path[0] != '/') {
		if (snprintf(joined, sizeof(joined), "%s/%s", container->bundle, path) >=
		    (int)sizeof(joined))
			return error_begin(error, ENAMETOOLONG, "find root.path %s", path);
		path = joined;
	}
	progress_write(container->pipeline.progress, "find root.path", path);
	container->rootfs = realpath(path, NULL);
	if (!container->rootfs)
		return error_begin(error, errno, "find root.path %s", path);
	container->pipeline.root_fd = open(container->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (container->pipeline.root_fd < 0)
		return error_begin(error, errno, "open root.path %s", container->rootfs);
	return 0;
}

static int load_stages(struct container *container, const struct create_request *request,
                       uint32_t flags, struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;
	struct pipeline_subject subject = {
		.container_id = container->id,
		.bundle = container->bundle,
		.root_path = container->rootfs,
		.flags = (request->no_pivot ? IRONBOX_NO_PIVOT : 0) |
		         (container->runtime->rootless ? IRONBOX_ROOTLESS : 0) |
		         (container->runtime->no_cgroup ? IRONBOX_NO_CGROUP : 0),
	};

	container->state.stage_flags = subject.flags;
	subject.flags |= flags; /* of this verb alone */
	container->listen_fds = request->listen_fds;
	pipeline->config = container->runtime->config;
	pipeline->variant = container->runtime->variant;
	pipeline->spec = &container->spec;
	pipeline->record = &container->record;
	pipeline->state_root = container->runtime->state_root;
	pipeline->root_mounts = request->rootfs_mounts;
	pipeline->root_mount_count = request->rootfs_mount_count;
	return pipeline_load(pipeline, &subject, error);
}

/* Without them root.path is an empty directory: nothing that anyone could want to run. */
static int check_root_mounts(const struct pipeline *pipeline, struct ironbox_error *error)
{
	if (pipeline->root_mount_count == 0 || pipeline->root_mounts_taken)
		return 0;
	return error_begin(error, 0,
	                   "its root is to be made of %zu mounts, and no stage of ironbox.ini "
	                   "makes them",
	                   pipeline->root_mount_count);
}

/* Both ends each, so that opening never waits and the creator may be gone when `start` comes. */
static int make_fifos(struct container *container, struct ironbox_error *error)
{
	int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;

	if (mkfifoat(container->directory_fd, START_FIFO, 0600) < 0 ||
	    mkfifoat(container->directory_fd, STARTED_FIFO, 0600) < 0)
		return error_begin(error, errno, "make the start FIFOs");
	container->start_fd = openat(container->directory_fd, START_FIFO, flags);
	container->started_fd = openat(container->directory_fd, STARTED_FIFO, flags);
	if (container->start_fd < 0 || container->started_fd < 0)
		return error_begin(error, errno, "open the start FIFOs");
	return 0;
}

static void init_child(struct container *container, const void *request)
{
	init_main(container, request);
}

/*
 * CVE-2016-9962: what init still holds of the host is not to be looked at from inside. But what is
 * undumpable has a /proc/PID that belongs to the host's root (proc(5)), and neither a runtime
 * without root's rights nor newuidmap(1) could write the id maps there. Then init stays as it is
 * until it is told that they stand. Till then it is the first and only one in a user namespace that
 * nobody else has rights over, but the same user outside, who made it.
 */
static int hide(struct container *container, struct ironbox_error *error)
{
	container->hides_late = container->pipeline.clone.flags & CLONE_NEWUSER &&
	                        container->has_attach && geteuid() != 0;
	if (!container->hides_late && prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_begin(error, errno, "become undumpable");
	return 0;
}

static int make_init(struct container *container, const struct create_request *request,
                     struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;

	container->has_runtime_hooks = hooks_asked(&container->spec, HOOK_PRESTART) ||
	                               hooks_asked(&container->spec, HOOK_CREATE_RUNTIME);
	/* hooks in init are told its pid, which it does not know itself */
	container->has_attach = pipeline_needs_attach(pipeline) ||
	                        hooks_asked(&container->spec, HOOK_CREATE_CONTAINER) ||
	                        hooks_asked(&container->spec, HOOK_START_CONTAINER);
	if (hide(container, error) < 0 || clone_process(container, init_child, request, error) < 0)
		return -1;
	outside_tell_pid(container);
	channel_close(&container->inner_channel);
	replace_fd(&container->start_fd, -1);
	replace_fd(&container->started_fd, -1);
	pipeline_set_init(pipeline, container->pid, container->pidfd);
	return outside_set_oom_score(container, error);
}

static int attach(struct container *container, struct ironbox_error *error)
{
	/* beside init's setup, unless a stage said that init has to wait for it */
	if (pipeline_run(&container->pipeline, PHASE_ATTACH, error) < 0)
		return -1;
	if (!container->has_attach)
		return 0;
	return channel_send_bytes(&container->channel, MESSAGE_ATTACHED, 0, &container->pid,
	                          sizeof(container->pid), -1, error);
}

static int run_runtime_hooks(struct container *container, struct ironbox_error *error)
{
	if (!container->has_runtime_hooks)
		return 0;
	progress_write(container->pipeline.progress, PROGRESS_WAIT "init", NULL);
	if (channel_await(&container->channel, MESSAGE_MOUNTED, NULL, error) < 0)
		return outside_explain_death(container, "init", error);
	if (hooks_run(container, HOOK_PRESTART, STATUS_CREATING, error) < 0 ||
	    hooks_run(container, HOOK_CREATE_RUNTIME, STATUS_CREATING, error) < 0)
		return -1;
	return channel_send(&container->channel, MESSAGE_HOOKS_DONE, error);
}

/* A terminal needs somebody to give it to, and somebody to give to needs a terminal. */
static int check_console(const struct container *container, const struct create_request *request,
                         bool with_fifo, struct ironbox_error *error)
{
	if (container->process.terminal && !request->console_socket && !request->ties.console_fd &&
	    with_fifo)
		return error_begin(error, 0,
		                   "process.terminal is set, but there is no --console-socket");
	if (!container->process.terminal && request->console_socket)
		return error_begin(error, 0,
		                   "--console-socket is given, but process.terminal is not set");
	return 0;
}

int launch_prepare_state(struct container *container, struct ironbox_error *error)
{
	char process[64];

	container->start_time = process_start_time(container->pid, NULL);
	snprintf(process, sizeof(process), "%d %llu", (int)container->pid,
	         (unsigned long long)container->start_time);
	if (record_add(&container->record, RECORD_ENGINE, RECORD_KEY_INIT, process, error) < 0)
		return -1;
	return state_prepare(container, error);
}

/* `run` need not hear READY to say "start". What must be on disk before the program runs is put
 * there first; exec and delete wait for our lock, so that nobody comes in too early. */
static int commit_and_go_early(struct container *container,
                               const struct outside_receivers *receivers,
                               struct ironbox_error *error)
{
	if (!outside_may_go_early(container, receivers))
		return 0;
	if (state_commit(container, error) < 0)
		return -1;
	return outside_go_early(container, receivers, error);
}

static int hand_over_and_commit(struct container *container,
                                const struct outside_receivers *receivers,
                                struct ironbox_error *error)
{
	if (container->told_to_go)
		return 0;
	if (outside_hand_over(container, receivers, error) < 0)
		return -1;
	return state_commit(container, error);
}

int launch_begin(struct container *container, const struct runtime *runtime,
                 const struct create_request *request, const char *verb, uint32_t flags,
                 struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;

	pipeline->verb = verb;
	container->state.no_new_keyring = request->no_new_keyring;
	container->ties = request->ties;
	if (request->ties.console_fd)
		*request->ties.console_fd = -1;
	if (find_bundle(container, request->bundle, error) < 0 ||
	    state_make(container, runtime, request->id, error) < 0 || /* the id is ours from here */
	    read_config(container, error) < 0 || find_rootfs(container, error) < 0 ||
	    load_stages(container, request, flags, error) < 0 || /* those that the spec wakes */
	    pipeline_run(pipeline, PHASE_CONFIGURE, error) < 0 ||
	    pipeline_run(pipeline, PHASE_VALIDATE, error) < 0 ||
	    check_root_mounts(pipeline, error) < 0 || /* up to here nothing was made */
	    record_open(&container->record, container->directory_fd, error) < 0)
		return -1;
	return pipeline_record_modules(pipeline, error);
}

int container_launch(struct container *container, const struct runtime *runtime,
                     const struct create_request *request, bool with_fifo,
                     struct ironbox_error *error)
{
	struct pipeline *pipeline = &container->pipeline;
	const struct outside_receivers receivers = { request->console_socket, request->pidfd_socket,
		                                     request->pid_file };

	pipeline->channel = &container->channel;
	if (launch_begin(container, runtime, request, NULL, 0, error) < 0 ||
	    check_console(container, request, with_fifo, error) < 0 ||
	    channel_pair(&container->channel, &container->inner_channel, error) < 0 ||
	    pipeline_open_proc(pipeline, error) < 0 ||
	    (with_fifo && make_fifos(container, error) < 0) ||
	    pipeline_run(pipeline, PHASE_PREPARE, error) < 0 ||
	    make_init(container, request, error) < 0 || /* one clone3: see init.c */
	    attach(container, error) < 0 ||
	    launch_prepare_state(container, error) < 0 || /* while init mounts */
	    run_runtime_hooks(container, error) < 0 ||
	    (!with_fifo && commit_and_go_early(container, &receivers, error) < 0) ||
	    outside_await_ready(container, "init", error) < 0 || /* or init's own error */
	    pipeline_run(pipeline, PHASE_SETTLE, error) < 0 ||
	    hand_over_and_commit(container, &receivers, error) < 0)
		return -1;
	return with_fifo ? channel_send(&container->channel, MESSAGE_COMMITTED, error) : 0;
}

int container_go(struct container *container, struct ironbox_error *error)
{
	progress_write(container->pipeline.progress, PROGRESS_WAIT "its program", NULL);
	if (!container->told_to_go && channel_send(&container->channel, MESSAGE_START, error) < 0)
		return -1;
	/* execve(2) closes init's end: no message is the good news */
	channel_await(&container->channel, MESSAGE_NONE, NULL, error);
	if (!error_is_told(error))
		return 0;
	channel_await_more(&container->channel, EXPLAIN_MS, error);
	return -1;
}
