#include "task/made.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/process_id.h"
#include "support/progress.h"
#include "task/exit.h"

/* containerd's client opens its FIFOs in threads of its own, which on a busy host may be behind;
 * and it gives up those that are not open yet when it hears of the process's end, so the words of
 * one that is quick would be lost. */
#define CLIENT_MS 2000

/* ---- in the worker ---- */

int made_open_streams(struct made *made, const struct process *process,
                      const struct job_runtime *runtime, struct ironbox_error *error)
{
	const struct task *task = process->task;
	struct stdio_settings settings;
	struct stdio_request request = {
		.in = process->in,
		.out = process->out,
		.err = process->err,
		.terminal = process->terminal,
		.uid = task->options.io_uid,
		.gid = task->options.io_gid,
		.container_id = task->id,
		.namespace = task->shim->namespace,
		.settings = &settings,
		.client_ms = CLIENT_MS,
	};

	if (stdio_settings_read(&runtime->config, &settings, error) < 0)
		return -1;
	if (snprintf(made->spill_folder, sizeof(made->spill_folder), "%s", settings.spill_folder) >=
	    (int)sizeof(made->spill_folder))
		return error_begin(error, ENAMETOOLONG, "[stdio] spill_folder");
	made->on_stall = settings.on_stall;
	made->spill_limit = settings.spill_limit;
	progress_write(runtime->runtime.progress, "open its streams", NULL);
	return stdio_open(&request, &made->ends, error);
}

struct process_ties made_ties(struct made *made, const struct worker_reply *reply)
{
	return (struct process_ties){
		.stdio = made->ends.process[0] >= 0 ? made->ends.process : NULL,
		.console_fd = &made->master_fd,
		.pid = reply->made,
	};
}

void made_undo(struct made *made)
{
	stdio_undo(&made->ends);
	made_close(made);
}

/* Where the fd stands in the reply; -1 for none. */
static int put_fd(struct worker_reply *reply, int fd)
{
	if (fd < 0)
		return -1;
	reply->fds[reply->fd_count] = fd;
	return (int)reply->fd_count++;
}

int made_hand_back(struct made *made, struct worker_reply *reply, struct ironbox_error *error)
{
	struct made *sent = malloc(sizeof(*sent));

	if (!sent)
		return error_begin(error, ENOMEM, "hand the process over");
	stdio_close_process(&made->ends);
	made->pid = *reply->made;
	*sent = *made;
	sent->bundle_fd = put_fd(reply, made->bundle_fd);
	sent->master_fd = put_fd(reply, made->master_fd);
	sent->memory.watch_fd = put_fd(reply, made->memory.watch_fd);
	sent->memory.kmsg_fd = put_fd(reply, made->memory.kmsg_fd);
	for (int i = 0; i < STDIO_SHIM_FDS; i++)
		sent->ends.shim[i] = put_fd(reply, made->ends.shim[i]);
	reply->bytes = sent;
	reply->size = sizeof(*sent);
	return 0;
}

/* Our own child, and not reaped, so its number is nobody else's. */
static void end_process(struct worker_reply *reply)
{
	if (*reply->made <= 0)
		return;
	kill(*reply->made, SIGKILL);
	while (waitpid(*reply->made, NULL, 0) < 0 && errno == EINTR)
		continue;
	*reply->made = 0;
}

int made_hand_back_or_end(struct made *made, struct worker_reply *reply,
                          struct ironbox_error *error)
{
	if (made_hand_back(made, reply, error) == 0)
		return 0;
	end_process(reply);
	made_undo(made);
	return -1;
}

/* ---- in the loop ---- */

static int take_fd(struct worker_reply *reply, int at)
{
	if (at < 0 || (unsigned)at >= reply->fd_count)
		return -1;
	return steal_fd(&reply->fds[at]);
}

int made_take(struct made *made, struct worker_reply *reply, struct ironbox_error *error)
{
	if (reply->size != sizeof(*made))
		return error_begin(error, 0, "the worker's answer has %zu bytes instead of %zu",
		                   reply->size, sizeof(*made));
	memcpy(made, reply->bytes, sizeof(*made));
	made->bundle_fd = take_fd(reply, made->bundle_fd);
	made->master_fd = take_fd(reply, made->master_fd);
	made->memory.watch_fd = take_fd(reply, made->memory.watch_fd);
	made->memory.kmsg_fd = take_fd(reply, made->memory.kmsg_fd);
	for (int i = 0; i < STDIO_SHIM_FDS; i++)
		made->ends.shim[i] = take_fd(reply, made->ends.shim[i]);
	return 0;
}

void made_close(struct made *made)
{
	replace_fd(&made->bundle_fd, -1);
	replace_fd(&made->master_fd, -1);
	replace_fd(&made->memory.watch_fd, -1);
	replace_fd(&made->memory.kmsg_fd, -1);
}

int made_begin(struct made *made, struct process *process, struct ironbox_error *error)
{
	struct shim *shim = process->task->shim;
	const struct stdio_settings settings = {
		.on_stall = made->on_stall,
		.spill_limit = made->spill_limit,
		.spill_folder = made->spill_folder,
		.loggers = "",
	};
	char name[256];
	struct stdio_place place = {
		.loop = &shim->loop,
		.left = &shim->left_loggers,
		.name = process_name(process, name, sizeof(name)),
		.settings = &settings,
		.taken_by_client = process_output_taken,
		.drained = process_drained,
		.context = process,
	};

	process->pid = made->pid;
	/* our child, or about to be: its pid is no one else's before we have reaped it */
	process->pidfd = process_open(made->pid);
	if (process->pidfd < 0) {
		error_begin(error, errno, "open process %d", (int)made->pid);
		stdio_undo(&made->ends);
		return -1;
	}
	process->stdio = stdio_begin(&place, &made->ends, steal_fd(&made->master_fd), error);
	process->drained = process->stdio == NULL;
	if (!process->stdio)
		return -1;
	/* what came meanwhile */
	if (process->input_closed)
		stdio_close_input(process->stdio);
	if (process->width > 0 && process->height > 0)
		stdio_resize(process->stdio, process->width, process->height);
	return 0;
}
