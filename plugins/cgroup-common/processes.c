/* Walks and signals the processes of a cgroup. */
#include "processes.h"

#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <time.h>

#include <ironbox/cleanup.h>

#include "files.h"
#include "listing.h"
#include "path.h"

#define DEPTH_MOST 128 /* each level of a walk holds an fd; nobody nests so deep in earnest */

static int visit_level(int cgroup_fd, unsigned depth, cgroup_directory_visit *visit, void *context)
{
	cleanup_listing DIR *listing = open_listing(cgroup_fd);
	const struct dirent *entry;

	if (!listing)
		return errno == ENOENT ? 0 : -1;
	if (depth == DEPTH_MOST) {
		errno = ELOOP;
		return -1;
	}
	while ((entry = next_directory(listing))) {
		cleanup_close int fd = cgroup_open(cgroup_fd, entry->d_name);
		int result;

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return -1;
		result = visit(context, fd);
		if (result == 0)
			result = visit_level(fd, depth + 1, visit, context);
		if (result != 0)
			return result;
	}
	return 0;
}

int cgroup_visit_directories(int cgroup_fd, cgroup_directory_visit *visit, void *context)
{
	return visit_level(cgroup_fd, 0, visit, context);
}

/* Of any length: read in pieces. */
int cgroup_visit_pids(int fd, cgroup_process_visit *visit, void *context)
{
	char text[4096];
	ssize_t size;
	pid_t pid = 0;

	while ((size = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < size; i++) {
			bool is_digit = text[i] >= '0' && text[i] <= '9';
			int result = 0;

			if (is_digit && pid < 100 * 1000 * 1000) /* PID_MAX_LIMIT is 2^22 */
				pid = pid * 10 + (text[i] - '0');
			else if (!is_digit) {
				/* 0 is a process that our pid namespace does not see */
				result = pid > 0 ? visit(context, pid) : 0;
				pid = 0;
			}
			if (result != 0)
				return result;
		}
	/* EOPNOTSUPP: a threaded cgroup, whose processes stand in its domain's file, which is
	 * here or above; ENODEV: it was removed meanwhile */
	return size == 0 || errno == EOPNOTSUPP || errno == ENODEV ? 0 : -1;
}

struct process_walk {
	cgroup_process_visit *visit;
	void *context;
};

static int visit_directory(void *context, int directory_fd)
{
	const struct process_walk *walk = context;
	cleanup_close int fd = openat(directory_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	return cgroup_visit_pids(fd, walk->visit, walk->context);
}

int cgroup_visit_processes(int cgroup_fd, cgroup_process_visit *visit, void *context)
{
	struct process_walk walk = { visit, context };
	int result = visit_directory(&walk, cgroup_fd);

	return result ? result : cgroup_visit_directories(cgroup_fd, visit_directory, &walk);
}

struct signal_walk {
	int number, count;
};

static int signal_one(void *context, pid_t pid)
{
	struct signal_walk *walk = context;
	cleanup_close int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0)
		return errno == ESRCH ? 0 : -1;
	if (pidfd_send_signal(pidfd, walk->number, NULL, 0) == 0)
		walk->count++;
	else if (errno != ESRCH)
		return -1;
	return 0;
}

int cgroup_signal_processes(int cgroup_fd, int number)
{
	struct signal_walk walk = { .number = number };

	return cgroup_visit_processes(cgroup_fd, signal_one, &walk) < 0 ? -1 : walk.count;
}

static int take_first(void *context, pid_t pid)
{
	*(pid_t *)context = pid;
	return 1;
}

/* The first line of a file of /proc/PID, "?" if it cannot be had. */
static void read_of_process(int process_fd, const char *name, char *text, size_t size)
{
	if (cgroup_read(process_fd, name, text, size) < 0)
		snprintf(text, size, "?");
}

/* proc(5): the state is the letter behind the command's closing parenthesis, the last in the line,
 * for a command may hold parentheses and blanks itself. */
char cgroup_process_state(int process_fd)
{
	char stat[1024];
	const char *parenthesis;

	read_of_process(process_fd, "stat", stat, sizeof(stat));
	parenthesis = strrchr(stat, ')');
	return parenthesis && parenthesis[1] && parenthesis[2] ? parenthesis[2] : '?';
}

void cgroup_describe_process(const struct ironbox_stage *stage, int cgroup_fd, char *text,
                             size_t size, struct ironbox_error *error)
{
	cleanup_close int fd = -1;
	char name[64], where[128];
	pid_t pid = 0;

	if (cgroup_fd < 0 || cgroup_visit_processes(cgroup_fd, take_first, &pid) != 1) {
		snprintf(text, size, "no process");
		return;
	}
	snprintf(name, sizeof(name), "%d", pid);
	fd = stage->host->open_proc(stage, name, O_RDONLY | O_DIRECTORY, error);
	read_of_process(fd, "comm", name, sizeof(name));
	read_of_process(fd, "wchan", where, sizeof(where));
	snprintf(text, size, "process %d (%s), state %c, in %s", pid, name,
	         cgroup_process_state(fd), where);
}

uint64_t cgroup_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void cgroup_sleep_ms(unsigned ms)
{
	struct timespec nap = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&nap, NULL); /* cut short by a signal: the caller looks at the clock */
}
