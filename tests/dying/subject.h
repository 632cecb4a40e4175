/* subject.h: the runtime under test and its container, and what is asked after each harm. */
#ifndef DYING_SUBJECT_H
#define DYING_SUBJECT_H

#include <stdbool.h>

#define FOLDERS_MOST 8
#define OUTPUT_MOST  4096

struct subject {
	char *const *prefix; /* ironbox and its global options */
	char *id;
	char *folders[FOLDERS_MOST + 1]; /* looked at for what is left */
	char *work;                      /* not looked at: for our own files */
	char *given_away;                /* a file that is the caller's (--pid-file): nor this */
	int output_fd, console_fd;
	char *world; /* as it is without the container */
};

/* Opens the work folder's output, becomes the reaper of orphans. */
int subject_begin(struct subject *subject);

/* The host is as it should be now. */
int subject_remember_world(struct subject *subject);

/* `prefix` and these words; what waitpid(2) has, or -1. */
int subject_run_by(const struct subject *subject, char *const *prefix, const char *words);
int subject_run(const struct subject *subject, const char *words);

/* What the last command said. */
char *subject_output(const struct subject *subject, char text[OUTPUT_MOST + 1]);

/* It said one line, as ironbox says errors. */
bool subject_told_in_one_line(const struct subject *subject);

/* `delete --force` works, and says nothing. */
bool subject_deletes_silently(const struct subject *subject);

/* No process is left, and nothing else; differences are printed. */
bool subject_left_nothing(struct subject *subject);

#endif
