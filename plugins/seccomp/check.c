/*
 * Runs a program by itself, to see before anything is made whether it stops the runtime's own last
 * steps. Loaded in confine it is in force while core changes the user and while init waits for its
 * start; runc's container dies there of a bare "operation not permitted".
 */
#include <string.h>
#include <sys/syscall.h>

#include "program.h"

struct needed_call {
	int number;
	const char *name;
	bool in_seal; /* also made when the program was loaded as the last thing */
};

/* Calls without which there is no container. Calls that may fail, or that not each container
 * needs, are not here: their failure is told where it happens. */
static const struct needed_call needed_calls[] = {
	{ SYS_execve, "execve", true },
	{ SYS_sendmsg, "sendmsg", false }, /* how init tells that it is ready */
	{ SYS_recvmsg, "recvmsg", false },
	{ SYS_read, "read", false },   /* the byte that says start */
	{ SYS_prctl, "prctl", false }, /* PR_SET_KEEPCAPS, and the ambient set */
	{ SYS_setresgid, "setresgid", false },
	{ SYS_setresuid, "setresuid", false },
	{ SYS_capset, "capset", false },
	{ SYS_capget, "capget", false }, /* the stage that sets them reads them back */
};

#define NEEDED_CALLS (sizeof(needed_calls) / sizeof(needed_calls[0]))

static uint32_t load(const struct seccomp_data *call, uint32_t offset)
{
	uint32_t word = 0;

	if (offset <= sizeof(*call) - sizeof(word))
		memcpy(&word, (const char *)call + offset, sizeof(word));
	return word;
}

static bool is_true(const struct sock_filter *filter, uint32_t held)
{
	switch (BPF_OP(filter->code)) {
	case BPF_JEQ:
		return held == filter->k;
	case BPF_JGE:
		return held >= filter->k;
	case BPF_JGT:
		return held > filter->k;
	default:
		return held & filter->k; /* JSET */
	}
}

uint32_t program_answer(const struct program *program, const struct seccomp_data *call)
{
	uint32_t held = 0;
	size_t at = 0;

	while (at < program->count) {
		const struct sock_filter *filter = &program->filters[at++];

		switch (BPF_CLASS(filter->code)) {
		case BPF_RET:
			return filter->k;
		case BPF_LD:
			held = load(call, filter->k);
			break;
		case BPF_ALU:
			held &= filter->k; /* what libseccomp writes has no other operation */
			break;
		default:
			if (BPF_OP(filter->code) == BPF_JA)
				at += filter->k;
			else
				at += is_true(filter, held) ? filter->jt : filter->jf;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* NOTIFY and TRACE leave it to someone who is there. */
static bool is_stopped(const struct program *program, const struct needed_call *needed,
                       uint32_t native)
{
	const struct seccomp_data call = { .nr = needed->number, .arch = native };
	uint32_t answer = program_answer(program, &call);

	return is_more_permissive(SECCOMP_RET_USER_NOTIF, answer);
}

void program_check(struct program *program, uint32_t native)
{
	size_t i;

	program->blocked_in_confine = program->blocked_in_seal = 0;
	for (i = NEEDED_CALLS; i-- > 0;) {
		if (!is_stopped(program, &needed_calls[i], native))
			continue;
		program->blocked_in_confine = (uint32_t)i + 1;
		if (needed_calls[i].in_seal)
			program->blocked_in_seal = (uint32_t)i + 1;
	}
}

const char *blocked_name(uint32_t blocked)
{
	return blocked > 0 && blocked <= NEEDED_CALLS ? needed_calls[blocked - 1].name : NULL;
}
