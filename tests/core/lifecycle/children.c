#include "children.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

_Noreturn void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- the verbs, in a child ---- */

int do_create(const struct job *job, struct outcome *outcome)
{
	int master_fd = -1;
	const struct create_request request = {
		.id = job->id,
		.bundle = job->bundle,
		.ties = { .stdio = job->stdio, .console_fd = &master_fd, .pid = &job->shared->pid },
	};

	outcome->done = container_create(job->runtime, &request, &outcome->error) == 0;
	return master_fd;
}

int do_exec(const struct job *job, struct outcome *outcome)
{
	int master_fd = -1, code;
	const struct exec_request request = {
		.id = job->id,
		.process_text = job->process,
		.process_size = strlen(job->process),
		.detach = true,
		.ties = { .stdio = job->stdio, .console_fd = &master_fd, .pid = &job->shared->pid },
	};

	outcome->done = container_exec(job->runtime, &request, &code, &outcome->error) == 0;
	return master_fd;
}

int do_start(const struct job *job, struct outcome *outcome)
{
	outcome->done = container_start(job->runtime, job->id, &outcome->error) == 0;
	return -1;
}

int do_delete(const struct job *job, struct outcome *outcome)
{
	outcome->done = container_delete(job->runtime, job->id, true, &outcome->error) == 0;
	return -1;
}

int do_pause(const struct job *job, struct outcome *outcome)
{
	outcome->done = container_pause(job->runtime, job->id, &outcome->error) == 0;
	return -1;
}

int do_resume(const struct job *job, struct outcome *outcome)
{
	outcome->done = container_resume(job->runtime, job->id, &outcome->error) == 0;
	return -1;
}

int do_watch(const struct job *job, struct outcome *outcome)
{
	int fd = -1;

	outcome->done = container_watch_memory(job->runtime, job->id, &fd, &outcome->oom_kills,
	                                       &outcome->error) == 0;
	return fd;
}

/* ---- children ---- */

pid_t begin_child(worker *work, const struct job *job, struct channel *line)
{
	struct channel theirs;
	struct outcome outcome = { .done = false };
	pid_t pid;
	int fd;

	error_reset(&outcome.error);
	if (channel_pair(line, &theirs, &outcome.error) < 0)
		fail("channel_pair");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid > 0) {
		channel_close(&theirs);
		return pid;
	}
	channel_close(line);
	fd = work(job, &outcome);
	channel_send_bytes(&theirs, MESSAGE_STAGE, 0, &outcome, sizeof(outcome), fd,
	                   &outcome.error);
	_exit(0);
}

bool end_child(pid_t pid, struct channel *line, struct outcome *outcome, int *fd)
{
	struct message message = { .fd = -1 };
	ERROR_NONE(error);
	bool told = channel_await(line, MESSAGE_STAGE, &message, &error) == 0;

	if (told)
		memcpy(outcome, message.bytes, sizeof(*outcome));
	*fd = message.fd;
	channel_close(line);
	if (waitpid(pid, NULL, 0) != pid)
		fail("wait for a child");
	return told;
}

bool have_done(worker *work, const struct job *job, struct outcome *outcome, int *fd)
{
	struct channel line;
	pid_t pid = begin_child(work, job, &line);

	if (!end_child(pid, &line, outcome, fd))
		printf("a child died without a word\n");
	else if (!outcome->done)
		printf("error: %s\n", error_text(&outcome->error));
	else
		return true;
	return false;
}

void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		printf("process %d is not ours\n", (int)pid);
	else if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
}

void tell_strays(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, 0);

	if (pid > 0)
		printf("a stray: %d\n", (int)pid);
	else if (errno != ECHILD)
		fail("wait for strays");
}
