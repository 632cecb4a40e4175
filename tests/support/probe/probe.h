/* probe: tells from inside a container what holds there, one fact a line. */
#ifndef PROBE_H
#define PROBE_H

/* One thing that probe can tell or do. It prints its lines and returns 0, or the exit code with
 * which probe is to end. arguments[0..count-1] are there; a negative count takes all that follow.
 */
struct fact {
	const char *name;
	int count;
	int (*run)(char **arguments);
	const char *help;
};

extern const struct fact process_facts[], kernel_facts[], file_facts[], deeds[];

/* Prints "WHAT: ERRNO" (such as "open /x: ENOENT") and returns 1: a failure is a fact too. */
int print_failure(const char *what, const char *on);

/* Copies a file to stdout, each line with this prefix. */
int print_file(const char *path, const char *prefix);

/* The number in text, or the end of probe: a test that cannot type is no test. */
long long number_of(const char *text);

#endif
