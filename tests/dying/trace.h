/* trace.h: runs a command by ptrace(2) up to one boundary of a system call, and does it harm there.
 */
#ifndef DYING_TRACE_H
#define DYING_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

enum side { AT_ENTRY, AT_EXIT };

struct plan {
	char *const *command;
	int output_fd; /* its stdout and stderr */
	/* Who is harmed: 0 is the command itself, through each execve(2) of its own; 1 is the first
	 * process that is made below it, and so on, each until its first execve(2). */
	unsigned victim;
	/* The first system call of the command that counts. */
	long first_call;
	/* Where: at the entry or the exit of its n-th system call, from 1; 0: nowhere. A call that
	 * the kernel restarts (a signal came, ERESTARTSYS) counts once. */
	unsigned number;
	enum side side;
	/* 0: killed. Else that call is not made, and seems to have failed with this errno. */
	int error;
	/* Before that, this long is left to the others, to go as far as they come by themselves. */
	long nap_us;
};

struct outcome {
	bool reached;   /* the boundary; else the command went its way to the end */
	bool spared;    /* it was reached, but that call can't fail */
	unsigned calls; /* how many system calls of the victim were seen */
	long last_call; /* the number of the last of them */
	int status;     /* of the command, as waitpid(2) has it */
};

/* -1: it could not be traced, or did not end within the deadline (ETIMEDOUT; it is killed). */
int trace(const struct plan *plan, struct outcome *outcome);

#endif
