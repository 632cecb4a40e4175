#include "task/answer.h"

#include <errno.h>

#define GO_ZERO_TIME (-62135596800) /* year 1, in seconds of 1970 */

static enum ttrpc_code code_of(const struct ironbox_error *error)
{
	switch (error->code) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EAGAIN: /* fork(2) */
		return TTRPC_RESOURCE_EXHAUSTED;
	case ETIMEDOUT:
		return TTRPC_DEADLINE_EXCEEDED;
	default:
		return TTRPC_UNKNOWN;
	}
}

void answer_error(struct ttrpc_call *call, const struct ironbox_error *error)
{
	if (call)
		ttrpc_fail(call, code_of(error), "ironbox: %s", error_text(error));
}

void answer_checkpoint_error(struct ttrpc_call *call, const struct ironbox_error *error)
{
	if (error->code == ENOSYS)
		ttrpc_fail(call, TTRPC_UNIMPLEMENTED, "ironbox: %s", error_text(error));
	else
		answer_error(call, error);
}

void answer_empty(struct ttrpc_call *call)
{
	Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;

	if (call)
		ttrpc_reply(call, &empty.base);
}

void answer_no_memory(struct ttrpc_call *call)
{
	ttrpc_fail(call, TTRPC_RESOURCE_EXHAUSTED, "ironbox: %s: no memory",
	           ttrpc_call_method(call));
}

struct task *answer_task(struct shim *shim, struct ttrpc_call *call, const char *id)
{
	struct task *task = task_find(shim, id);

	/* one that is being made is not there before it is made: its maker knows of it alone */
	if (task && task->phase == TASK_MADE)
		return task;
	ttrpc_fail(call, TTRPC_NOT_FOUND, "container not created: %s", id);
	return NULL;
}

struct process *answer_process(struct shim *shim, struct ttrpc_call *call, const char *id,
                               const char *exec_id)
{
	struct task *task = answer_task(shim, call, id);
	struct process *process;

	if (!task || exec_id[0] == '\0')
		return task ? &task->init : NULL;
	process = exec_find(task, exec_id);
	if (!process)
		ttrpc_fail(call, TTRPC_NOT_FOUND, "process does not exist %s", exec_id);
	return process;
}

void answer_time(Google__Protobuf__Timestamp *time, const struct timespec *at)
{
	google__protobuf__timestamp__init(time);
	time->seconds = at->tv_sec == 0 ? GO_ZERO_TIME : at->tv_sec;
	time->nanos = (int32_t)at->tv_nsec;
}
