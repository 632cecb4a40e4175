/* ResizePty and CloseIO. */
#include <errno.h>
#include <string.h>

#include "task/answer.h"
#include "task/methods.h"

void method_resize_pty(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__ResizePtyRequest *request = given;
	struct process *process = answer_process(context, call, request->id, request->exec_id);

	if (!process)
		return;
	process->width = (uint16_t)request->width;
	process->height = (uint16_t)request->height;
	if (process->status == PROCESS_STOPPED)
		ttrpc_fail(call, TTRPC_UNKNOWN, "cannot resize a stopped process");
	else if (process->stdio &&
	         stdio_resize(process->stdio, process->width, process->height) < 0)
		ttrpc_fail(call, TTRPC_UNKNOWN, "resize the terminal of %s: %s", process->id,
		           strerror(errno));
	else
		answer_empty(call);
}

void method_close_io(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__CloseIORequest *request = given;
	struct process *process = answer_process(context, call, request->id, request->exec_id);

	if (!process)
		return;
	if (request->stdin)
		process->input_closed = true; /* also when its Start is still at work */
	if (request->stdin && process->stdio)
		stdio_close_input(process->stdio);
	answer_empty(call);
}
