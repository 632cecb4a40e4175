/* idmap_helper.c: id maps by newuidmap(1) and newgidmap(1), for a runtime without root's rights. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "idmap.h"

enum { NUMBER_SIZE = 11, WORDS_SIZE = 512 };

/* newuidmap PID CONTAINER_ID HOST_ID SIZE …; the numbers live in *numbers. The caller frees both.
 */
static char **arguments_make(const struct ironbox_stage *stage, const struct idmap_kind *kind,
                             const struct idmap_range *ranges, size_t count,
                             char (**numbers)[NUMBER_SIZE])
{
	char **arguments = calloc(count * 3 + 3, sizeof(*arguments));

	*numbers = calloc(count * 3 + 1, sizeof(**numbers));
	if (!arguments || !*numbers) {
		free(arguments);
		return NULL;
	}
	arguments[0] = strrchr(kind->helper, '/') + 1;
	snprintf((*numbers)[0], NUMBER_SIZE, "%" PRId32, stage->init_pid);
	for (size_t i = 0; i < count; i++) {
		snprintf((*numbers)[i * 3 + 1], NUMBER_SIZE, "%" PRIu32, ranges[i].container_id);
		snprintf((*numbers)[i * 3 + 2], NUMBER_SIZE, "%" PRIu32, ranges[i].host_id);
		snprintf((*numbers)[i * 3 + 3], NUMBER_SIZE, "%" PRIu32, ranges[i].size);
	}
	for (size_t i = 0; i < count * 3 + 1; i++)
		arguments[i + 1] = (*numbers)[i];
	return arguments;
}

/* Starts it with an empty environment, no shell, and its complaints going to a pipe. */
static int helper_start(const char *path, char **arguments, int complaints_fd, pid_t *pid)
{
	char *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code != 0)
		return code;
	code = posix_spawn_file_actions_adddup2(&actions, complaints_fd, STDERR_FILENO);
	if (code == 0)
		code = posix_spawn(pid, path, &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

/* Reads to the end of the pipe, and keeps what fits. */
static void words_read(int fd, char words[WORDS_SIZE])
{
	char rest[WORDS_SIZE];
	size_t size = 0;
	ssize_t got;

	do {
		bool full = size == WORDS_SIZE - 1;

		got = full ? read(fd, rest, sizeof(rest))
		           : read(fd, words + size, WORDS_SIZE - 1 - size);
		if (got > 0 && !full)
			size += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	words[size] = '\0';
	words[strcspn(words, "\n")] = '\0';
}

int idmap_helper_run(const struct ironbox_stage *stage, const struct idmap_kind *kind,
                     const struct idmap_range *ranges, size_t count, struct ironbox_error *error)
{
	cleanup_free char(*numbers)[NUMBER_SIZE] = NULL;
	cleanup_free char **arguments = arguments_make(stage, kind, ranges, count, &numbers);
	cleanup_close int read_fd = -1, write_fd = -1;
	char words[WORDS_SIZE];
	int fds[2], code, status;
	pid_t pid;

	if (!arguments || pipe2(fds, O_CLOEXEC) < 0)
		return stage->host->fail(error, errno, "prepare to run %s", kind->helper);
	read_fd = fds[0];
	write_fd = fds[1];
	code = helper_start(kind->helper, arguments, write_fd, &pid);
	if (code != 0)
		return stage->host->fail(error, code, "run %s", kind->helper);
	replace_fd(&write_fd, -1);
	words_read(read_fd, words);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return stage->host->fail(error, errno, "wait for %s", kind->helper);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return stage->host->fail(error, 0, "%s refused: %s", kind->helper, words);
	return 0;
}
