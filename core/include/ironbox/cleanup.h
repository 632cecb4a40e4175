/* ironbox/cleanup.h: what a scope owns, it gives back. Header only: plugins may use it too. */
#ifndef IRONBOX_CLEANUP_H
#define IRONBOX_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Both keep errno, so that a return value computed from it survives the end of the scope. */
static inline void ironbox_close_at_end(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd); /* nothing to do about its failure: the fd is gone either way */
	errno = saved;
}

static inline void ironbox_free_at_end(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

#define cleanup_close __attribute__((cleanup(ironbox_close_at_end)))
#define cleanup_free  __attribute__((cleanup(ironbox_free_at_end)))

/* Takes the fd out of its scope: the caller owns it now. */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* Closes what *fd held and puts another fd there. */
static inline void replace_fd(int *fd, int with)
{
	ironbox_close_at_end(fd);
	*fd = with;
}

#endif
