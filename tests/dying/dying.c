/*
 * dying: kills a verb at each boundary of its system calls, one run a boundary, and looks after
 * each whether `delete --force` leaves the host as it was.
 *
 *   dying --id ID --look FOLDER --work FOLDER [OPTION…] --verb WORDS -- ironbox [GLOBAL OPTION…]
 *
 * The sweep ends when the verb lives: then there is no boundary left. How many system calls
 * strace(1) counts for the same verb is put beside the number that it went through.
 *
 *   --before WORDS  a verb that comes first; may be given again
 *   --every N       each N-th boundary alone
 *   --again         after a kill the verb is said once more, before the delete
 *   --family        not the runtime is killed, but one after the other the processes below it
 *   --fail ERRNO    nobody is killed: each call fails once, with this number
 *   --console PATH  listens there for terminals; --given PATH: a file that is the caller's
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "subject.h"
#include "trace.h"
#include "world.h"

#define BEFORES_MOST  8
#define FAILURES_MOST 5
#define THROUGH_TIMES 3
#define LOOKS_MOST    50
#define CALLS_MOST    4096
#define KEY_TRIES     300
#define KEY_PAUSE_US  100000
#define NAP_US        1500 /* init is done with its mounts by then, mostly */

struct sweep {
	struct subject subject;
	char *befores[BEFORES_MOST + 1];
	char *verb;
	unsigned victim, every;
	int error; /* 0: kill */
	bool again, family;
	char good_output[OUTPUT_MOST + 1]; /* of the unharmed verb */
	unsigned calls, tried[2], failures;
	bool ways[CALLS_MOST]; /* by as many calls the verb came through */
};

static int run_befores(const struct sweep *sweep)
{
	char text[OUTPUT_MOST + 1];

	for (char *const *words = sweep->befores; *words; words++) {
		if (subject_run(&sweep->subject, *words) == 0)
			continue;
		printf("before it: %s: %s\n", *words, subject_output(&sweep->subject, text));
		return -1;
	}
	return 0;
}

/* ---- after each harm ---- */

/* Gone by one delete, which can be said again; no process is left, nor anything else. */
static bool can_be_deleted(struct sweep *sweep)
{
	bool well = subject_deletes_silently(&sweep->subject);

	well = subject_deletes_silently(&sweep->subject) && well;
	return subject_left_nothing(&sweep->subject) && well;
}

static bool complain(const struct sweep *sweep, const char *when, int status)
{
	char text[OUTPUT_MOST + 1];

	printf("  %s: status 0x%x: %s\n", when, (unsigned)status,
	       subject_output(&sweep->subject, text));
	return false;
}

/* The verb once more, by somebody who knows nothing of what happened: it works, or says in one line
 * why not. */
static bool can_be_said_again(struct sweep *sweep)
{
	int status = subject_run(&sweep->subject, sweep->verb);

	if (status == 0 || (WIFEXITED(status) && subject_told_in_one_line(&sweep->subject)))
		return true;
	return complain(sweep, "said again", status);
}

/* A process below the runtime died: that is the runtime's to tell, and to end its verb for; or the
 * verb was done by then. */
static bool tells_the_death(struct sweep *sweep, int status)
{
	char text[OUTPUT_MOST + 1];
	bool silent = *subject_output(&sweep->subject, text) == '\0';

	if (silent && status == 0)
		return true;
	if (silent && WIFEXITED(status) && WEXITSTATUS(status) == 128 + 9)
		return true; /* run, exec: of the program's process, which it was from then on */
	if (WIFEXITED(status) && WEXITSTATUS(status) && subject_told_in_one_line(&sweep->subject))
		return true;
	return complain(sweep, "after a death", status);
}

/* All that was said, but for the runtime's own lines, is what the program says without harm. */
static bool says_the_same(const struct sweep *sweep, char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "ironbox: ", 9) != 0 && strncmp(line, "time=", 5) != 0 &&
		    !strstr(sweep->good_output, line))
			return false;
	return true;
}

/* A call failed: that did no harm, or the verb fails in words and has undone all; unless the
 * program had run by then, and it is the end that failed: that can be tried again. Whatever ran
 * said of itself what it says without harm, as far as it came: it had the same capabilities, filter
 * and cgroup. */
static bool copes_with_failure(struct sweep *sweep, int status)
{
	char text[OUTPUT_MOST + 1];
	bool whole = strstr(subject_output(&sweep->subject, text), sweep->good_output);
	bool told = strstr(text, "ironbox: ");
	bool well = WIFEXITED(status) && says_the_same(sweep, text);

	if (well && WEXITSTATUS(status) == 0)
		well = whole;
	else if (well && !whole)
		well = subject_left_nothing(&sweep->subject);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		well = well && told;
	return well || complain(sweep, "after a failure", status);
}

static bool judge(struct sweep *sweep, const struct outcome *outcome, enum side side)
{
	if (!outcome->reached)
		return outcome->status == 0 || complain(sweep, "unharmed", outcome->status);
	if (sweep->error && outcome->spared)
		return outcome->status == 0 || complain(sweep, "unharmed", outcome->status);
	if (sweep->error)
		return copes_with_failure(sweep, outcome->status);
	if (sweep->victim > 0)
		return tells_the_death(sweep, outcome->status);
	return side == AT_ENTRY || !sweep->again || can_be_said_again(sweep);
}

/* ---- the sweep ---- */

static void came_through(struct sweep *sweep, unsigned calls)
{
	sweep->calls = calls;
	sweep->ways[calls % CALLS_MOST] = true;
}

/* 1: harmed and looked at; 0: the verb came through; -1: failed. */
static int try_boundary(struct sweep *sweep, unsigned number, enum side side)
{
	char **command = command_build(sweep->subject.prefix, sweep->verb);
	struct plan plan = { .command = command,
		             .output_fd = sweep->subject.output_fd,
		             .victim = sweep->victim,
		             /* what the dynamic linker does at a failure is glibc's own */
		             .first_call = sweep->error ? SYS_close_range : SYS_execve,
		             .number = number,
		             .side = side,
		             .error = sweep->error,
		             .nap_us = side == AT_ENTRY && !sweep->error ? NAP_US : 0 };
	struct outcome outcome = { 0 };
	bool well;

	if (!command || run_befores(sweep) < 0 || ftruncate(plan.output_fd, 0) < 0)
		return free(command), -1;
	well = trace(&plan, &outcome) == 0;
	if (!well)
		printf("  %s\n", strerror(errno));
	free(command);
	well = well && judge(sweep, &outcome, side);
	well = can_be_deleted(sweep) && well;
	if (!outcome.reached)
		came_through(sweep, outcome.calls);
	else if (!outcome.spared)
		sweep->tried[side]++;
	if (!well) {
		printf("%s: %s at the %s of system call %u (number %ld)\n", sweep->verb,
		       sweep->error ? "failed" : "killed", side == AT_ENTRY ? "entry" : "exit",
		       number, outcome.last_call);
		if (++sweep->failures == FAILURES_MOST)
			return -1;
	}
	return outcome.reached;
}

/* Until the verb comes through three times in a row: where it waits for the kernel it may take a
 * turn less for once. The last call, exit_group(2) or execve(2), has an entry and no exit. */
static int go_through(struct sweep *sweep)
{
	unsigned number = 1, through = 0;
	int reached;

	while (through < THROUGH_TIMES) {
		reached = try_boundary(sweep, number, AT_ENTRY);
		for (int tries = 0, out = sweep->error;
		     reached > 0 && !out && tries < THROUGH_TIMES; tries++) {
			out = try_boundary(sweep, number, AT_EXIT);
			reached = out < 0 ? -1 : reached;
		}
		if (reached < 0)
			return -1;
		through = reached ? 0 : through + 1;
		number += reached ? sweep->every : 0;
	}
	return 0;
}

static bool is_call(const char *line)
{
	/* "--- SIGCHLD", "+++ exited"; a call that the kernel restarts comes once more */
	return *line != '-' && *line != '+' && !strstr(line, "= ? ERESTART");
}

/* How many system calls strace(1) sees in the same verb, once. */
static unsigned count_by_strace(struct sweep *sweep)
{
	char words[1024], path[512], *line = NULL;
	char *const strace[] = { (char[]){ "strace" }, NULL };
	size_t size = 0, length;
	unsigned count = 0;
	FILE *lines;

	snprintf(path, sizeof(path), "%s/strace", sweep->subject.work);
	length = (size_t)snprintf(words, sizeof(words), "-o %s", path);
	for (char *const *word = sweep->subject.prefix; *word; word++)
		length += (size_t)snprintf(words + length, sizeof(words) - length, " %s", *word);
	snprintf(words + length, sizeof(words) - length, " %s", sweep->verb);
	if (run_befores(sweep) < 0)
		return 0;
	subject_run_by(&sweep->subject, strace, words);
	lines = fopen(path, "re");
	while (lines && getline(&line, &size, lines) > 0)
		count += is_call(line);
	free(line);
	if (lines)
		fclose(lines);
	unlink(path);
	return can_be_deleted(sweep) ? count : 0;
}

/*
 * The number of calls of a run that came through is what strace(1) counts for the same verb. A verb
 * that waits for the kernel, as for a hook and for the end of what it says, takes one turn more or
 * less: then both look again, till strace has seen the verb go a way that we saw, too.
 */
static int sweep_runtime(struct sweep *sweep)
{
	unsigned counted;
	bool agreed;

	if (go_through(sweep) < 0)
		return -1;
	for (unsigned looks = 1;; looks++) {
		counted = count_by_strace(sweep);
		agreed = sweep->ways[counted % CALLS_MOST];
		if (agreed || looks == LOOKS_MOST || try_boundary(sweep, UINT_MAX, AT_ENTRY) != 0)
			break;
	}
	printf("%s: strace counts %u system calls, we %u; killed at %u entries and %u exits%s\n",
	       sweep->verb, counted, agreed ? counted : sweep->calls, sweep->tried[AT_ENTRY],
	       sweep->tried[AT_EXIT], sweep->every > 1 ? " (a part of them)" : "");
	return agreed ? 0 : -1;
}

/* Each process that is made below the runtime, until the verb makes no more of them. */
static int sweep_family(struct sweep *sweep)
{
	for (sweep->victim = 1;; sweep->victim++) {
		sweep->calls = sweep->tried[AT_ENTRY] = sweep->tried[AT_EXIT] = 0;
		if (go_through(sweep) < 0)
			return -1;
		if (sweep->calls == 0)
			return sweep->victim > 1 ? 0 : -1;
		printf("%s: process %u below it: killed at %u entries and %u exits\n", sweep->verb,
		       sweep->victim, sweep->tried[AT_ENTRY], sweep->tried[AT_EXIT]);
	}
}

/* Each call of the runtime, and of init or the joiner, fails once. */
static int sweep_failures(struct sweep *sweep)
{
	for (sweep->victim = 0; sweep->victim < 2; sweep->victim++) {
		sweep->calls = sweep->tried[AT_ENTRY] = 0;
		if (go_through(sweep) < 0)
			return -1;
		printf("%s: %s: %u system calls; errno %d was put into %u, all but close and "
		       "wait4\n",
		       sweep->verb, sweep->victim ? "init" : "the runtime", sweep->calls,
		       sweep->error, sweep->tried[AT_ENTRY]);
	}
	return 0;
}

static bool keys_are_gone(const struct sweep *sweep)
{
	for (int tries = 0; tries < KEY_TRIES; tries++) {
		if (!world_has_keys(sweep->subject.id))
			return true;
		usleep(KEY_PAUSE_US);
	}
	printf("  left behind: a key that bears the name %s\n", sweep->subject.id);
	return false;
}

/* ---- the beginning ---- */

static int listen_for_consoles(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		return -1;
	return fd;
}

/* One whole life first: mount points in the root and the cache of seccomp programs stay on purpose.
 * Without a random layout of the address space malloc(3) makes the same calls in each run. */
static int begin(struct sweep *sweep)
{
	struct subject *subject = &sweep->subject;
	int status;

	if (subject_begin(subject) < 0 || personality(ADDR_NO_RANDOMIZE) < 0 ||
	    run_befores(sweep) < 0)
		return -1;
	status = subject_run(subject, sweep->verb);
	if (status != 0)
		return complain(sweep, sweep->verb, status), -1;
	subject_output(subject, sweep->good_output);
	if (!subject_deletes_silently(subject) || !command_reap())
		return -1;
	return subject_remember_world(subject);
}

static const struct option options[] = {
	{ "id", 1, NULL, 'i' },      { "look", 1, NULL, 'l' },  { "work", 1, NULL, 'w' },
	{ "before", 1, NULL, 'b' },  { "verb", 1, NULL, 'v' },  { "given", 1, NULL, 'g' },
	{ "every", 1, NULL, 'e' },   { "again", 0, NULL, 'a' }, { "family", 0, NULL, 'f' },
	{ "console", 1, NULL, 'c' }, { "fail", 1, NULL, 'F' },  { 0 },
};

static int take_option(struct sweep *sweep, int option, size_t *befores, size_t *folders)
{
	struct subject *subject = &sweep->subject;

	switch (option) {
	case 'i':
		subject->id = optarg;
		break;
	case 'w':
		subject->work = optarg;
		break;
	case 'g':
		subject->given_away = optarg;
		break;
	case 'c':
		subject->console_fd = listen_for_consoles(optarg);
		break;
	case 'v':
		sweep->verb = optarg;
		break;
	case 'e':
		sweep->every = (unsigned)strtoul(optarg, NULL, 10);
		break;
	case 'F':
		sweep->error = (int)strtol(optarg, NULL, 10);
		break;
	case 'a':
		sweep->again = true;
		break;
	case 'f':
		sweep->family = true;
		break;
	case 'l':
		if (*folders == FOLDERS_MOST)
			return -1;
		subject->folders[(*folders)++] = optarg;
		break;
	case 'b':
		if (*befores == BEFORES_MOST)
			return -1;
		sweep->befores[(*befores)++] = optarg;
		break;
	default:
		return -1;
	}
	return 0;
}

static int read_options(struct sweep *sweep, int count, char **arguments)
{
	size_t befores = 0, folders = 0;

	for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;)
		if (take_option(sweep, option, &befores, &folders) < 0)
			return -1;
	sweep->subject.prefix = arguments + optind;
	return sweep->subject.id && folders && sweep->subject.work && sweep->verb && sweep->every &&
	                       arguments[optind]
	               ? 0
	               : -1;
}

int main(int count, char **arguments)
{
	struct sweep sweep = { .every = 1, .subject.console_fd = -1 };
	int result;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (read_options(&sweep, count, arguments) < 0) {
		fputs("dying: see the top of dying.c\n", stderr);
		return 2;
	}
	if (begin(&sweep) < 0) {
		printf("%s: could not begin: %s\n", sweep.verb, strerror(errno));
		return 1;
	}
	if (sweep.error)
		result = sweep_failures(&sweep);
	else
		result = sweep.family ? sweep_family(&sweep) : sweep_runtime(&sweep);
	if (!keys_are_gone(&sweep))
		result = -1;
	return result < 0 || sweep.failures ? 1 : 0;
}
