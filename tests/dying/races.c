/*
 * races: two verbs at once on one id, again and again. What they may end in is no table: it is what
 * the same two end in when they come one after the other, in either order.
 *
 *   races --id ID --look FOLDER --work FOLDER --rounds N --bundle FOLDER -- ironbox [OPTION…]
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "subject.h"

#define OUTCOMES_MOST 32
#define FROZEN_S      5
#define SETTLE_TRIES  200
#define SETTLE_US     10000
#define WORDS_SIZE    512

/* "%s" is the id, "%b" the bundle */
static const struct verb {
	const char *name, *words;
} verbs[] = {
	{ "create", "create --bundle %b %s" },
	{ "start", "start %s" },
	{ "exec", "exec %s /bin/true" },
	{ "kill", "kill %s KILL" },
	{ "pause", "pause %s" },
	{ "resume", "resume %s" },
	{ "update", "update --pids-limit 30 %s" },
	{ "delete", "delete %s" },
	{ "delete -f", "delete --force %s" },
	{ "state", "state %s" },
};
enum { VERBS = sizeof(verbs) / sizeof(verbs[0]), KILL = 3, RESUME = 5 };

/* What is there before: nothing, one that was created, one that runs. */
static const char *const beginnings[] = { "nothing", "created", "running" };
enum { BEGINNINGS = sizeof(beginnings) / sizeof(beginnings[0]) };

struct outcome {
	bool well[2];
	char state[16]; /* as `state` tells it; "none" */
};

struct race {
	struct subject subject;
	const char *bundle;
	unsigned rounds, failures, races;
	struct outcome allowed[OUTCOMES_MOST];
	unsigned allowed_count;
};

static void words_of(const struct race *race, const struct verb *verb, char words[WORDS_SIZE])
{
	size_t length = 0;

	for (const char *at = verb->words; *at && length < WORDS_SIZE - 1; at++) {
		const char *put = !strncmp(at, "%s", 2)   ? race->subject.id
		                  : !strncmp(at, "%b", 2) ? race->bundle
		                                          : NULL;

		if (put)
			length += (size_t)snprintf(words + length, WORDS_SIZE - length, "%s", put);
		else
			words[length++] = *at;
		at += put != NULL;
	}
	words[length < WORDS_SIZE ? length : WORDS_SIZE - 1] = '\0';
}

/* The verb worked. An exec whose process was killed with the container has worked as well: it came
 * before the kill. A signal or a wait for ever is neither. */
static bool has_worked(struct race *race, const struct verb *verb, int status)
{
	if (!WIFEXITED(status)) {
		printf("  %s: status 0x%x\n", verb->name, (unsigned)status);
		race->failures++;
	}
	return status == 0 || (!strcmp(verb->name, "exec") && WIFEXITED(status) &&
	                       WEXITSTATUS(status) == 128 + SIGKILL);
}

static bool say(struct race *race, const struct verb *verb)
{
	char words[WORDS_SIZE];

	words_of(race, verb, words);
	return has_worked(race, verb, subject_run(&race->subject, words));
}

/* The state that `state` tells; "none" where there is no container. */
static void look(struct race *race, char state[16])
{
	char text[OUTPUT_MOST + 1];
	const char *at;

	memcpy(state, "none", 5);
	if (!say(race, &verbs[VERBS - 1]))
		return;
	at = strstr(subject_output(&race->subject, text), "\"status\": \"");
	if (!at || sscanf(at, "\"status\": \"%15[a-z]", state) != 1)
		memcpy(state, "torn", 5);
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return a->well[0] == b->well[0] && a->well[1] == b->well[1] && !strcmp(a->state, b->state);
}

static bool is_allowed(const struct race *race, const struct outcome *outcome)
{
	for (unsigned i = 0; i < race->allowed_count; i++)
		if (is_same(&race->allowed[i], outcome))
			return true;
	return false;
}

static bool set_up(struct race *race, unsigned beginning)
{
	for (unsigned step = 0; step < beginning; step++)
		if (!say(race, &verbs[step])) {
			printf("  could not %s\n", verbs[step].name);
			return false;
		}
	return true;
}

static bool clean_up(struct race *race)
{
	bool well = subject_deletes_silently(&race->subject);

	return subject_left_nothing(&race->subject) && well;
}

/* Both in one order; what a kill has done by the time of the next verb, or a little later. */
static bool learn(struct race *race, unsigned beginning, const unsigned pair[2], unsigned first,
                  useconds_t between)
{
	struct outcome outcome;

	if (!set_up(race, beginning))
		return false;
	outcome.well[first] = say(race, &verbs[pair[first]]);
	usleep(between);
	outcome.well[!first] = say(race, &verbs[pair[!first]]);
	usleep(between);
	look(race, outcome.state);
	if (!is_allowed(race, &outcome) && race->allowed_count < OUTCOMES_MOST)
		race->allowed[race->allowed_count++] = outcome;
	return clean_up(race);
}

static pid_t send_off(struct race *race, const struct verb *verb)
{
	char words[WORDS_SIZE];
	char **command;
	pid_t pid;

	words_of(race, verb, words);
	command = command_build(race->subject.prefix, words);
	pid = command ? fork() : -1;
	if (pid == 0)
		command_execute(command, race->subject.output_fd);
	free(command);
	return pid;
}

/* What is frozen at its work goes on when it is resumed; till then who waits for it waits. Sent off
 * and not waited for: command_run would reap, and so forget, the two verbs. */
static bool thaw(struct race *race, struct outcome *outcome)
{
	look(race, outcome->state);
	return !strcmp(outcome->state, "paused") && send_off(race, &verbs[RESUME]) > 0;
}

/* Waits for both. 0: not within the time. */
static int await_both(struct race *race, const unsigned pair[2], pid_t pids[2], unsigned seconds,
                      struct outcome *outcome)
{
	pid_t ended = 1;
	int status;

	command_deadline(seconds);
	while ((pids[0] || pids[1]) && (ended = waitpid(-1, &status, 0)) > 0)
		for (int i = 0; i < 2; i++)
			if (ended == pids[i]) {
				outcome->well[i] = has_worked(race, &verbs[pair[i]], status);
				pids[i] = 0;
			}
	command_deadline(0);
	return ended > 0;
}

/* Both at once. A state that is not allowed may be one on the way: a kill takes its time. */
static bool run_at_once(struct race *race, const unsigned pair[2], struct outcome *outcome)
{
	pid_t pids[2];

	for (int i = 0; i < 2; i++)
		pids[i] = send_off(race, &verbs[pair[i]]);
	if (!await_both(race, pair, pids, FROZEN_S, outcome)) {
		if (!thaw(race, outcome))
			return false;
		return await_both(race, pair, pids, FROZEN_S, outcome) && is_allowed(race, outcome);
	}
	for (int tries = 0; tries < SETTLE_TRIES; tries++) {
		look(race, outcome->state);
		if (is_allowed(race, outcome))
			return true;
		usleep(SETTLE_US);
	}
	return false;
}

static void complain(struct race *race, unsigned beginning, const unsigned pair[2],
                     const struct outcome *outcome)
{
	char text[OUTPUT_MOST + 1];

	race->failures++;
	printf("%s, %s and %s at once: %s, %s, then %s; allowed:", beginnings[beginning],
	       verbs[pair[0]].name, verbs[pair[1]].name, outcome->well[0] ? "well" : "failed",
	       outcome->well[1] ? "well" : "failed", outcome->state);
	for (unsigned i = 0; i < race->allowed_count; i++)
		printf(" (%s, %s, %s)", race->allowed[i].well[0] ? "well" : "failed",
		       race->allowed[i].well[1] ? "well" : "failed", race->allowed[i].state);
	printf("\n  %s\n", subject_output(&race->subject, text));
}

static bool race_pair(struct race *race, unsigned beginning, const unsigned pair[2])
{
	static const useconds_t waits[] = { 0, 30000 };
	struct outcome outcome = { 0 };

	race->allowed_count = 0;
	for (unsigned first = 0; first < 2; first++)
		for (unsigned wait = 0; wait < 2; wait++)
			if (!learn(race, beginning, pair, first, waits[wait]))
				return false;
	/* a signal is sent before it is delivered: two may be sent to who dies of the first */
	if (pair[0] == KILL && pair[1] == KILL && beginning > 0)
		race->allowed[race->allowed_count++] =
			(struct outcome){ { true, true }, "stopped" };
	for (unsigned round = 0; round < race->rounds; round++) {
		if (!set_up(race, beginning))
			return false;
		race->races++;
		outcome = (struct outcome){ 0 };
		if (!run_at_once(race, pair, &outcome))
			complain(race, beginning, pair, &outcome);
		if (!clean_up(race))
			return false;
	}
	return true;
}

static int race_all(struct race *race)
{
	unsigned pair[2], pairs = 0;

	for (pair[0] = 0; pair[0] < VERBS; pair[0]++)
		for (pair[1] = pair[0]; pair[1] < VERBS; pair[1]++, pairs++)
			for (unsigned from = 0; from < BEGINNINGS; from++)
				if (!race_pair(race, from, pair)) {
					printf("%s, %s and %s: failed\n", beginnings[from],
					       verbs[pair[0]].name, verbs[pair[1]].name);
					return -1;
				}
	printf("%u pairs of verbs, from %d beginnings, %u races: %u ended in what no order "
	       "allows\n",
	       pairs, BEGINNINGS, race->races, race->failures);
	return race->failures ? -1 : 0;
}

int main(int count, char **arguments)
{
	static const struct option options[] = {
		{ "id", 1, NULL, 'i' },     { "look", 1, NULL, 'l' },   { "work", 1, NULL, 'w' },
		{ "rounds", 1, NULL, 'r' }, { "bundle", 1, NULL, 'b' }, { 0 },
	};
	struct race race = { .subject.console_fd = -1 };
	struct subject *subject = &race.subject;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
		if (option == 'i')
			subject->id = optarg;
		else if (option == 'l')
			subject->folders[0] = optarg;
		else if (option == 'w')
			subject->work = optarg;
		else if (option == 'r')
			race.rounds = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'b')
			race.bundle = optarg;
	}
	subject->prefix = arguments + optind;
	if (!subject->id || !subject->folders[0] || !subject->work || !race.bundle ||
	    !race.rounds || !*subject->prefix) {
		fputs("races: see the top of races.c\n", stderr);
		return 2;
	}
	/* one life, for what stays on purpose */
	if (subject_begin(subject) < 0 || !set_up(&race, 2) || !subject_deletes_silently(subject) ||
	    !command_reap() || subject_remember_world(subject) < 0)
		return 1;
	return race_all(&race) < 0 ? 1 : 0;
}
