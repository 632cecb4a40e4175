/* What probe does rather than tells: calls, exits, allocations, signals. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

/* A number of any base, or the address of the text. */
static long argument_of(char *text)
{
	if (isdigit((unsigned char)*text) || (*text == '-' && isdigit((unsigned char)text[1])))
		return number_of(text);
	return (long)text;
}

/* "syscall 39 = ok", "syscall 39 = EPERM": the result itself may differ from run to run. */
static int call(char **arguments)
{
	long given[6] = { 0 };
	int count = 0;

	for (char **argument = arguments + 1; arguments[0] && *argument && count < 6; argument++)
		given[count++] = argument_of(*argument);
	if (!arguments[0])
		return 64;
	if (syscall(number_of(arguments[0]), given[0], given[1], given[2], given[3], given[4],
	            given[5]) < 0)
		printf("syscall %s = %s\n", arguments[0], strerrorname_np(errno));
	else
		printf("syscall %s = ok\n", arguments[0]);
	return 0;
}

static int leave(char **arguments)
{
	exit((int)number_of(arguments[0]));
}

/* PID 1 of a namespace gets no signal from inside that it does not handle: not even SIGKILL. */
static int kill_self(char **arguments)
{
	if (kill(getpid(), (int)number_of(arguments[0])) < 0)
		return print_failure("kill", arguments[0]);
	return 0;
}

static int allocate(char **arguments)
{
	size_t size = (size_t)number_of(arguments[0]) << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return print_failure("mmap", arguments[0]);
	for (size_t at = 0; at < size; at += 4096)
		memory[at] = 1;
	printf("allocated %s\n", arguments[0]);
	return 0;
}

/* fork N: "forked N", or "forked M: EAGAIN" where a limit cuts it short. All end with this fact. */
static int fork_many(char **arguments)
{
	long long wanted = number_of(arguments[0]), made = 0;
	int gate[2], reason = 0;
	char byte;

	if (pipe(gate) < 0)
		return print_failure("pipe", "");
	while (made < wanted) {
		pid_t pid = fork();

		if (pid == 0) {
			close(gate[1]);
			_exit(read(gate[0], &byte, 1) < 0); /* till the parent closes its end */
		}
		if (pid < 0) {
			reason = errno;
			break;
		}
		made++;
	}
	close(gate[0]);
	close(gate[1]);
	for (long long at = 0; at < made; at++)
		wait(NULL);
	printf("forked %lld%s%s\n", made, reason ? ": " : "",
	       reason ? strerrorname_np(reason) : "");
	return 0;
}

static int sleep_seconds(char **arguments)
{
	sleep((unsigned int)number_of(arguments[0]));
	return 0;
}

/* Says "waiting" (the test may send now), then "got SIGTERM". */
static int await_signal(char **arguments)
{
	sigset_t all;
	int number;

	(void)arguments;
	sigfillset(&all);
	sigdelset(&all, SIGCHLD);
	sigprocmask(SIG_BLOCK, &all, NULL);
	puts("waiting");
	if (sigwait(&all, &number) != 0)
		return print_failure("sigwait", "");
	if (sigabbrev_np(number))
		printf("got SIG%s\n", sigabbrev_np(number));
	else
		printf("got %d\n", number);
	return 0;
}

static int copy_input(char **arguments)
{
	char bytes[4096];
	ssize_t size;

	(void)arguments;
	while ((size = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)size) < 0)
			return print_failure("write", "stdout");
	return size < 0 ? print_failure("read", "stdin") : 0;
}

static int print_text(char **arguments)
{
	puts(arguments[0]);
	return 0;
}

static int print_error_text(char **arguments)
{
	fprintf(stderr, "%s\n", arguments[0]);
	return 0;
}

const struct fact deeds[] = {
	{ "syscall", -1, call, "NR [ARGUMENT]...: syscall NR = ok|ERRNO; the last of a command" },
	{ "exit", 1, leave, "CODE: ends at once" },
	{ "kill", 1, kill_self, "NUMBER: sends it to itself" },
	{ "alloc", 1, allocate, "MIB, all of it touched, and kept" },
	{ "fork", 1, fork_many, "N: forked M[: ERRNO]" },
	{ "sleep", 1, sleep_seconds, "SECONDS" },
	{ "trap", 0, await_signal, "waiting, then: got SIGNAL" },
	{ "input", 0, copy_input, "stdin to stdout" },
	{ "say", 1, print_text, "TEXT to stdout" },
	{ "warn", 1, print_error_text, "TEXT to stderr" },
	{ 0 },
};
