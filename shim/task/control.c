/* Pause, Resume, Update, Checkpoint: what is done to a container that runs. */
#include "task/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "messages/runc.pb-c.h"
#include "support/log.h"
#include "task/answer.h"
#include "task/events.h"
#include "task/methods.h"

static const char *status_words(const struct task *task)
{
	if (task->init.dead || task->init.status == PROCESS_STOPPED)
		return "stopped";
	if (task->paused || task->pausing)
		return "paused";
	return task->init.status == PROCESS_CREATED ? "created" : "running";
}

static bool is_running(const struct task *task)
{
	return task->init.status == PROCESS_RUNNING && !task->init.dead && !task->paused &&
	       !task->pausing;
}

/* ---- resume ---- */

int resume_in_worker(const struct job *job, struct worker_reply *reply, struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0)
		return -1;
	return container_resume(&runtime.runtime, job->task->id, error);
}

static void resumed(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	(void)reply;
	if (error) {
		answer_error(job->call, error);
		return;
	}
	if (!job->task->init.dead) { /* else its exit is told, or about to be: the last word */
		job->task->paused = false;
		event_resumed(job->task);
	}
	answer_empty(job->call);
}

void method_resume(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__ResumeRequest *request = given;
	struct task *task = answer_task(context, call, request->id);

	if (!task)
		return;
	if (!task->paused || task->init.dead)
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot resume a %s process", status_words(task));
	else
		job_start(&(struct job){ .task = task,
		                         .call = call,
		                         .run = resume_in_worker,
		                         .done = resumed },
		          "resume");
}

/* ---- undone: it is not to stay frozen by a verb that never ended ---- */

static void run_on(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	(void)reply;
	if (error)
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(error));
	job->task->pausing = false;
}

static void undo_freezing(struct task *task)
{
	job_start(&(struct job){ .task = task, .run = resume_in_worker, .done = run_on },
	          "undo the freezing of");
}

/* ---- pause ---- */

static int pause_in_worker(const struct job *job, struct worker_reply *reply,
                           struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0)
		return -1;
	return container_pause(&runtime.runtime, job->task->id, error);
}

static void paused(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct task *task = job->task;

	(void)reply;
	if (error) {
		answer_error(job->call, error);
		if (job->cut_off)
			undo_freezing(task);
		else
			task->pausing = false;
		return;
	}
	task->pausing = false;
	if (!task->init.dead) {
		task->paused = true;
		event_paused(task);
	}
	answer_empty(job->call);
}

void method_pause(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__PauseRequest *request = given;
	struct task *task = answer_task(context, call, request->id);

	if (!task)
		return;
	if (!is_running(task)) {
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot pause a %s process", status_words(task));
		return;
	}
	task->pausing = true;
	job_start(
		&(struct job){ .task = task, .call = call, .run = pause_in_worker, .done = paused },
		"pause");
}

/* ---- update ---- */

static int update_in_worker(const struct job *job, struct worker_reply *reply,
                            struct ironbox_error *error)
{
	const Containerd__Task__V2__UpdateTaskRequest *request = job->request;
	const ProtobufCBinaryData *given = &request->resources->value;
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;
	cleanup_spec struct spec resources = SPEC_NONE;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0 ||
	    spec_parse(&resources, SPEC_RESOURCES, "resources", (const char *)given->data,
	               given->len, error) < 0)
		return error_context(error, "update %s", job->task->id);
	return container_update(&runtime.runtime, job->task->id, &resources, error);
}

static void updated(struct job *job, struct worker_reply *reply, const struct ironbox_error *error)
{
	(void)reply;
	if (error)
		answer_error(job->call, error);
	else
		answer_empty(job->call);
}

void method_update(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__UpdateTaskRequest *request = given;
	struct task *task = answer_task(context, call, request->id);

	if (!task)
		return;
	if (!request->resources || request->resources->value.len == 0)
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "update %s: no resources are given",
		           task->id);
	else if (!is_alive(&task->init))
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot update a %s container", status_words(task));
	else
		job_start(&(struct job){ .task = task,
		                         .call = call,
		                         .request = request,
		                         .run = update_in_worker,
		                         .done = updated },
		          "update");
}

/* ---- checkpoint ---- */

static const char *given_text(const char *text)
{
	return text[0] ? text : NULL;
}

/* containerd's words for what criu is told. */
static int checkpoint_by(const struct job *job, const struct job_runtime *runtime,
                         const Containerd__Runc__V1__CheckpointOptions *given, const char *path,
                         struct ironbox_error *error)
{
	const char **empty = calloc(given->n_empty_namespaces + 1, sizeof(*empty));
	struct checkpoint_options options = {
		.image_path = path,
		.work_path = given_text(given->work_path),
		.parent_path = given_text(given->parent_path),
		.manage_cgroups_mode = given_text(given->cgroups_mode),
		.empty_ns = empty,
		.leave_running = !given->exit,
		.tcp_established = given->open_tcp,
		.ext_unix_sk = given->external_unix_sockets,
		.shell_job = given->terminal,
		.file_locks = given->file_locks,
	};

	if (!empty)
		return error_begin(error, ENOMEM, "checkpoint %s", job->task->id);
	for (size_t i = 0; i < given->n_empty_namespaces; i++)
		empty[i] = given->empty_namespaces[i];
	return container_checkpoint(&runtime->runtime, job->task->id, &options, error);
}

static int checkpoint_in_worker(const struct job *job, struct worker_reply *reply,
                                struct ironbox_error *error)
{
	const Containerd__Task__V2__CheckpointTaskRequest *request = job->request;
	Containerd__Runc__V1__CheckpointOptions
		none = CONTAINERD__RUNC__V1__CHECKPOINT_OPTIONS__INIT,
		*given = NULL;
	const Google__Protobuf__Any *options = request->options;
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;

	if (options && strstr(options->type_url, "CheckpointOptions")) {
		given = containerd__runc__v1__checkpoint_options__unpack(NULL, options->value.len,
		                                                         options->value.data);
		if (!given)
			return error_begin(error, 0, "checkpoint %s: its options can't be read",
			                   job->task->id);
	}
	if (job_runtime_open(&runtime, job->task, reply, error) < 0)
		return -1;
	return checkpoint_by(job, &runtime, given ? given : &none, request->path, error);
}

static void checkpointed(struct job *job, struct worker_reply *reply,
                         const struct ironbox_error *error)
{
	const Containerd__Task__V2__CheckpointTaskRequest *request = job->request;

	(void)reply;
	if (!error) {
		event_checkpointed(job->task, request->path);
		answer_empty(job->call);
		return;
	}
	if (job->cut_off && !job->task->paused) /* else it was frozen before, and stays so */
		undo_freezing(job->task);
	answer_checkpoint_error(job->call, error);
}

void method_checkpoint(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__CheckpointTaskRequest *request = given;
	struct task *task = answer_task(context, call, request->id);

	if (!task)
		return;
	if (!is_running(task) && !task->paused)
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot checkpoint a %s process",
		           status_words(task));
	else if (!request->path[0])
		ttrpc_fail(call, TTRPC_INVALID_ARGUMENT, "checkpoint %s: no path is given",
		           task->id);
	else
		job_start(&(struct job){ .task = task,
		                         .call = call,
		                         .request = request,
		                         .run = checkpoint_in_worker,
		                         .done = checkpointed },
		          "checkpoint");
}
