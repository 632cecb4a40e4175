/* An error: what was tried, on what, and why it failed, as one line that grows outwards. */
#ifndef IRONBOX_SUPPORT_ERROR_H
#define IRONBOX_SUPPORT_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ERROR_TEXT_MAX 1016

/* Plain bytes, no pointer: lives on the stack of a cloned child, crosses a socket as it is.
 * The text is filled from its end, so that each caller puts its context in front in place. */
struct ironbox_error {
	int32_t code;   /* errno's value; 0: no system call is to blame */
	uint32_t start; /* the text is text[start] to the '\0' at its end */
	char text[ERROR_TEXT_MAX];
};

/* An error that nobody told of yet. A macro that sets three members, and not all of the text. */
#define ERROR_NONE(name)           \
	struct ironbox_error name; \
	error_reset(&name)

void error_reset(struct ironbox_error *error);

/* "mount /proc at rootfs/proc" becomes "mount /proc at rootfs/proc: Operation not permitted".
 * code 0 says that no system call is to blame. Returns -1, so that a caller can return it. */
int error_begin(struct ironbox_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "rootfs" makes it "rootfs: mount …". What does not fit is cut at the outer end. Returns -1. */
int error_context(struct ironbox_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline const char *error_text(const struct ironbox_error *error)
{
	return error->text + error->start;
}

/* Whether it was told: false right after ERROR_NONE. */
static inline bool error_is_told(const struct ironbox_error *error)
{
	return error->start < ERROR_TEXT_MAX - 1;
}

/* Puts an error that came over a socket in order: its sender is trusted less than we are. */
void error_accept(struct ironbox_error *error);

#endif
