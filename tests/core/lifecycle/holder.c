/*
 * A process that holds a container open, and forks for each exec into it. The words:
 *   exec           one process; its end, or the error
 *   many           200 of them, after 10: how they ended, and what the holder has more by then
 *   pause, resume, delete
 *   remember       one more line in the container's record, as `update` may add one
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "children.h"

#define GROWTH_MAX_KB 64 /* pages come and go with a fork */

struct holder {
	struct job *job;
	pid_t pid;
	struct channel line;
};

static _Noreturn void exec_in(struct exec_place *place, const struct job *job, struct channel *line)
{
	const struct exec_request request = {
		.process_text = job->process,
		.process_size = strlen(job->process),
		.detach = true,
		.ties = { .stdio = job->stdio, .pid = &job->shared->pid },
	};
	struct outcome outcome = { .done = false };

	error_reset(&outcome.error);
	outcome.done = container_exec_in(place, &request, &outcome.error) == 0;
	channel_send_bytes(line, MESSAGE_STAGE, 0, &outcome, sizeof(outcome), -1, &outcome.error);
	_exit(0);
}

/* Until the line ends. */
static _Noreturn void holder_main(const struct job *job, struct channel *line)
{
	struct exec_place *place;
	struct outcome outcome;
	ERROR_NONE(error);

	place = container_exec_open(job->runtime, job->id, &error);
	outcome.done = place != NULL;
	outcome.error = error;
	channel_send_bytes(line, MESSAGE_STAGE, 0, &outcome, sizeof(outcome), -1, &error);
	while (place && channel_await(line, MESSAGE_START, NULL, &error) == 0) {
		pid_t pid = fork();

		if (pid == 0)
			exec_in(place, job, line);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid ||
		    channel_send(line, MESSAGE_READY, &error) < 0)
			_exit(1);
	}
	container_exec_close(place);
	_exit(0);
}

static bool hear(struct holder *holder, struct outcome *outcome)
{
	struct message message;
	ERROR_NONE(error);

	if (channel_await(&holder->line, MESSAGE_STAGE, &message, &error) < 0)
		fail("hear of the holder");
	memcpy(outcome, message.bytes, sizeof(*outcome));
	if (!outcome->done)
		printf("error: %s%s\n", error_text(&outcome->error),
		       outcome->error.code == ESTALE ? " (stale)" : "");
	return outcome->done;
}

static bool begin_holder(struct holder *holder)
{
	struct outcome outcome;
	struct channel theirs;
	ERROR_NONE(error);

	if (channel_pair(&holder->line, &theirs, &error) < 0)
		fail("channel_pair");
	holder->pid = fork();
	if (holder->pid < 0)
		fail("fork");
	if (holder->pid == 0) {
		channel_close(&holder->line);
		holder_main(holder->job, &theirs);
	}
	channel_close(&theirs);
	return hear(holder, &outcome);
}

/* -1: it was not made. Else its status, of waitpid(2). */
static int exec_once(struct holder *holder)
{
	struct outcome outcome;
	int status;
	ERROR_NONE(error);

	if (channel_send(&holder->line, MESSAGE_START, &error) < 0)
		fail("ask the holder");
	hear(holder, &outcome);
	/* the fork that made it has ended: it is our child */
	if (channel_await(&holder->line, MESSAGE_READY, NULL, &error) < 0)
		fail("hear that the fork has ended");
	if (!outcome.done)
		return -1;
	if (waitpid(holder->job->shared->pid, &status, 0) < 0)
		fail("wait for the process");
	return status;
}

static long memory_kb(pid_t pid)
{
	char path[64], line[256];
	long total = 0, kb;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	if (!file)
		fail(path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Clean: %ld", &kb) == 1 ||
		    sscanf(line, "Private_Dirty: %ld", &kb) == 1 ||
		    sscanf(line, "Shared_Dirty: %ld", &kb) == 1)
			total += kb;
	fclose(file);
	return total;
}

static int fd_count(pid_t pid)
{
	struct dirent **entries;
	char path[64];
	int i, count;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	count = scandir(path, &entries, NULL, NULL);
	if (count < 0)
		fail(path);
	for (i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return count;
}

static void play_many(struct holder *holder)
{
	int i, fds = 0, well = 0;
	long kb = 0;

	for (i = -10; i < 200; i++) {
		if (i == 0) {
			fds = fd_count(holder->pid);
			kb = memory_kb(holder->pid);
			well = 0;
		}
		well += exec_once(holder) == 0;
	}
	kb = memory_kb(holder->pid) - kb;
	printf("%d ended well, fds: %d more, memory: %s\n", well, fd_count(holder->pid) - fds,
	       kb <= GROWTH_MAX_KB ? "no more" : "more");
}

static void remember(const struct job *job)
{
	static const char line[] = "[\"cgroup\",\"test\",\"remembered\"]\n";
	char path[PATH_MAX];
	cleanup_close int fd = -1;

	snprintf(path, sizeof(path), "%s/%s/record", job->runtime->state_root, job->id);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		fail(path);
}

static void play_word(struct holder *holder, const char *word)
{
	struct outcome outcome;
	int fd, status;

	if (!strcmp(word, "exec")) {
		status = exec_once(holder);
		if (status >= 0)
			printf("exit %d\n", WEXITSTATUS(status));
	} else if (!strcmp(word, "many")) {
		play_many(holder);
	} else if (!strcmp(word, "remember")) {
		remember(holder->job);
	} else {
		have_done(!strcmp(word, "pause")    ? do_pause
		          : !strcmp(word, "resume") ? do_resume
		                                    : do_delete,
		          holder->job, &outcome, &fd);
	}
}

int play_hold(struct job *job, char *const *words)
{
	struct holder holder = { .job = job };
	bool begun = begin_holder(&holder);

	for (; begun && *words; words++)
		play_word(&holder, *words);
	channel_close(&holder.line);
	if (waitpid(holder.pid, NULL, 0) != holder.pid)
		fail("wait for the holder");
	return begun ? 0 : 1;
}
