/* State, Pids, Stats, Connect: what is asked of a container. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "messages/runc.pb-c.h"
#include "metrics/metrics.h"
#include "task/answer.h"
#include "task/job.h"
#include "task/methods.h"

#define DETAILS_TYPE "containerd.runc.v1.ProcessDetails"

/* ---- State ---- */

static Containerd__V1__Types__Status status_of(const struct process *process)
{
	const struct task *task = process->task;

	if (process->status == PROCESS_CREATED)
		return CONTAINERD__V1__TYPES__STATUS__CREATED;
	if (process->status == PROCESS_STOPPED)
		return CONTAINERD__V1__TYPES__STATUS__STOPPED;
	if (is_init(process) && task->pausing)
		return CONTAINERD__V1__TYPES__STATUS__PAUSING;
	if (is_init(process) && task->paused)
		return CONTAINERD__V1__TYPES__STATUS__PAUSED;
	return CONTAINERD__V1__TYPES__STATUS__RUNNING;
}

void method_state(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__StateRequest *request = given;
	struct process *process = answer_process(context, call, request->id, request->exec_id);
	Containerd__Task__V2__StateResponse response = CONTAINERD__TASK__V2__STATE_RESPONSE__INIT;
	Google__Protobuf__Timestamp exited_at;

	if (!process)
		return;
	/* an end that was not told is not known yet */
	answer_time(&exited_at, process->status == PROCESS_STOPPED ? &process->exited_at
	                                                           : &(struct timespec){ 0 });
	response.id = process->id;
	response.bundle = process->task->bundle;
	response.pid = (uint32_t)process->pid;
	response.status = status_of(process);
	response.stdin = process->in;
	response.stdout = process->out;
	response.stderr = process->err;
	response.terminal = process->terminal;
	response.exit_status = process->status == PROCESS_STOPPED ? process->exit_status : 0;
	response.exited_at = &exited_at;
	ttrpc_reply(call, &response.base);
}

/* ---- Connect: also who asks whether we live ---- */

void method_connect(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__ConnectRequest *request = given;
	const struct task *task = task_find(context, request->id);
	Containerd__Task__V2__ConnectResponse response =
		CONTAINERD__TASK__V2__CONNECT_RESPONSE__INIT;

	response.shim_pid = (uint32_t)getpid();
	response.task_pid = task ? (uint32_t)task->init.pid : 0;
	ttrpc_reply(call, &response.base);
}

/* ---- Pids ---- */

static int pids_in_worker(const struct job *job, struct worker_reply *reply,
                          struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;
	pid_t *pids = NULL;
	size_t count = 0;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0 ||
	    container_processes(&runtime.runtime, job->task->id, &pids, &count, error) < 0)
		return -1;
	reply->bytes = pids;
	reply->size = count * sizeof(*pids);
	return 0;
}

/* The exec whose process it is, packed; empty for others, and where there is no memory: that is no
 * more than a hint. */
static ProtobufCBinaryData details_of(const struct task *task, pid_t pid)
{
	Containerd__Runc__V1__ProcessDetails details = CONTAINERD__RUNC__V1__PROCESS_DETAILS__INIT;
	ProtobufCBinaryData packed = { 0 };

	for (const struct process *exec = task->execs; exec; exec = exec->next)
		if (exec->pid == pid && is_alive(exec))
			details.exec_id = exec->id;
	if (!details.exec_id[0])
		return packed;
	packed.len = containerd__runc__v1__process_details__get_packed_size(&details);
	packed.data = malloc(packed.len);
	if (packed.data)
		containerd__runc__v1__process_details__pack(&details, packed.data);
	return packed;
}

struct pid_entry {
	Containerd__V1__Types__ProcessInfo info;
	Google__Protobuf__Any any;
};

static void answer_pids(const struct job *job, const pid_t *pids, size_t count)
{
	Containerd__Task__V2__PidsResponse response = CONTAINERD__TASK__V2__PIDS_RESPONSE__INIT;
	cleanup_free struct pid_entry *entries = calloc(count + 1, sizeof(*entries));
	cleanup_free Containerd__V1__Types__ProcessInfo **list = calloc(count + 1, sizeof(*list));

	if (!entries || !list) {
		answer_no_memory(job->call);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct pid_entry *entry = &entries[i];

		containerd__v1__types__process_info__init(&entry->info);
		google__protobuf__any__init(&entry->any);
		entry->info.pid = (uint32_t)pids[i];
		entry->any.type_url = (char *)(uintptr_t)DETAILS_TYPE; /* it is only read */
		entry->any.value = details_of(job->task, pids[i]);
		if (entry->any.value.data)
			entry->info.info = &entry->any;
		list[i] = &entry->info;
	}
	response.processes = list;
	response.n_processes = count;
	ttrpc_reply(job->call, &response.base);
	for (size_t i = 0; i < count; i++)
		free(entries[i].any.value.data);
}

static void pids_listed(struct job *job, struct worker_reply *reply,
                        const struct ironbox_error *error)
{
	if (error && job->task->init.dead)
		answer_pids(job, NULL, 0);
	else if (error)
		answer_error(job->call, error);
	else
		answer_pids(job, reply->bytes, reply->size / sizeof(pid_t));
}

void method_pids(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__PidsRequest *request = given;
	struct task *task = answer_task(context, call, request->id);
	struct job job = { .task = task, .call = call, .run = pids_in_worker, .done = pids_listed };

	if (!task)
		return;
	if (task->init.status == PROCESS_STOPPED || task->init.pid == 0)
		answer_pids(&job, NULL, 0);
	else
		job_start(&job, "list the processes of");
}

/* ---- Stats ---- */

/* The type's name, a NUL, and the message's bytes. */
static int stats_in_worker(const struct job *job, struct worker_reply *reply,
                           struct ironbox_error *error)
{
	cleanup_job_runtime struct job_runtime runtime = JOB_RUNTIME_NONE;
	cleanup_free char *json = NULL;
	cleanup_free uint8_t *bytes = NULL;
	const char *type_url;
	size_t size, name_size;

	if (job_runtime_open(&runtime, job->task, reply, error) < 0 ||
	    container_stats(&runtime.runtime, job->task->id, &json, error) < 0 ||
	    metrics_pack(json, &type_url, &bytes, &size, error) < 0)
		return -1;
	name_size = strlen(type_url) + 1;
	reply->bytes = malloc(name_size + size);
	if (!reply->bytes)
		return error_begin(error, ENOMEM, "hand back statistics");
	reply->size = name_size + size;
	memcpy(reply->bytes, type_url, name_size);
	memcpy((char *)reply->bytes + name_size, bytes, size);
	return 0;
}

static void refuse_stats(struct ttrpc_call *call, const struct task *task)
{
	ttrpc_fail(call, TTRPC_NOT_FOUND, "container %s has stopped: it has no statistics",
	           task->id);
}

static void stats_taken(struct job *job, struct worker_reply *reply,
                        const struct ironbox_error *error)
{
	Containerd__Task__V2__StatsResponse response = CONTAINERD__TASK__V2__STATS_RESPONSE__INIT;
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;
	size_t name_size;

	if (error && job->task->init.dead) {
		refuse_stats(job->call, job->task);
	} else if (error) {
		answer_error(job->call, error);
	} else {
		any.type_url = reply->bytes;
		name_size = strlen(any.type_url) + 1;
		any.value.data = (uint8_t *)reply->bytes + name_size;
		any.value.len = reply->size - name_size;
		response.stats = &any;
		ttrpc_reply(job->call, &response.base);
	}
}

void method_stats(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__StatsRequest *request = given;
	struct task *task = answer_task(context, call, request->id);

	if (!task)
		return;
	if (!is_alive(&task->init))
		refuse_stats(call, task);
	else
		job_start(&(struct job){ .task = task,
		                         .call = call,
		                         .run = stats_in_worker,
		                         .done = stats_taken },
		          "take statistics of");
}
