/*
 * reaper ROOT INI VERB …: plays a caller that is no command: a reaper of orphans that has each verb
 * done by a child, as the shim does it. Tells what it sees, a fact a line.
 *
 *   create ID BUNDLE       create and start with pipes as stdio; "hello" is its stdin
 *   swapped ID BUNDLE      the same; the pipes stand in each other's places
 *   terminal ID BUNDLE     create and start, and read what the terminal shows
 *   exec ID PROCESS        a process by this text, with pipes; its terminal, if it asks for one
 *   watch ID PROCESS       the container's memory, before and after that process
 *   hang ID BUNDLE TEXT    create, which comes to where its progress has this text and no further
 *   hold ID PROCESS WORD…  the container held open: see holder.c
 *   die ID BUNDLE COUNT    create, the child killed by SIGKILL sooner or later; delete --force
 *   die-exec ID PROCESS COUNT
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "children.h"

/* ---- what is seen ---- */

static void tell_all(const char *what, int fd)
{
	char bytes[65536];
	size_t size = 0;
	ssize_t got;

	/* EIO is a terminal's end */
	while (size < sizeof(bytes) - 1 &&
	       (got = read(fd, bytes + size, sizeof(bytes) - 1 - size)) > 0)
		size += (size_t)got;
	bytes[size] = '\0';
	for (char *line = strtok(bytes, "\r\n"); line; line = strtok(NULL, "\r\n"))
		printf("%s: %s\n", what, line);
	close(fd);
}

struct pipes {
	int ours[3], theirs[3];
};

static void pipes_open(struct pipes *pipes)
{
	for (int i = 0; i < 3; i++) {
		int pair[2];

		if (pipe2(pair, O_CLOEXEC) < 0)
			fail("pipe2");
		pipes->ours[i] = pair[i == 0];
		pipes->theirs[i] = pair[i != 0];
	}
	if (write(pipes->ours[0], "hello\n", 6) != 6)
		fail("write its stdin");
}

static void pipes_let_go(struct pipes *pipes)
{
	for (int i = 0; i < 3; i++)
		close(pipes->theirs[i]);
	close(pipes->ours[0]);
}

/* ---- the scenarios ---- */

/* The ends that the process gets as fds 1, 2 and 0 of the child: the order that is hardest. */
static int do_create_swapped(const struct job *job, struct outcome *outcome)
{
	static const int places[3] = { 1, 2, 0 };
	struct job swapped = *job;

	for (int i = 0; i < 3; i++)
		if (dup2(job->stdio[i], places[i]) < 0)
			fail("dup2");
	swapped.stdio = places;
	return do_create(&swapped, outcome);
}

static int play_create(struct job *job, worker *create)
{
	struct outcome outcome;
	struct pipes pipes;
	pid_t init;
	int fd;

	pipes_open(&pipes);
	job->stdio = pipes.theirs;
	if (!have_done(create, job, &outcome, &fd))
		return 1;
	init = job->shared->pid;
	pipes_let_go(&pipes);
	if (!have_done(do_start, job, &outcome, &fd))
		return 1;
	tell_all("out", pipes.ours[1]);
	tell_all("err", pipes.ours[2]);
	reap(init);
	return have_done(do_delete, job, &outcome, &fd) ? 0 : 1;
}

static int play_terminal(struct job *job)
{
	struct outcome outcome;
	int master_fd, fd;
	pid_t init;

	if (!have_done(do_create, job, &outcome, &master_fd))
		return 1;
	init = job->shared->pid;
	if (!have_done(do_start, job, &outcome, &fd))
		return 1;
	tell_all("terminal", master_fd);
	reap(init);
	return have_done(do_delete, job, &outcome, &fd) ? 0 : 1;
}

static int play_exec(struct job *job)
{
	struct outcome outcome;
	struct pipes pipes;
	int master_fd;
	bool done;

	pipes_open(&pipes);
	job->stdio = pipes.theirs;
	done = have_done(do_exec, job, &outcome, &master_fd);
	pipes_let_go(&pipes);
	if (!done)
		return 1;
	if (master_fd >= 0)
		tell_all("terminal", master_fd);
	tell_all("out", pipes.ours[1]);
	tell_all("err", pipes.ours[2]);
	reap(job->shared->pid);
	return 0;
}

static int play_watch(struct job *job)
{
	struct pollfd watched = { .events = POLLIN };
	struct outcome outcome;
	char bytes[4096];
	int fd;

	if (!have_done(do_watch, job, &outcome, &watched.fd))
		return 1;
	printf("%s, %llu kills\n", watched.fd < 0 ? "nothing to watch" : "watched",
	       (unsigned long long)outcome.oom_kills);
	if (play_exec(job) != 0)
		return 1;
	printf("%s\n", poll(&watched, 1, 20000) == 1 ? "woken" : "not woken");
	while (read(watched.fd, bytes, sizeof(bytes)) > 0)
		;
	printf("drained: %s\n", strerrorname_np(errno));
	close(watched.fd);
	if (!have_done(do_watch, job, &outcome, &fd))
		return 1;
	printf("%llu kills\n", (unsigned long long)outcome.oom_kills);
	return 0;
}

/* Which came to us because who made them died: they die with it, or are killed. */
static void await_orphans(void)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static int play_hang(struct job *job, const char *text)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), fd;
	const int stdio[3] = { null_fd, null_fd, null_fd };
	char line[2 * PROGRESS_SIZE] = "";
	struct outcome outcome;
	struct channel channel;
	pid_t pid;

	job->stdio = stdio;
	pid = begin_child(do_create, job, &channel);
	while (!strstr(line, text)) {
		progress_read(job->shared->progress, line, sizeof(line));
		usleep(1000);
	}
	printf("%s\n", line);
	kill(pid, SIGKILL);
	end_child(pid, &channel, &outcome, &fd);
	await_orphans();
	return have_done(do_delete, job, &outcome, &fd) ? 0 : 1;
}

static bool is_ours(pid_t pid)
{
	siginfo_t info;

	return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* At moments that are spread over the time that it takes. What it made ends with it, or by the
 * delete; what comes to us as an orphan is dead soon, or tell_strays waits for ever. */
static int play_dying(struct job *job, worker *work, int count, bool deletes)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), fd, killed = 0;
	const int stdio[3] = { null_fd, null_fd, null_fd };
	struct outcome outcome;
	struct channel line;

	job->stdio = stdio;
	for (int i = 0; i < count; i++) {
		pid_t pid = begin_child(work, job, &line);

		usleep((useconds_t)(random() % 15000));
		kill(pid, SIGKILL);
		if (!end_child(pid, &line, &outcome, &fd))
			killed++;
		if (deletes && !have_done(do_delete, job, &outcome, &fd))
			return 1;
		if (!deletes && is_ours(job->shared->pid))
			kill(job->shared->pid, SIGKILL);
		job->shared->pid = 0;
		await_orphans();
	}
	printf("%s\n", killed > 0 ? "some were killed" : "none was killed");
	return 0;
}

static int play(struct job *job, const char *verb, char **arguments, int count)
{
	int times = count > 2 ? atoi(arguments[2]) : 1;

	job->id = arguments[0];
	job->bundle = job->process = arguments[1];
	if (!strcmp(verb, "create"))
		return play_create(job, do_create);
	if (!strcmp(verb, "swapped"))
		return play_create(job, do_create_swapped);
	if (!strcmp(verb, "terminal"))
		return play_terminal(job);
	if (!strcmp(verb, "exec"))
		return play_exec(job);
	if (!strcmp(verb, "watch"))
		return play_watch(job);
	if (!strcmp(verb, "hold"))
		return play_hold(job, arguments + 2);
	if (!strcmp(verb, "hang"))
		return play_hang(job, arguments[2]);
	if (!strcmp(verb, "die"))
		return play_dying(job, do_create, times, true);
	if (!strcmp(verb, "die-exec"))
		return play_dying(job, do_exec, times, false);
	return 2;
}

int main(int count, char **arguments)
{
	cleanup_config struct config config = CONFIG_NONE;
	struct runtime runtime = { .config = &config };
	struct job job = { .runtime = &runtime };
	int result;
	ERROR_NONE(error);

	if (count < 6)
		return 2;
	runtime.state_root = arguments[1];
	if (config_load(&config, arguments[2], &error) < 0) {
		fprintf(stderr, "%s\n", error_text(&error));
		return 2;
	}
	alarm(100); /* instead of a test that hangs */
	setvbuf(stdout, NULL, _IONBF, 0);
	job.shared = mmap(NULL, sizeof(*job.shared), PROT_READ | PROT_WRITE,
	                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job.shared == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		fail("become a reaper");
	runtime.progress = job.shared->progress;
	result = play(&job, arguments[3], arguments + 4, count - 4);
	tell_strays();
	return result;
}
