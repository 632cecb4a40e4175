/* Paths below a tree that someone else may change under us: resolved by the kernel, once. */
#ifndef IRONBOX_SUPPORT_PATH_H
#define IRONBOX_SUPPORT_PATH_H

#include <stdint.h>
#include <sys/types.h>

/* openat2(2) with O_CLOEXEC and these RESOLVE_* flags; EINTR and EAGAIN (a rename raced with the
 * walk) are tried again. -1 with errno. Linux 5.6; there is no second code path. */
int path_open(int directory_fd, const char *path, int flags, mode_t mode, uint64_t resolve);

/* path_open with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS. */
int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode);

/* Makes the missing directories of `path` below the root, with that mode, and returns an O_PATH fd
 * of the last; a dangling symlink on the way is followed inside the root. -1 with errno. */
int path_make_directories(int root_fd, const char *path, mode_t mode);

#endif
