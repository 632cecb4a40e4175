/*
 * measure ROUNDS FILE: runs the cases of a file in turn, ROUNDS times, and prints a table of
 * medians.
 *
 * The file's lines are words: `case NAME` begins a case, `step PROGRAM ARGUMENT...` is one process
 * of it, `await` waits for the end of what the steps before left running, `note TEXT` is printed
 * under the table. "%" in an argument becomes a number that no other round has. All steps of a case
 * are one measurement, from before the first vfork(2) to after the last wait4(2). The first case is
 * what the others are compared with, and so is the one `crun`; after `above NAME` it is what lies
 * above the first case that is compared with what lies above it of the case NAME, and no more than
 * times are printed: the processes are not what is measured there, but what they wait for.
 *
 * Small and static on purpose: the peak RSS of a process includes what it had before its execve(2),
 * which with vfork is this program's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memlock.h"

enum {
	CASES_MAX = 16,
	STEPS_MAX = 8,
	WORDS_MAX = 32,
	NOTES_MAX = 8,
	WARM_UP = 5, /* rounds that are not counted */
};

struct step {
	char *words[WORDS_MAX]; /* none: await */
};

struct test_case {
	char name[64];
	struct step steps[STEPS_MAX];
	int count;
	int output_fd;            /* /dev/null: stdout is the table's */
	double *wall_ms, *cpu_ms; /* one of each for each round */
	long peak_kib;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *copy_of(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		fail("strdup");
	return copy;
}

static void read_step(struct step *step)
{
	int count = 0;

	for (char *word = strtok(NULL, " \n"); word; word = strtok(NULL, " \n")) {
		if (count == WORDS_MAX - 1) {
			errno = E2BIG;
			fail(word);
		}
		step->words[count++] = copy_of(word);
	}
}

struct plan {
	struct test_case cases[CASES_MAX];
	int count;
	char *notes[NOTES_MAX];
	char *above; /* NULL, or the name of a case */
};

static void read_cases(const char *path, struct plan *plan)
{
	struct test_case *cases = plan->cases;
	char line[4096];
	int count = 0, note_count = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		fail(path);
	while (fgets(line, sizeof(line), file)) {
		char *word = strtok(line, " \n");

		if (!word)
			continue;
		if (strcmp(word, "case") == 0 && count < CASES_MAX)
			snprintf(cases[count++].name, sizeof(cases[0].name), "%s",
			         strtok(NULL, "\n"));
		else if (strcmp(word, "await") == 0 && count && cases[count - 1].count < STEPS_MAX)
			cases[count - 1].count++;
		else if (strcmp(word, "step") == 0 && count && cases[count - 1].count < STEPS_MAX)
			read_step(&cases[count - 1].steps[cases[count - 1].count++]);
		else if (strcmp(word, "note") == 0 && note_count < NOTES_MAX)
			plan->notes[note_count++] = copy_of(strtok(NULL, "\n"));
		else if (strcmp(word, "above") == 0)
			plan->above = copy_of(strtok(NULL, " \n"));
		else {
			errno = EINVAL;
			fail(word);
		}
	}
	fclose(file);
	plan->count = count;
}

/* The words of a step, "%" made this number. texts keeps what was written for it. */
static void fill_words(const struct step *step, int number, char **words, char (*texts)[256])
{
	int at = 0;

	for (; step->words[at]; at++) {
		const char *word = step->words[at], *percent = strchr(word, '%');

		words[at] = step->words[at];
		if (!percent)
			continue;
		snprintf(texts[at], sizeof(texts[at]), "%.*s%d%s", (int)(percent - word), word,
		         number, percent + 1);
		words[at] = texts[at];
	}
	words[at] = NULL;
}

static void run_step(struct test_case *test, const struct step *step, int number, double *cpu_ms)
{
	char *words[WORDS_MAX], texts[WORDS_MAX][256];
	struct rusage usage;
	int status;
	pid_t pid;

	fill_words(step, number, words, texts);
	pid = vfork();
	if (pid == 0) {
		dup2(test->output_fd, STDOUT_FILENO);
		execv(words[0], words);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		fail(words[0]);
	if (status != 0) {
		fprintf(stderr, "measure: %s: %s ended with status 0x%x\n", test->name, words[0],
		        (unsigned int)status);
		exit(1);
	}
	*cpu_ms += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
	           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
	if (usage.ru_maxrss > test->peak_kib)
		test->peak_kib = usage.ru_maxrss;
}

/* What `create` leaves running is our child when it has ended, as it is a shim's. */
static void await_all(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void run_case(struct test_case *test, int round)
{
	double cpu_ms = 0, begin_ms = now_ms();

	for (int at = 0; at < test->count; at++)
		if (test->steps[at].words[0])
			run_step(test, &test->steps[at], round, &cpu_ms);
		else
			await_all();
	await_all();
	if (round < WARM_UP)
		return;
	test->wall_ms[round - WARM_UP] = now_ms() - begin_ms;
	test->cpu_ms[round - WARM_UP] = cpu_ms;
}

static int compare_times(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void print_ratio(double median, double base)
{
	if (base > 0)
		printf(" %8.2f", median / base);
	else
		printf(" %8s", "-");
}

static double median_of(const struct test_case *test, int rounds)
{
	return test->wall_ms[rounds / 2];
}

/* That of the case with this name; 0: there is none. */
static double median_named(const struct plan *plan, const char *name, int rounds)
{
	for (int at = 0; at < plan->count; at++)
		if (strcmp(plan->cases[at].name, name) == 0)
			return median_of(&plan->cases[at], rounds);
	return 0;
}

static void print_times(const struct test_case *test, int rounds)
{
	printf("%-28s %6.2f ms %6.2f ms %6.2f ms", test->name, median_of(test, rounds),
	       test->wall_ms[rounds / 10], test->wall_ms[rounds * 9 / 10]);
}

static void print_above(const struct plan *plan, int rounds)
{
	double floor = median_of(&plan->cases[0], rounds);
	double base = median_named(plan, plan->above, rounds) - floor;

	printf("%-28s %9s %9s %9s %9s   x %s\n", "", "median", "p10", "p90", "above", plan->above);
	for (int at = 0; at < plan->count; at++) {
		double above = median_of(&plan->cases[at], rounds) - floor;

		print_times(&plan->cases[at], rounds);
		if (at > 0) {
			printf(" %6.2f ms", above);
			print_ratio(above, base);
		}
		puts("");
	}
}

static void print_table(const struct plan *plan, int rounds)
{
	double crun = median_named(plan, "crun", rounds);

	printf("%-28s %9s %9s %9s %8s %8s %8s %9s\n", "", "median", "p10", "p90", "cpu", "x floor",
	       "x crun", "peak RSS");
	for (int at = 0; at < plan->count; at++) {
		const struct test_case *test = &plan->cases[at];

		print_times(test, rounds);
		printf(" %5.2f ms", test->cpu_ms[rounds / 2]);
		print_ratio(median_of(test, rounds), median_of(&plan->cases[0], rounds));
		print_ratio(median_of(test, rounds), crun);
		printf(" %5ld KiB\n", test->peak_kib);
	}
}

static void print_all(struct plan *plan, int rounds)
{
	for (int at = 0; at < plan->count; at++) {
		qsort(plan->cases[at].wall_ms, (size_t)rounds, sizeof(double), compare_times);
		qsort(plan->cases[at].cpu_ms, (size_t)rounds, sizeof(double), compare_times);
	}
	if (plan->above)
		print_above(plan, rounds);
	else
		print_table(plan, rounds);
	for (int at = 0; at < NOTES_MAX && plan->notes[at]; at++)
		printf("  %s\n", plan->notes[at]);
}

int main(int argument_count, char **arguments)
{
	static struct plan plan;
	int rounds = argument_count == 3 ? atoi(arguments[1]) : 0;

	if (rounds < 1) {
		fputs("usage: measure ROUNDS FILE\n", stderr);
		return 64;
	}
	read_cases(arguments[2], &plan);
	for (int at = 0; at < plan.count; at++) {
		plan.cases[at].output_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		plan.cases[at].wall_ms = calloc((size_t)rounds, sizeof(double));
		plan.cases[at].cpu_ms = calloc((size_t)rounds, sizeof(double));
		if (plan.cases[at].output_fd < 0 || !plan.cases[at].wall_ms ||
		    !plan.cases[at].cpu_ms)
			fail("prepare the cases");
	}
	/* What `create` leaves behind becomes our child, as a shim's would: reaped after each case.
	 */
	if (neutralise_memlock() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		fail("prctl");
	for (int round = 0; round < rounds + WARM_UP; round++)
		for (int at = 0; at < plan.count; at++)
			run_case(&plan.cases[at], round);
	print_all(&plan, rounds);
	return 0;
}
