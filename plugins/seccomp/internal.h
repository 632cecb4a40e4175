/* What the stage holds during one verb on one container, and the parts of its phases. */
#ifndef SECCOMP_INTERNAL_H
#define SECCOMP_INTERNAL_H

#include "cache.h"
#include "document.h"
#include "listener.h"

struct seccomp {
	const char *default_profile; /* of the ini; NULL: none */
	struct document *document;   /* read from there; NULL: config.json has a profile */
	bool is_asked;               /* there is a profile, of whichever source */
	bool no_new_privileges;
	struct profile profile;
	struct program program;
	struct key key;
	char *library_path; /* owned: what compiled the program; NULL: it was in the cache */
	struct listener listener;
};

/* trusted.c: the text of the node's default_profile, malloc'ed, if nobody but root can write it; or
 * NULL with the error. */
char *trusted_read(const struct ironbox_stage *stage, const char *path,
                   struct ironbox_error *error);

/* find.c: reads the profile, of config.json or else of this default, and finds or compiles its
 * program. Makes nothing outside of our memory. */
int program_find(struct ironbox_stage *stage, const char *default_profile,
                 struct ironbox_error *error);
/* Keeps a program that is new for the next container. */
void program_keep(struct ironbox_stage *stage);

/* kernel.c: can this kernel do what the profile says? */
int kernel_check_actions(struct ironbox_stage *stage, const struct profile *profile,
                         struct ironbox_error *error);
int kernel_check_flags(const struct ironbox_stage *stage, const struct profile *profile,
                       struct ironbox_error *error);
/* host->report_lack for each thing that it can't. */
void kernel_report_lacks(struct ironbox_stage *stage);

#endif
