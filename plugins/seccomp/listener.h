/* The seccomp agent at linux.seccomp.listenerPath, which gets the listener of a filter. */
#ifndef SECCOMP_LISTENER_H
#define SECCOMP_LISTENER_H

#include "profile.h"
#include "program.h"

struct listener {
	int self_fd;   /* the symlink /proc/self of the host's procfs, -1 */
	char *message; /* owned; in init and joiner, from listener_introduce on */
};

/* Runtime: connects to the agent; the socket is stage->seal_fd from here on. */
int listener_open(struct listener *listener, struct ironbox_stage *stage,
                  const struct profile *profile, struct ironbox_error *error);
/* Init or joiner, before anything of the container's runs: writes down who we are. */
int listener_introduce(struct listener *listener, const struct ironbox_stage *stage,
                       const struct profile *profile, bool joins, struct ironbox_error *error);
/* Init or joiner: loads the filter and hands its listener over. */
int listener_load(const struct listener *listener, struct ironbox_stage *stage,
                  const struct program *program, unsigned flags, struct ironbox_error *error);
/* The runtime's copies. */
void listener_close(struct listener *listener, struct ironbox_stage *stage);

/* load.c: seccomp(2). An fd with SECCOMP_FILTER_FLAG_NEW_LISTENER, else 0; or -1 with errno. */
int filter_load(const struct program *program, unsigned flags);

/* message.c: the container process state of the spec's config-linux.md. The caller's to free;
 * NULL with errno. `pid` is the process that loads the filter. */
char *message_make(const struct ironbox_stage *stage, const struct profile *profile, pid_t pid,
                   bool joins);

#endif
