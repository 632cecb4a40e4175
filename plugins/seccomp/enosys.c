/*
 * Calls that are newer than a profile. A C library tries a new call first and falls back to an
 * older one on ENOSYS; on the EPERM of a default action it gives up. So whoever wrote the profile
 * without knowing the call wanted ENOSYS, and that is what a call above all that the profile names
 * gets, as with runc. It is a denial all the same: it never makes an answer more permissive.
 */
#include <errno.h>

#include "program.h"

/* Numbers from one on, up to and without another, that no call of the profile's time has. */
struct gap {
	uint32_t from, until;
};

/* An architecture as the kernel tells it to a filter; x32 shares that of x86-64. */
struct token {
	uint32_t value;
	struct gap gaps[2];
	size_t count;
};

#define X32_BIT     0x40000000u /* __X32_SYSCALL_BIT of asm/unistd.h */
#define ARM_PRIVATE 0x000f0000u /* __ARM_NR_BASE: cacheflush and its like, not ordered by age */

static bool is_due(uint32_t default_action);
static void note_architecture(struct token tokens[], size_t *count, uint32_t architecture,
                              const struct profile *profile, const struct libseccomp *library);
static size_t write_token(struct sock_filter *out, const struct token *token);

size_t enosys_prologue(struct sock_filter out[ENOSYS_MAX], const struct profile *profile,
                       uint32_t native, const struct libseccomp *library)
{
	struct token tokens[ARCHITECTURES_MAX + 1] = { 0 };
	size_t i, count = 0, size = 0;

	if (!is_due(profile->default_action))
		return 0;
	note_architecture(tokens, &count, native, profile, library);
	for (i = 0; i < profile->architectures_count; i++)
		note_architecture(tokens, &count, profile->architectures[i], profile, library);
	for (i = 0; i < count; i++)
		size += write_token(out + size, &tokens[i]);
	return size;
}

/* Not where the default lets calls pass, nor where someone else is to decide, nor where the
 * default is that answer already. */
static bool is_due(uint32_t default_action)
{
	switch (default_action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	case SECCOMP_RET_ERRNO:
		return (default_action & SECCOMP_RET_DATA) != ENOSYS;
	default: /* NOTIFY, TRACE, LOG, ALLOW */
		return false;
	}
}

/* The highest number below `limit` of a call that a rule of the profile names; -1: none is. */
static int64_t highest_named(const struct profile *profile, uint32_t architecture, uint32_t limit,
                             const struct libseccomp *library)
{
	int64_t highest = -1;
	size_t i, j;

	for (i = 0; i < profile->rules_count; i++) {
		for (j = 0; j < profile->rules[i].names_count; j++) {
			/* below 0: unknown, or not a call of this architecture */
			int number = library->resolve_for(architecture, profile->rules[i].names[j]);

			if (number > highest && (uint32_t)number < limit)
				highest = number;
		}
	}
	return highest;
}

/* Where the ordinary numbers end: what is above stays libseccomp's to answer. */
static uint32_t limit_of(uint32_t architecture)
{
	switch (architecture) {
	case SCMP_ARCH_X86_64:
		return X32_BIT; /* x32, which libseccomp kills unless it is asked for */
	case SCMP_ARCH_ARM:
		return ARM_PRIVATE;
	default:
		return UINT32_MAX; /* -1 is a tracer's way to skip a call: ptrace(2) */
	}
}

static void note_architecture(struct token tokens[], size_t *count, uint32_t architecture,
                              const struct profile *profile, const struct libseccomp *library)
{
	uint32_t value = architecture == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : architecture;
	uint32_t limit = limit_of(architecture);
	int64_t highest = highest_named(profile, architecture, limit, library);
	struct gap gap = { (uint32_t)(highest + 1), limit };
	struct token *token = tokens;
	size_t i;

	if (highest < 0)
		return; /* nothing to measure by */
	while (token < tokens + *count && token->value != value)
		token++;
	for (i = 0; i < token->count; i++)
		if (token->gaps[i].until == limit)
			return; /* named twice */
	token->value = value;
	token->gaps[token->count++] = gap;
	if (token == tokens + *count)
		(*count)++;
}

static size_t write_token(struct sock_filter *out, const struct token *token)
{
	size_t i, at = 0;
	uint8_t rest = (uint8_t)(2 + 3 * token->count);

	out[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                         offsetof(struct seccomp_data, arch));
	out[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, token->value, 0,
	                                         (uint8_t)(rest - 1));
	out[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                         offsetof(struct seccomp_data, nr));
	for (i = 0; i < token->count; i++) {
		const struct gap *gap = &token->gaps[i];

		out[at++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, gap->from, 0, 2);
		out[at++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, gap->until, 1, 0);
		out[at++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	}
	return at;
}
