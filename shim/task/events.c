#include "task/events.h"

#include "messages/events.pb-c.h"
#include "task/answer.h"

static void send(const struct task *task, const char *topic, const ProtobufCMessage *message)
{
	publisher_send(task->shim->publisher, topic, message);
}

void event_create(const struct task *task, const Containerd__Task__V2__CreateTaskRequest *request)
{
	Containerd__Events__TaskCreate event = CONTAINERD__EVENTS__TASK_CREATE__INIT;
	Containerd__Events__TaskIO io = CONTAINERD__EVENTS__TASK_IO__INIT;

	io.stdin = request->stdin;
	io.stdout = request->stdout;
	io.stderr = request->stderr;
	io.terminal = request->terminal;
	event.container_id = task->id;
	event.bundle = task->bundle;
	event.n_rootfs = request->n_rootfs;
	event.rootfs = request->rootfs;
	event.io = &io;
	event.checkpoint = request->checkpoint;
	event.pid = (uint32_t)task->init.pid;
	send(task, "/tasks/create", &event.base);
}

void event_start(const struct process *process)
{
	if (is_init(process)) {
		Containerd__Events__TaskStart event = CONTAINERD__EVENTS__TASK_START__INIT;

		event.container_id = process->id;
		event.pid = (uint32_t)process->pid;
		send(process->task, "/tasks/start", &event.base);
	} else {
		Containerd__Events__TaskExecStarted event =
			CONTAINERD__EVENTS__TASK_EXEC_STARTED__INIT;

		event.container_id = process->task->id;
		event.exec_id = process->id;
		event.pid = (uint32_t)process->pid;
		send(process->task, "/tasks/exec-started", &event.base);
	}
}

void event_exit(const struct process *process)
{
	Containerd__Events__TaskExit event = CONTAINERD__EVENTS__TASK_EXIT__INIT;
	Google__Protobuf__Timestamp exited_at;

	answer_time(&exited_at, &process->exited_at);
	event.container_id = process->task->id;
	event.id = process->id;
	event.pid = (uint32_t)process->pid;
	event.exit_status = process->exit_status;
	event.exited_at = &exited_at;
	send(process->task, "/tasks/exit", &event.base);
}

void event_delete(const struct task *task)
{
	Containerd__Events__TaskDelete event = CONTAINERD__EVENTS__TASK_DELETE__INIT;
	Google__Protobuf__Timestamp exited_at;

	answer_time(&exited_at, &task->init.exited_at);
	event.container_id = task->id;
	event.pid = (uint32_t)task->init.pid;
	event.exit_status = task->init.exit_status;
	event.exited_at = &exited_at;
	send(task, "/tasks/delete", &event.base);
}

void event_oom(const struct task *task)
{
	Containerd__Events__TaskOOM event = CONTAINERD__EVENTS__TASK_OOM__INIT;

	event.container_id = task->id;
	send(task, "/tasks/oom", &event.base);
}

void event_exec_added(const struct process *process)
{
	Containerd__Events__TaskExecAdded event = CONTAINERD__EVENTS__TASK_EXEC_ADDED__INIT;

	event.container_id = process->task->id;
	event.exec_id = process->id;
	send(process->task, "/tasks/exec-added", &event.base);
}

void event_paused(const struct task *task)
{
	Containerd__Events__TaskPaused event = CONTAINERD__EVENTS__TASK_PAUSED__INIT;

	event.container_id = task->id;
	send(task, "/tasks/paused", &event.base);
}

void event_resumed(const struct task *task)
{
	Containerd__Events__TaskResumed event = CONTAINERD__EVENTS__TASK_RESUMED__INIT;

	event.container_id = task->id;
	send(task, "/tasks/resumed", &event.base);
}

void event_checkpointed(const struct task *task, const char *path)
{
	Containerd__Events__TaskCheckpointed event = CONTAINERD__EVENTS__TASK_CHECKPOINTED__INIT;

	event.container_id = task->id;
	event.checkpoint = (char *)(uintptr_t)path; /* it is only read */
	send(task, "/tasks/checkpointed", &event.base);
}
