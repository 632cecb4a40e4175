/* The answers that the tests expect, worked out without a line of the plugin. */
#ifndef TEST_SECCOMP_REFERENCE_H
#define TEST_SECCOMP_REFERENCE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Classic BPF as the kernel's documentation describes it (networking/filter.rst), as far as
 * seccomp(2) allows. An instruction that it does not allow ends the test. */
uint32_t interpret(const struct sock_filter *filters, size_t count,
                   const struct seccomp_data *call);

/* What a profile, read naively, says of a call. */
struct reference;
struct reference *reference_new(const char *profile_text);
void reference_free(struct reference *reference);
uint32_t reference_answer(const struct reference *reference, const struct seccomp_data *call);
/* Whether that is an answer that a profile leaves room for, where rules speak of one call twice. */
bool reference_admits(const struct reference *reference, const struct seccomp_data *call,
                      uint32_t answer);
/* x86 passes some calls through one number with the real one as an argument: not for us. */
int reference_is_multiplexed(const struct seccomp_data *call);

#endif
