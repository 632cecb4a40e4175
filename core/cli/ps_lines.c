/* Runs ps(1) and lets through what belongs to the container. */
#include "cli/ps_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "cli/units.h"

static int spawn_ps(char *const *ps_options, pid_t *pid, struct ironbox_error *error);
static int filter(FILE *lines, const pid_t *pids, size_t count, struct ironbox_error *error);
static int await_ps(pid_t pid, int filtered, struct ironbox_error *error);

int ps_lines_print(const pid_t *pids, size_t count, char *const *ps_options,
                   struct ironbox_error *error)
{
	pid_t pid;
	int lines_fd = spawn_ps(ps_options, &pid, error), filtered;
	FILE *lines;

	if (lines_fd < 0)
		return -1;
	lines = fdopen(lines_fd, "r");
	if (lines) {
		filtered = filter(lines, pids, count, error);
		fclose(lines); /* only read from: nothing can be lost */
	} else {
		filtered = error_begin(error, errno, "read from ps(1)");
		close(lines_fd);
	}
	return await_ps(pid, filtered, error);
}

/* ps(1) at its fixed places: PATH is the caller's, and podman passes none. */
static int spawn_at_its_place(pid_t *pid, const posix_spawn_file_actions_t *actions, char **vector)
{
	static const char *const places[] = { "/usr/bin/ps", "/bin/ps" };
	char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8";
	char *const environment[] = { path, locale, NULL };
	int failure = ENOENT;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && failure == ENOENT; i++)
		failure = posix_spawn(pid, places[i], actions, NULL, vector, environment);
	return failure;
}

/* The read end of its output. */
static int spawn_ps(char *const *ps_options, pid_t *pid, struct ironbox_error *error)
{
	char name[] = "ps", every[] = "-ef";
	cleanup_close int read_fd = -1;
	cleanup_close int write_fd = -1;
	cleanup_free char **vector = NULL;
	posix_spawn_file_actions_t actions;
	size_t count = 0;
	int failure, ends[2];

	while (ps_options[count])
		count++;
	vector = calloc(count + 3, sizeof(*vector));
	if (!vector || pipe2(ends, O_CLOEXEC) < 0)
		return error_begin(error, errno, "make a pipe for ps(1)");
	read_fd = ends[0];
	write_fd = ends[1];
	vector[0] = name;
	vector[1] = every; /* unless the caller has a say */
	if (count > 0)
		memcpy(vector + 1, ps_options, count * sizeof(*vector));

	failure = posix_spawn_file_actions_init(&actions);
	if (failure == 0) {
		failure = posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
		if (failure == 0)
			failure = spawn_at_its_place(pid, &actions, vector);
		posix_spawn_file_actions_destroy(&actions);
	}
	if (failure != 0)
		return error_begin(error, failure,
		                   "run /usr/bin/ps (`ps --format json` needs none)");
	return steal_fd(&read_fd);
}

/* Which word of the title line is PID, counted from 0; -1: none. */
static int pid_column(char *title)
{
	char *rest = NULL;
	int column = 0;

	for (char *word = strtok_r(title, " \n", &rest); word;
	     word = strtok_r(NULL, " \n", &rest)) {
		if (strcmp(word, "PID") == 0)
			return column;
		column++;
	}
	return -1;
}

static bool is_ours(char *line, int column, const pid_t *pids, size_t count)
{
	char *rest = NULL, *word = strtok_r(line, " \n", &rest);
	uint64_t pid;

	while (word && column-- > 0)
		word = strtok_r(NULL, " \n", &rest);
	if (!word || number_from_text(word, INT32_MAX, &pid) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (pids[i] == (pid_t)pid)
			return true;
	return false;
}

static int filter(FILE *lines, const pid_t *pids, size_t count, struct ironbox_error *error)
{
	cleanup_free char *line = NULL;
	size_t capacity = 0;
	int column = -1;

	while (getline(&line, &capacity, lines) > 0) {
		cleanup_free char *words = strdup(line);

		if (!words)
			return error_begin(error, errno, "read a line of ps(1)");
		if (column < 0) {
			column = pid_column(words);
			if (column < 0)
				return error_begin(error, 0, "ps(1) printed no PID column");
			fputs(line, stdout);
		} else if (is_ours(words, column, pids, count)) {
			fputs(line, stdout);
		}
	}
	return 0;
}

/* Its own words are on stderr already. One that we stopped listening to may die of SIGPIPE: what
 * was wrong before is the error then. */
static int await_ps(pid_t pid, int filtered, struct ironbox_error *error)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_begin(error, errno, "wait for ps(1)");
	if (filtered < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return filtered;
	if (WIFSIGNALED(status))
		return error_begin(error, 0, "ps(1) died of signal %d", WTERMSIG(status));
	return error_begin(error, 0, "ps(1) exited with status %d", WEXITSTATUS(status));
}
