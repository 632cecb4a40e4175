/* Whether a shim is behind a socket that takes connections. */
#ifndef IRONBOX_SHIM_SERVED_H
#define IRONBOX_SHIM_SERVED_H

#include <stdbool.h>

/* false: nobody answers there, or whoever listened there ended while he was asked. One that listens
 * on and says nothing counts as a shim that has other things to do: asking takes half a second
 * then.
 *
 * For a socket may listen a little longer than its shim lives: while the kernel takes apart one
 * that was killed, and in a fork of it that was about to close what is not its own. */
bool is_served(const char *path);

#endif
