#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REAP_TRIES    5000
#define REAP_PAUSE_NS 1000000
#define WORDS_MOST    64

static void interrupt(int signal)
{
	(void)signal; /* that a system call ends is all that it is for */
}

void command_deadline(unsigned seconds)
{
	struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

char **command_build(char *const *prefix, const char *words)
{
	size_t count = 0, size = strlen(words) + 1;
	char **command, *text, *rest = NULL, *word;

	while (prefix[count])
		count++;
	command = calloc(1, (count + WORDS_MOST + 1) * sizeof(*command) + size);
	if (!command)
		return NULL;
	text = (char *)(command + count + WORDS_MOST + 1);
	memcpy(command, prefix, count * sizeof(*command));
	memcpy(text, words, size);
	for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		command[count++] = word;
	return command;
}

_Noreturn void command_execute(char *const *command, int output_fd)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(null_fd, 0);
	dup2(output_fd, 1);
	dup2(output_fd, 2);
	execvp(command[0], command);
	_exit(126);
}

int command_run(char *const *command, int output_fd)
{
	pid_t pid = fork(), ended;
	int status = -1;

	if (pid == 0)
		command_execute(command, output_fd);
	if (pid < 0)
		return -1;
	command_deadline(COMMAND_SECONDS);
	/* orphans, too, as a host's init does: the end of a pid namespace waits for who is in it */
	do
		ended = waitpid(-1, &status, __WALL);
	while (ended > 0 && ended != pid);
	command_deadline(0);
	if (ended == pid)
		return status;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	errno = ETIMEDOUT;
	return -1;
}

/* proc_pid_task_children(5): so that what is left once is not found again. */
static void kill_children(void)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	int pid;

	while (list && fscanf(list, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	if (list)
		fclose(list);
}

bool command_reap(void)
{
	struct timespec pause = { 0, REAP_PAUSE_NS };
	pid_t pid;

	for (int tries = 0; tries < REAP_TRIES; tries++) {
		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return true;
		nanosleep(&pause, NULL);
	}
	kill_children();
	return false;
}
