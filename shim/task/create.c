/* Create: the container, up to its parked init. */
#include "task/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/log.h"
#include "support/progress.h"
#include "task/answer.h"
#include "task/delete.h"
#include "task/events.h"
#include "task/identifier.h"
#include "task/methods.h"
#include "task/oom.h"
#include "task/shutdown.h"

#define STATUS_SIZE_MAX 65536

/* ---- in the worker ---- */

/* Opened once, here, for a path can hang. What is in it decides about isolation: root's alone. */
static int open_bundle(struct made *made, const struct task *task, char *progress,
                       struct ironbox_error *error)
{
	struct stat status;

	progress_write(progress, "open the bundle", NULL);
	made->bundle_fd = open(task->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (made->bundle_fd < 0 || fstat(made->bundle_fd, &status) < 0)
		return error_begin(error, errno, "open the bundle %s", task->bundle);
	if (status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH))
		return error_begin(error, 0, "the bundle %s may be written by others than us",
		                   task->bundle);
	return bundle_record_write(made->bundle_fd, &task->record, error);
}

/* containerd's mounts are the library's but for the types. The array is the caller's to free, and
 * so are the lists in it, which end with the worker. */
static struct ironbox_root_mount *
take_mounts(const Containerd__Task__V2__CreateTaskRequest *request)
{
	struct ironbox_root_mount *mounts = calloc(request->n_rootfs + 1, sizeof(*mounts));

	for (size_t i = 0; mounts && i < request->n_rootfs; i++) {
		const Containerd__Types__Mount *given = request->rootfs[i];
		const char **options = calloc(given->n_options + 1, sizeof(*options));

		if (!options)
			return NULL;
		memcpy(options, given->options, given->n_options * sizeof(*options));
		mounts[i] = (struct ironbox_root_mount){
			.type = given->type,
			.source = given->source,
			.target = given->target,
			.options = options,
		};
	}
	return mounts;
}

/* NSpid of proc_pid_status(5) ends with its number in its own pid namespace: 1 is the one whose
 * end is the end of all of them. */
static int is_first_of_its_pid_namespace(pid_t pid, bool *first, struct ironbox_error *error)
{
	char path[32], *at, *end;
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	text = fd < 0 ? NULL : file_read(fd, STATUS_SIZE_MAX, &size);
	at = text ? strstr(text, "\nNSpid:") : NULL;
	if (!at)
		return error_begin(error, errno, "read %s", path);
	at += strlen("\nNSpid:");
	for (long number; number = strtol(at, &end, 10), end != at; at = end)
		*first = number == 1;
	return 0;
}

static int restore(const struct job *job, const struct job_runtime *runtime,
                   const struct create_request *create, struct ironbox_error *error)
{
	const Containerd__Task__V2__CreateTaskRequest *request = job->request;
	const char *parent_path = request->parent_checkpoint, *work_path;
	cleanup_free char *in_bundle = NULL;
	int exit_code;

	if (asprintf(&in_bundle, "%s/work", job->task->bundle) < 0)
		return error_begin(error, ENOMEM, "restore %s", job->task->id);
	work_path = job->task->options.criu_work_path;
	return container_restore(
		&runtime->runtime,
		&(struct restore_request){
			.create = *create,
			.options = { .image_path = request->checkpoint,
	                             .work_path = work_path ? work_path : in_bundle,
	                             .parent_path = parent_path[0] ? parent_path : NULL },
			.detach = true,
			.no_subreaper = true,
		},
		&exit_code, error);
}

static int make(struct made *made, const struct job *job, const struct job_runtime *runtime,
                const struct worker_reply *reply, struct ironbox_error *error)
{
	const Containerd__Task__V2__CreateTaskRequest *request = job->request;
	const struct task *task = job->task;
	struct ironbox_root_mount *mounts = take_mounts(request);
	struct create_request create = {
		.id = task->id,
		.bundle = task->bundle,
		.no_pivot = task->options.no_pivot,
		.no_new_keyring = task->options.no_new_keyring,
		.ties = made_ties(made, reply),
		.rootfs_mounts = mounts,
		.rootfs_mount_count = request->n_rootfs,
	};

	if (!mounts)
		return error_begin(error, ENOMEM, "create %s", task->id);
	if (request->checkpoint[0])
		return restore(job, runtime, &create, error);
	return container_create(&runtime->runtime, &create, error);
}

/* What is to be known of it, and kept, before anyone hears of it. */
static int settle(struct made *made, const struct job *job, const struct job_runtime *runtime,
                  pid_t pid, struct ironbox_error *error)
{
	const struct task *task = job->task;
	struct bundle_record record = task->record;

	record.pid = pid;
	if (is_first_of_its_pid_namespace(pid, &made->own_pid_namespace, error) < 0 ||
	    memory_open(&runtime->runtime, task->id, pid, &made->memory, error) < 0 ||
	    bundle_record_write(made->bundle_fd, &record, error) < 0)
		return error_context(error, "create %s", task->id);
	return 0;
}

static void delete_again(const struct job *job, const struct job_runtime *runtime)
{
	ERROR_NONE(error);

	if (container_delete(&runtime->runtime, job->task->id, true, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(&error));
}

int create_in_worker(const struct job *job, struct worker_reply *reply, struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;
	struct made made = MADE_NONE;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0 ||
	    open_bundle(&made, job->task, reply->progress, error) < 0 ||
	    made_open_streams(&made, &job->task->init, &runtime, error) < 0)
		return error_context(error, "create %s", job->task->id);
	if (make(&made, job, &runtime, reply, error) < 0) {
		made_undo(&made);
		return -1;
	}
	if (settle(&made, job, &runtime, *reply->made, error) < 0 ||
	    made_hand_back(&made, reply, error) < 0) {
		delete_again(job, &runtime);
		made_undo(&made);
		return -1;
	}
	return 0;
}

/* ---- undone ---- */

static void undone(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct shim *shim = job->task->shim;

	(void)reply;
	if (error) /* what is left, the action delete removes */
		log_write(IRONBOX_LOG_ERROR, "%s", error_text(error));
	task_remove(job->task);
	shutdown_go_on(shim);
}

void create_undo(struct task *task)
{
	task->phase = TASK_UNDOING;
	task_fail_calls(task); /* of one that comes from a checkpoint, and was known before Start */
	job_start(&(struct job){ .task = task, .run = delete_in_worker, .done = undone },
	          "undo the creation of");
}

/* ---- in the loop ---- */

int create_take(struct task *task, struct worker_reply *reply, struct ironbox_error *error)
{
	struct made made = MADE_NONE;
	int result;

	if (made_take(&made, reply, error) < 0)
		return error_context(error, "create %s", task->id);
	task->bundle_fd = steal_fd(&made.bundle_fd);
	task->record.pid = made.pid;
	task->own_pid_namespace = made.own_pid_namespace;
	result = made_begin(&made, &task->init, error);
	if (result == 0)
		result = oom_watch(task, &made.memory, error);
	made_close(&made);
	return result < 0 ? error_context(error, "create %s", task->id) : 0;
}

static void created(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	Containerd__Task__V2__CreateTaskResponse response =
		CONTAINERD__TASK__V2__CREATE_TASK_RESPONSE__INIT;
	struct task *task = job->task;
	ERROR_NONE(failure);

	if (!error && create_take(task, reply, &failure) == 0) {
		task->phase = TASK_MADE;
		event_create(task, job->request);
		response.pid = (uint32_t)task->init.pid;
		ttrpc_reply(job->call, &response.base);
		return;
	}
	answer_error(job->call, error ? error : &failure);
	if (error && !job->cut_off)
		task_remove(task); /* it has undone all itself */
	else
		create_undo(task);
}

/* Of one that comes from a checkpoint there is nothing before Start, as clients expect it. */
static void create_later(struct task *task, struct ttrpc_call *call,
                         const Containerd__Task__V2__CreateTaskRequest *request)
{
	Containerd__Task__V2__CreateTaskResponse response =
		CONTAINERD__TASK__V2__CREATE_TASK_RESPONSE__INIT;
	size_t size = containerd__task__v2__create_task_request__get_packed_size(request);
	cleanup_free uint8_t *packed = malloc(size + 1);

	if (packed) {
		containerd__task__v2__create_task_request__pack(request, packed);
		task->create =
			containerd__task__v2__create_task_request__unpack(NULL, size, packed);
	}
	if (!task->create) {
		task_remove(task);
		answer_no_memory(call);
		return;
	}
	task->phase = TASK_MADE;
	event_create(task, request);
	ttrpc_reply(call, &response.base);
}

static int fill(struct task *task, const Containerd__Task__V2__CreateTaskRequest *request,
                struct ironbox_error *error)
{
	const Google__Protobuf__Any *options = request->options;
	struct bundle_record *record = &task->record;

	if (options && task_options_read(&task->options, options->type_url, options->value.data,
	                                 options->value.len, error) < 0)
		return -1;
	record->state_root = bundle_state_root(task->options.root, task->shim->namespace);
	if (task->options.config_path)
		record->config_path = strdup(task->options.config_path);
	if (!record->state_root || (task->options.config_path && !record->config_path) ||
	    process_set_streams(&task->init, request->stdin, request->stdout, request->stderr,
	                        request->terminal) < 0)
		return error_begin(error, ENOMEM, "keep what is asked for");
	return 0;
}

void method_create(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__CreateTaskRequest *request = given;
	struct shim *shim = context;
	struct task *task;
	ERROR_NONE(error);

	if (!identifier_is_valid(request->id)) { /* it is in paths, in the log, in events */
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "invalid container id \"%s\"",
		           request->id);
		return;
	}
	if (task_find(shim, request->id)) {
		ttrpc_fail(call, TTRPC_ALREADY_EXISTS, "container %s already exists", request->id);
		return;
	}
	if (shim->ending) {
		ttrpc_fail(call, TTRPC_UNAVAILABLE, "the shim is shutting down");
		return;
	}
	task = task_new(shim, request->id, request->bundle);
	if (!task) {
		answer_no_memory(call);
		return;
	}
	shim->asked_to_end = false;
	if (fill(task, request, &error) < 0) {
		error_context(&error, "create %s", request->id);
		ttrpc_fail(call,
		           error.code == ENOMEM ? TTRPC_RESOURCE_EXHAUSTED : TTRPC_INVALID_ARGUMENT,
		           "ironbox: %s", error_text(&error));
		task_remove(task);
	} else if (request->checkpoint[0]) {
		create_later(task, call, request);
	} else {
		job_start(&(struct job){ .task = task,
		                         .call = call,
		                         .request = request,
		                         .run = create_in_worker,
		                         .done = created },
		          "create");
	}
}
