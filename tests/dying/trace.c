/* ptrace(2). Only the victim stops at system calls; the others go on at full speed. */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define TRACEES_MAX    64
#define SYSCALL_STOP   (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */
#define RESTART_FIRST  512 /* ERESTARTSYS … ERESTART_RESTARTBLOCK: the kernel's own */
#define RESTART_LAST   516
#define FAMILY_OPTIONS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

struct tracing {
	const struct plan *plan;
	struct outcome *outcome;
	/* in the order of their making; 0: it is gone, or not ours any more */
	pid_t tracees[TRACEES_MAX];
	unsigned count;
	bool begun;      /* the victim's calls count: for the command from its first_call on */
	unsigned done;   /* calls of the victim that have come back */
	bool fails_next; /* this call's exit gets the plan's error */
};

/* Makes the call that is being entered none at all. */
static int skip_call(pid_t pid)
{
#if defined(__x86_64__)
	return (int)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, orig_rax), -1L);
#elif defined(__aarch64__)
	int number = -1;
	struct iovec part = { &number, sizeof(number) };

	return (int)ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &part);
#endif
}

static int set_result(pid_t pid, long result)
{
#if defined(__x86_64__)
	return (int)ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, rax), result);
#elif defined(__aarch64__)
	struct user_regs_struct registers;
	struct iovec part = { &registers, sizeof(registers) };

	if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &part) < 0)
		return -1;
	registers.regs[0] = (uint64_t)result;
	return (int)ptrace(PTRACE_SETREGSET, pid, 1, &part);
#endif
}

static unsigned number_of(struct tracing *tracing, pid_t pid)
{
	for (unsigned i = 0; i < tracing->count; i++)
		if (tracing->tracees[i] == pid)
			return i;
	if (tracing->count == TRACEES_MAX)
		return TRACEES_MAX;
	tracing->tracees[tracing->count] = pid;
	return tracing->count++;
}

static bool is_victim(struct tracing *tracing, pid_t pid)
{
	return number_of(tracing, pid) == tracing->plan->victim;
}

/* close(2): the fd is gone, whatever is returned. wait4(2): with ECHILD alone, in our use. A world
 * in which these fail is none to cope with: who waits for an end of file, or a child, would for
 * ever. */
static bool cannot_fail(long call)
{
	return call == SYS_close || call == SYS_wait4;
}

static void harm(struct tracing *tracing, pid_t pid)
{
	const struct plan *plan = tracing->plan;
	struct timespec nap = { 0, plan->nap_us * 1000 };

	tracing->outcome->reached = true;
	nanosleep(&nap, NULL);
	if (plan->error == 0)
		kill(pid, SIGKILL);
	else if (cannot_fail(tracing->outcome->last_call))
		tracing->outcome->spared = true;
	else if (skip_call(pid) == 0)
		tracing->fails_next = true;
}

static void at_call(struct tracing *tracing, pid_t pid)
{
	const struct plan *plan = tracing->plan;
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return; /* it was killed by someone else */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		if (plan->victim > 0 || (long)info.entry.nr == plan->first_call)
			tracing->begun = true;
		if (!tracing->begun)
			return;
		tracing->outcome->calls = tracing->done + 1;
		tracing->outcome->last_call = (long)info.entry.nr;
		if (tracing->done + 1 == plan->number && plan->side == AT_ENTRY &&
		    !tracing->outcome->reached)
			harm(tracing, pid);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracing->begun) {
		if (tracing->fails_next)
			set_result(pid, -plan->error);
		else if (info.exit.rval <= -RESTART_FIRST && info.exit.rval >= -RESTART_LAST)
			return;
		tracing->fails_next = false;
		tracing->done++;
		if (tracing->done == plan->number && plan->side == AT_EXIT)
			harm(tracing, pid);
	}
}

static void at_stop(struct tracing *tracing, pid_t pid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	bool victim = is_victim(tracing, pid);
	unsigned long made;

	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		if (ptrace(PTRACE_GETEVENTMSG, pid, 0, &made) == 0)
			number_of(tracing, (pid_t)made);
	} else if (event == PTRACE_EVENT_EXEC && pid != tracing->tracees[0]) {
		/* a program of its own now: none of the runtime any more */
		ptrace(PTRACE_DETACH, pid, 0, 0);
		return;
	} else if (signal == SYSCALL_STOP && victim) {
		at_call(tracing, pid);
	}
	if (event || signal == SYSCALL_STOP)
		signal = 0;
	ptrace(victim ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, signal);
}

static void child(const struct plan *plan, int go_fd)
{
	char byte;

	if (read(go_fd, &byte, 1) != 1)
		_exit(126);
	command_execute(plan->command, plan->output_fd);
}

/* A child that waits for a byte is seized, stopped, and told to go on. */
static pid_t begin(struct tracing *tracing)
{
	const struct plan *plan = tracing->plan;
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;
	int go[2], status;
	pid_t pid;

	if (plan->victim > 0)
		options |= FAMILY_OPTIONS;
	if (pipe2(go, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		child(plan, go[0]);
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, options) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, &status, __WALL) != pid ||
	    write(go[1], "", 1) != 1)
		pid = -1;
	close(go[0]);
	close(go[1]);
	if (pid < 0)
		return -1;
	number_of(tracing, pid);
	ptrace(plan->victim == 0 ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, 0);
	return pid;
}

static void forget(struct tracing *tracing, pid_t pid)
{
	for (unsigned i = 0; i < tracing->count; i++)
		if (tracing->tracees[i] == pid)
			tracing->tracees[i] = 0;
}

/* What outlives the command (a parked init) goes on untraced. */
static void let_go(struct tracing *tracing)
{
	int status, signal;

	for (unsigned i = 0; i < tracing->count; i++) {
		pid_t pid = tracing->tracees[i];

		if (pid == 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 ||
		    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			continue;
		signal = status >> 16 || WSTOPSIG(status) == SYSCALL_STOP ? 0 : WSTOPSIG(status);
		ptrace(PTRACE_DETACH, pid, 0, signal);
	}
}

int trace(const struct plan *plan, struct outcome *outcome)
{
	struct tracing tracing = { .plan = plan, .outcome = outcome };
	pid_t command, pid;
	int status;

	*outcome = (struct outcome){ 0 };
	command = begin(&tracing);
	if (command < 0)
		return -1;
	command_deadline(COMMAND_SECONDS);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			at_stop(&tracing, pid, status);
			continue;
		}
		forget(&tracing, pid);
		if (pid == command)
			break;
	}
	command_deadline(0);
	if (pid < 0) {
		kill(command, SIGKILL);
		waitpid(command, NULL, __WALL);
		errno = ETIMEDOUT;
		return -1;
	}
	outcome->status = status;
	let_go(&tracing);
	return 0;
}
