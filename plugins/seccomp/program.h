/* A program: what a profile becomes, in the kernel's classic BPF (seccomp(2)). */
#ifndef SECCOMP_PROGRAM_H
#define SECCOMP_PROGRAM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libseccomp.h"
#include "profile.h"

struct program {
	struct sock_filter *filters; /* at most BPF_MAXINSNS */
	size_t count;
	void *memory; /* owned: the filters are in it */
	/* The first call that the runtime itself still makes and that the program forbids, as
	 * check.c numbers them; 0: none. By where it is loaded. */
	uint32_t blocked_in_confine, blocked_in_seal;
};

void program_free(struct program *program);

/* compile.c: the program of a profile, by libseccomp, with the answer to calls newer than the
 * profile, made short, and checked. */
int program_compile(struct program *program, const struct profile *profile,
                    const struct libseccomp *library, const struct ironbox_host *host,
                    struct ironbox_error *error);

/* enosys.c: fills `out` with what goes in front of the program of a profile and answers ENOSYS to
 * calls that are newer than all it names. How many instructions, or 0 where that is not due. */
#define ENOSYS_MAX 512
size_t enosys_prologue(struct sock_filter out[ENOSYS_MAX], const struct profile *profile,
                       uint32_t native, const struct libseccomp *library);

/* optimise.c: puts a shorter program of the same answers in *program's place if it can make one. */
int program_optimise(struct program *program);

/* verify.c: the first call about which the program says anything else than its rules; NULL: none.
 * Looked at are those with several rules that have conditions. */
const char *program_verify(const struct program *program, const struct profile *profile,
                           const struct libseccomp *library);
bool rule_names(const struct rule *rule, const char *name);
/* Several conditions on one argument, which libseccomp refuses. All of them at once could only be
 * "one value of these" if each is an equality: so senders mean it, and runc and crun take it. */
bool rule_is_choice(const struct rule *rule);

/* check.c: what the program answers to a call. */
uint32_t program_answer(const struct program *program, const struct seccomp_data *call);
/* Finds what program->blocked_… tells. */
void program_check(struct program *program, uint32_t native);
const char *blocked_name(uint32_t blocked);

#endif
