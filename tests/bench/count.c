/*
 * count COMMAND... [; COMMAND...]: runs the commands one after the other and prints how often they,
 * and all that they start, did what is dear in a kernel: "COUNT WHAT" lines. The command `await`
 * waits for the end of all that the commands before it left running. By ptrace(2), at the
 * system calls themselves, so that a file counts by the file system that it is on and not by its
 * name.
 *
 * count -p PID COMMAND...: what a process that runs, and its children, do while the command runs,
 * and for a moment longer. The command itself is not counted: it is a daemon's client.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memlock.h"

enum counter {
	SYSTEM_CALLS,
	EXECVE,
	PROCESSES,
	THREADS,
	MOUNTS,
	UMOUNTS,
	SUPERBLOCKS,
	MOUNT_EVENTS,
	MIGRATIONS,
	PROC_OPENS,
	SYS_OPENS,
	CGROUP_OPENS,
	CGROUP_LISTS,
	MOUNTINFO_OPENS,
	FSYNCS,
	COUNTERS,
};

static const char *const counter_names[COUNTERS] = {
	[SYSTEM_CALLS] = "system calls, the program's own included",
	[EXECVE] = "execve, the program's own included",
	[PROCESSES] = "processes made (fork, clone)",
	[THREADS] = "threads made",
	[MOUNTS] = "mount, move_mount calls",
	[UMOUNTS] = "umount calls",
	[SUPERBLOCKS] = "new file systems (superblocks)",
	[MOUNT_EVENTS] = "mount events on the host",
	[MIGRATIONS] = "moves between cgroups (cgroup.procs)",
	[PROC_OPENS] = "opens of files in /proc",
	[SYS_OPENS] = "opens of files in /sys",
	[CGROUP_OPENS] = "opens of files in /sys/fs/cgroup",
	[CGROUP_LISTS] = "reads of directories in /sys/fs/cgroup",
	[MOUNTINFO_OPENS] = "of the opens: lists of mounts",
	[FSYNCS] = "fsync, fdatasync, sync",
};

/* One thread that we trace. The call is what it is in, if it is in one. */
struct tracee {
	pid_t tid;
	bool is_inside;
	uint64_t number, arguments[6];
};

enum {
	TRACEES_MAX = 1024,
	TRACE_OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
	                PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC,
	AFTERWARDS_MS = 500, /* a client's last answer comes before its daemon is at rest again */
};

struct tracer {
	struct tracee tracees[TRACEES_MAX];
	long *counts; /* shared with the process that prints them */
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "count: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The slot of a thread, a free one if it is new. */
static struct tracee *find_tracee(struct tracer *tracer, pid_t tid)
{
	struct tracee *unused = NULL;

	for (int at = 0; at < TRACEES_MAX; at++) {
		if (tracer->tracees[at].tid == tid)
			return &tracer->tracees[at];
		if (!unused && tracer->tracees[at].tid == 0)
			unused = &tracer->tracees[at];
	}
	if (!unused) {
		errno = ENOSPC;
		fail("tracees");
	}
	*unused = (struct tracee){ .tid = tid };
	return unused;
}

static void read_text(pid_t tid, uint64_t address, char *text, size_t size)
{
	struct iovec here = { text, size - 1 }, there = { (void *)(uintptr_t)address, size - 1 };
	ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);

	text[got < 0 ? 0 : got] = '\0';
}

static bool ends_with(const char *text, const char *end)
{
	size_t text_size = strlen(text), end_size = strlen(end);

	return text_size >= end_size && strcmp(text + text_size - end_size, end) == 0;
}

/* The file system of a thread's fd, and its name. */
static long file_of(pid_t tid, int64_t fd, char *name, size_t size)
{
	char path[64];
	struct statfs status;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/fd/%lld", tid, (long long)fd);
	got = readlink(path, name, size - 1);
	name[got < 0 ? 0 : got] = '\0';
	return statfs(path, &status) < 0 ? 0 : status.f_type;
}

static void count_open(struct tracer *tracer, pid_t tid, int64_t fd)
{
	char name[PATH_MAX];
	long type = file_of(tid, fd, name, sizeof(name));

	if (type == PROC_SUPER_MAGIC)
		tracer->counts[PROC_OPENS]++;
	else if (type == SYSFS_MAGIC)
		tracer->counts[SYS_OPENS]++;
	else if (type == CGROUP2_SUPER_MAGIC || type == CGROUP_SUPER_MAGIC)
		tracer->counts[CGROUP_OPENS]++;
	if (type == PROC_SUPER_MAGIC &&
	    (ends_with(name, "/mountinfo") || ends_with(name, "/mounts")))
		tracer->counts[MOUNTINFO_OPENS]++;
}

/* mount(2) of a type makes a superblock, or finds one. The cgroup trees are there already. */
static void count_mount(struct tracer *tracer, const struct tracee *tracee)
{
	const uint64_t no_new =
		MS_BIND | MS_REMOUNT | MS_MOVE | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
	char type[16];

	tracer->counts[MOUNTS]++;
	if (tracee->arguments[3] & no_new)
		return;
	read_text(tracee->tid, tracee->arguments[2], type, sizeof(type));
	if (strncmp(type, "cgroup", 6) != 0)
		tracer->counts[SUPERBLOCKS]++;
}

static void count_write(struct tracer *tracer, const struct tracee *tracee)
{
	char name[PATH_MAX];
	long type = file_of(tracee->tid, (int64_t)tracee->arguments[0], name, sizeof(name));

	if ((type == CGROUP2_SUPER_MAGIC || type == CGROUP_SUPER_MAGIC) &&
	    (ends_with(name, "/cgroup.procs") || ends_with(name, "/tasks") ||
	     ends_with(name, "/cgroup.threads")))
		tracer->counts[MIGRATIONS]++;
}

static void count_directory_read(struct tracer *tracer, const struct tracee *tracee)
{
	char name[PATH_MAX];
	long type = file_of(tracee->tid, (int64_t)tracee->arguments[0], name, sizeof(name));

	if (type == CGROUP2_SUPER_MAGIC || type == CGROUP_SUPER_MAGIC)
		tracer->counts[CGROUP_LISTS]++;
}

/* A call that succeeded with this result. */
static void count_call(struct tracer *tracer, const struct tracee *tracee, int64_t result)
{
	switch (tracee->number) {
#ifdef SYS_open
	case SYS_open:
#endif
	case SYS_openat:
	case SYS_openat2:
		count_open(tracer, tracee->tid, result);
		break;
	case SYS_mount:
		count_mount(tracer, tracee);
		break;
	case SYS_move_mount:
		tracer->counts[MOUNTS]++;
		break;
	case SYS_fsconfig:
		if (tracee->arguments[1] == FSCONFIG_CMD_CREATE ||
		    tracee->arguments[1] == 8 /* FSCONFIG_CMD_CREATE_EXCL, Linux 6.6 */)
			tracer->counts[SUPERBLOCKS]++;
		break;
	case SYS_umount2:
		tracer->counts[UMOUNTS]++;
		break;
	case SYS_write:
	case SYS_pwrite64:
		count_write(tracer, tracee);
		break;
	case SYS_getdents64:
		count_directory_read(tracer, tracee);
		break;
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_sync:
	case SYS_syncfs:
		tracer->counts[FSYNCS]++;
		break;
	}
}

static void on_system_call(struct tracer *tracer, struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->tid, sizeof(info), &info) < 0)
		return; /* killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY || info.op == PTRACE_SYSCALL_INFO_SECCOMP) {
		tracer->counts[SYSTEM_CALLS]++;
		tracee->is_inside = true;
		tracee->number = info.entry.nr;
		memcpy(tracee->arguments, info.entry.args, sizeof(tracee->arguments));
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT && tracee->is_inside) {
		tracee->is_inside = false;
		if (!info.exit.is_error)
			count_call(tracer, tracee, info.exit.rval);
	}
}

static void on_child(struct tracer *tracer, pid_t tid)
{
	unsigned long child = 0;
	char path[64];

	if (ptrace(PTRACE_GETEVENTMSG, tid, 0, &child) < 0)
		return;
	/* A thread has no /proc entry that readdir tells, but one in its leader's task/. */
	snprintf(path, sizeof(path), "/proc/%d/task/%lu", tid, child);
	tracer->counts[access(path, F_OK) == 0 ? THREADS : PROCESSES]++;
}

static void on_stop(struct tracer *tracer, pid_t tid, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == (SIGTRAP | 0x80))
		on_system_call(tracer, find_tracee(tracer, tid));
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	         event == PTRACE_EVENT_CLONE)
		on_child(tracer, tid);
	else if (event == PTRACE_EVENT_EXEC)
		tracer->counts[EXECVE]++;
	if (event || signal == (SIGTRAP | 0x80))
		signal = 0; /* ours, not the tracee's */
	ptrace(PTRACE_SYSCALL, tid, 0, signal);
}

/* Till this process has ended, or with pid 0 till all have. */
static int follow(struct tracer *tracer, pid_t pid)
{
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			on_stop(tracer, tid, status);
			continue;
		}
		find_tracee(tracer, tid)->tid = 0;
		if (tid == pid)
			return status;
	}
	return 0;
}

static void run_command(struct tracer *tracer, char **words)
{
	int gate[2], status;
	char byte;
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC) < 0)
		fail("pipe2");
	pid = fork();
	if (pid == 0) {
		if (read(gate[0], &byte, 1) != 1 || neutralise_memlock() < 0)
			_exit(126);
		execv(words[0], words);
		_exit(127);
	}
	if (pid < 0 || ptrace(PTRACE_SEIZE, pid, 0, TRACE_OPTIONS | PTRACE_O_EXITKILL) < 0)
		fail("ptrace PTRACE_SEIZE");
	if (write(gate[1], "", 1) != 1)
		fail("write");
	close(gate[0]);
	close(gate[1]);
	status = follow(tracer, pid);
	if (status != 0) {
		fprintf(stderr, "count: %s ended with status 0x%x\n", words[0],
		        (unsigned int)status);
		exit(1);
	}
}

/* The words up to the next ";" or the end; *arguments then stands behind them. */
static char **next_command(char ***arguments)
{
	char **words = *arguments, **at = words;

	while (*at && strcmp(*at, ";") != 0)
		at++;
	*arguments = *at ? at + 1 : at;
	*at = NULL;
	return words;
}

/* The tracer: a process of its own, so that the observer of mounts is none of its children. */
static _Noreturn void trace(long *counts, char **arguments)
{
	static struct tracer tracer;

	tracer.counts = counts;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		fail("prctl PR_SET_CHILD_SUBREAPER");
	while (*arguments) {
		char **words = next_command(&arguments);

		if (strcmp(words[0], "await") == 0)
			follow(&tracer, 0);
		else
			run_command(&tracer, words);
	}
	follow(&tracer, 0);
	exit(0);
}

/* ---- what runs already ---- */

static void seize(pid_t tid)
{
	/* it may end meanwhile; without PTRACE_O_EXITKILL it goes on when we have ended */
	if (ptrace(PTRACE_SEIZE, tid, 0, TRACE_OPTIONS) < 0 && errno != ESRCH)
		fail("ptrace PTRACE_SEIZE");
	ptrace(PTRACE_INTERRUPT, tid, 0, 0); /* its first stop, from which on calls are seen */
}

/* Its threads, and its children with theirs: proc_tid_children(5). */
static void seize_family(pid_t pid)
{
	char path[300];
	struct dirent *entry;
	DIR *folder;
	FILE *children;
	pid_t child;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	folder = opendir(path);
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		seize((pid_t)atoi(entry->d_name));
		snprintf(path, sizeof(path), "/proc/%d/task/%s/children", pid, entry->d_name);
		children = fopen(path, "re");
		while (children && fscanf(children, "%d", &child) == 1)
			seize_family(child);
		if (children)
			fclose(children);
	}
	if (folder)
		closedir(folder);
}

/* A process that ends so much later than the client, for follow. */
static pid_t begin_afterwards(void)
{
	const struct timespec pause = { .tv_nsec = AFTERWARDS_MS * 1000000L };
	pid_t pid = fork();

	if (pid == 0) {
		nanosleep(&pause, NULL);
		_exit(0);
	}
	return pid;
}

static _Noreturn void trace_running(long *counts, pid_t pid, char **words)
{
	static struct tracer tracer;
	pid_t client;
	int status;

	tracer.counts = counts;
	seize_family(pid);
	client = fork();
	if (client == 0) {
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC),
		     STDOUT_FILENO); /* it is the counts' */
		execv(words[0], words);
		_exit(127);
	}
	status = follow(&tracer, client);
	if (status != 0) {
		fprintf(stderr, "count: %s ended with status 0x%x\n", words[0],
		        (unsigned int)status);
		exit(1);
	}
	follow(&tracer, begin_afterwards());
	exit(0);
}

/* proc_pid_mountinfo(5): poll(2) tells POLLERR and POLLPRI at each change. Till the process ends.
 */
static long observe_mounts(int mountinfo_fd, int pidfd)
{
	struct pollfd watched[] = { { .fd = mountinfo_fd, .events = POLLPRI },
		                    { .fd = pidfd, .events = POLLIN } };
	long events = 0;

	while (poll(watched, 2, -1) > 0) {
		if (watched[0].revents & POLLPRI)
			events++;
		else if (watched[1].revents)
			break;
	}
	return events;
}

int main(int count, char **arguments)
{
	long *counts = mmap(NULL, COUNTERS * sizeof(long), PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int mountinfo_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), status;
	bool running = count > 3 && strcmp(arguments[1], "-p") == 0;
	pid_t pid;

	if (count < 2) {
		fputs("usage: count [-p PID] COMMAND... [; COMMAND...]\n", stderr);
		return 64;
	}
	if (counts == MAP_FAILED || mountinfo_fd < 0)
		fail("/proc/self/mountinfo");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0 && running)
		trace_running(counts, (pid_t)atoi(arguments[2]), arguments + 3);
	if (pid == 0)
		trace(counts, arguments + 1);
	counts[MOUNT_EVENTS] = observe_mounts(mountinfo_fd, (int)syscall(SYS_pidfd_open, pid, 0));
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 1;
	for (int at = 0; at < COUNTERS; at++)
		printf("%ld %s\n", counts[at], counter_names[at]);
	return 0;
}
