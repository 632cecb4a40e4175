/* What an operator sees who sends SIGUSR1: the tree, the calls that wait, the workers, the fds. */
#include "task/inspect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/log.h"
#include "support/quote.h"
#include "support/time.h"

static const char *const phase_names[] = { "creating", "made", "undoing", "gone" };
static const char *const status_names[] = { "created", "running", "stopped" };

/* Each line of a text as a line of the log. */
static void log_lines(const char *prefix, char *text)
{
	for (char *line = strtok_r(text, "\n", &text); line; line = strtok_r(NULL, "\n", &text))
		log_write(IRONBOX_LOG_INFO, "%s%s", prefix, line);
}

static void inspect_streams(const struct process *process)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = process->stdio ? open_memstream(&text, &size) : NULL;

	if (!out)
		return;
	stdio_describe(process->stdio, out);
	fclose(out);
	log_lines("state:       ", text);
	free(text);
}

static void inspect_process(const struct process *process)
{
	unsigned waiters = 0;

	for (const struct waiter *waiter = process->waiters; waiter; waiter = waiter->next)
		waiters++;
	log_write(IRONBOX_LOG_INFO,
	          "state:     %s %s: %s%s%s, pid %d, exit status %u, %u wait for its end%s%s",
	          is_init(process) ? "init of" : "exec", QUOTE(process->id),
	          status_names[process->status], process->starting ? ", starting" : "",
	          process->dead ? ", dead" : "", (int)process->pid, process->exit_status, waiters,
	          process->stdio && !process->drained ? ", its output is on the way" : "",
	          process->deleting ? ", being deleted" : "");
	inspect_streams(process);
}

static void inspect_task(const struct task *task)
{
	log_write(IRONBOX_LOG_INFO, "state:   container %s: %s%s%s, %u workers, bundle %s",
	          QUOTE(task->id), phase_names[task->phase], task->pausing ? ", pausing" : "",
	          task->paused ? ", paused" : "", task->jobs, QUOTE(task->bundle));
	inspect_process(&task->init);
	for (const struct process *exec = task->execs; exec; exec = exec->next)
		inspect_process(exec);
}

static void inspect_call(void *context, const struct ttrpc_call *call)
{
	(void)context;
	log_write(IRONBOX_LOG_INFO, "call: %s/%s waits for %.1f s", ttrpc_call_service(call),
	          ttrpc_call_method(call), (double)(time_now_ms() - ttrpc_call_begun(call)) / 1000);
}

static void inspect_worker(void *context, const char *what, const char *progress, pid_t pid,
                           int64_t age_ms)
{
	(void)context;
	log_write(IRONBOX_LOG_INFO, "worker: %s, pid %d, for %.1f s%s%s", what, (int)pid,
	          (double)age_ms / 1000, *progress ? ", at " : "", progress);
}

static void inspect_named_fd(void *context, const char *name, int fd)
{
	(void)context;
	log_write(IRONBOX_LOG_INFO, "fd: %d is %s", fd, name);
}

static void inspect_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;
	char target[256];

	while (directory && (entry = readdir(directory))) {
		ssize_t size =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		if (size < 0)
			continue; /* . and .. */
		target[size] = '\0';
		log_write(IRONBOX_LOG_INFO, "fd: %s -> %s", entry->d_name, QUOTE(target));
	}
	if (directory)
		closedir(directory);
}

void inspect(const struct shim *shim)
{
	log_write(IRONBOX_LOG_INFO,
	          "state: version %u, sandbox %s, %u workers, %u events wait, %u events lost",
	          shim->version, QUOTE(shim->sandbox.group), shim->workers.count,
	          publisher_waiting(shim->publisher), publisher_lost(shim->publisher));
	for (const struct task *task = shim->sandbox.tasks; task; task = task->next)
		inspect_task(task);
	ttrpc_server_pending(shim->server, inspect_call, NULL);
	workers_visit(&shim->workers, inspect_worker, NULL);
	state_visit_fds(shim, inspect_named_fd, NULL);
	inspect_fds();
}
