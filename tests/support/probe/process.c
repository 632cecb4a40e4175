/* What the process itself got: ids, capabilities, limits, signals, scheduling. By system calls
 * where there are any, so that they hold in a container without /proc too. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

static const char *const capability_names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};
#define CAPABILITIES (sizeof(capability_names) / sizeof(capability_names[0]))

static void print_set(const char *name, unsigned long long bits)
{
	fputs(name, stdout);
	for (size_t number = 0; number < CAPABILITIES; number++)
		if (bits >> number & 1)
			printf(" CAP_%s", capability_names[number]);
	puts(bits ? "" : " none");
}

static int print_capabilities(char **arguments)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	unsigned long long bounding = 0, ambient = 0;

	(void)arguments;
	if (syscall(SYS_capget, &header, data) < 0)
		return print_failure("capget", "");
	for (size_t number = 0; number < CAPABILITIES; number++) {
		if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
			bounding |= 1ULL << number;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1)
			ambient |= 1ULL << number;
	}
	print_set("inheritable",
	          (unsigned long long)data[1].inheritable << 32 | data[0].inheritable);
	print_set("permitted", (unsigned long long)data[1].permitted << 32 | data[0].permitted);
	print_set("effective", (unsigned long long)data[1].effective << 32 | data[0].effective);
	print_set("bounding", bounding);
	print_set("ambient", ambient);
	return 0;
}

static int print_ids(char **arguments)
{
	uid_t uid[3];
	gid_t gid[3], groups[1024];
	int count = getgroups(1024, groups);

	(void)arguments;
	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 || getresgid(&gid[0], &gid[1], &gid[2]) < 0)
		return print_failure("getresuid", "");
	printf("uid %u %u %u %u\n", uid[0], uid[1], uid[2], (unsigned)setfsuid((uid_t)-1));
	printf("gid %u %u %u %u\n", gid[0], gid[1], gid[2], (unsigned)setfsgid((gid_t)-1));
	fputs("groups", stdout);
	for (int at = 0; at < count; at++)
		printf(" %u", groups[at]);
	puts(count > 0 ? "" : " none");
	return 0;
}

static int print_seccomp(char **arguments)
{
	int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

	(void)arguments;
	if (mode < 0)
		return print_failure("prctl", "PR_GET_SECCOMP");
	printf("seccomp %d\n", mode);
	return 0;
}

static int print_no_new_privs(char **arguments)
{
	(void)arguments;
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

static int print_dumpable(char **arguments)
{
	(void)arguments;
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	return 0;
}

static int print_pids(char **arguments)
{
	(void)arguments;
	printf("pid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(), getpgid(0), getsid(0));
	return 0;
}

static int print_cwd(char **arguments)
{
	char path[4096];

	(void)arguments;
	/* The system call, not the library's: it says "(unreachable)" where that is so. */
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return print_failure("getcwd", "");
	printf("cwd %s\n", path);
	return 0;
}

static int print_environment(char **arguments)
{
	(void)arguments;
	for (char **variable = environ; *variable; variable++)
		puts(*variable);
	return 0;
}

static void print_limit(rlim_t limit)
{
	if (limit == RLIM_INFINITY)
		fputs(" unlimited", stdout);
	else
		printf(" %llu", (unsigned long long)limit);
}

/* "RLIMIT_NOFILE 1024 4096": soft, hard. */
static int print_rlimits(char **arguments)
{
	static const char *const names[] = {
		"CPU",     "FSIZE", "DATA",  "STACK",      "CORE",     "RSS",  "NPROC",  "NOFILE",
		"MEMLOCK", "AS",    "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
	};
	struct rlimit limit;

	(void)arguments;
	for (int number = 0; number < (int)RLIM_NLIMITS; number++) {
		if (getrlimit((__rlimit_resource_t)number, &limit) < 0)
			return print_failure("getrlimit", names[number]);
		printf("RLIMIT_%s", names[number]);
		print_limit(limit.rlim_cur);
		print_limit(limit.rlim_max);
		puts("");
	}
	return 0;
}

static int print_umask(char **arguments)
{
	mode_t mask = umask(0);

	(void)arguments;
	umask(mask);
	printf("umask %04o\n", mask);
	return 0;
}

static void print_signal(int number, bool *any)
{
	const char *name = sigabbrev_np(number);

	if (name)
		printf(" SIG%s", name);
	else
		printf(" %d", number);
	*any = true;
}

/* "blocked SIGTERM", "ignored none": a container's program begins with neither. */
static int print_signals(char **arguments)
{
	unsigned long long blocked = 0; /* the kernel's sigset_t: bit n - 1 is signal n */
	struct sigaction action;
	bool any = false;

	(void)arguments;
	if (syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof(blocked)) < 0)
		return print_failure("rt_sigprocmask", "");
	fputs("blocked", stdout);
	for (int number = 1; number <= 64; number++)
		if (blocked >> (number - 1) & 1)
			print_signal(number, &any);
	fputs(any ? "\nignored" : " none\nignored", stdout);
	any = false;
	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			print_signal(number, &any);
	puts(any ? "" : " none");
	return 0;
}

static int print_scheduler(char **arguments)
{
	static const char *const policies[] = { "OTHER", "FIFO", "RR",       "BATCH",
		                                "ISO",   "IDLE", "DEADLINE", "EXT" };
	struct { /* sched_setattr(2) */
		unsigned int size, policy;
		unsigned long long flags;
		int nice;
		unsigned int priority;
		unsigned long long runtime, deadline, period;
		unsigned int util_min, util_max;
	} attributes = { .size = sizeof(attributes) };

	(void)arguments;
	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) < 0)
		return print_failure("sched_getattr", "");
	printf("scheduler SCHED_%s nice %d priority %u flags %llu runtime %llu deadline %llu "
	       "period %llu\n",
	       attributes.policy < 8 ? policies[attributes.policy] : "?", attributes.nice,
	       attributes.priority, attributes.flags, attributes.runtime, attributes.deadline,
	       attributes.period);
	return 0;
}

static int print_io_priority(char **arguments)
{
	static const char *const classes[] = { "NONE", "RT", "BE", "IDLE" };
	long priority = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);

	(void)arguments;
	if (priority < 0)
		return print_failure("ioprio_get", "");
	printf("ioprio IOPRIO_CLASS_%s %ld\n", classes[IOPRIO_PRIO_CLASS(priority) & 3],
	       IOPRIO_PRIO_DATA(priority));
	return 0;
}

static int print_affinity(char **arguments)
{
	cpu_set_t set;

	(void)arguments;
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return print_failure("sched_getaffinity", "");
	fputs("affinity", stdout);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			printf(" %d", cpu);
	puts("");
	return 0;
}

static int print_memory_policy(char **arguments)
{
	static const char *const modes[] = {
		"DEFAULT",        "PREFERRED",          "BIND", "INTERLEAVE", "LOCAL",
		"PREFERRED_MANY", "WEIGHTED_INTERLEAVE"
	};
	unsigned long nodes[16] = { 0 };
	int mode = 0;

	(void)arguments;
	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) < 0)
		return print_failure("get_mempolicy", "");
	printf("mempolicy MPOL_%s flags 0x%x nodes 0x%lx\n",
	       (mode & 0xff) < 7 ? modes[mode & 0xff] : "?", (unsigned int)mode & ~0xffU, nodes[0]);
	return 0;
}

static int print_personality(char **arguments)
{
	(void)arguments;
	printf("personality 0x%x\n", (unsigned int)personality(0xffffffff));
	return 0;
}

static int print_keyring(char **arguments)
{
	char text[256];
	/* keyctl(KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING): "keyring;0;0;3f1b0000;_ses.web1" */
	long size = syscall(SYS_keyctl, 6, -3, text, sizeof(text));

	(void)arguments;
	if (size < 0)
		return print_failure("keyctl", "KEYCTL_DESCRIBE");
	printf("keyring %s\n", text);
	return 0;
}

static int print_keyring_label(char **arguments)
{
	char text[256];
	/* keyctl(KEYCTL_GET_SECURITY, KEY_SPEC_SESSION_KEYRING) */
	long size = syscall(SYS_keyctl, 17, -3, text, sizeof(text));

	(void)arguments;
	if (size < 0)
		return print_failure("keyctl", "KEYCTL_GET_SECURITY");
	printf("keyring %s\n", text);
	return 0;
}

const struct fact process_facts[] = {
	{ "capabilities", 0, print_capabilities, "the five sets, by name" },
	{ "ids", 0, print_ids, "uid, gid: real effective saved filesystem; groups" },
	{ "seccomp", 0, print_seccomp, "0 none, 2 filter" },
	{ "nnp", 0, print_no_new_privs, "no_new_privs" },
	{ "dumpable", 0, print_dumpable, "PR_GET_DUMPABLE" },
	{ "pids", 0, print_pids, "pid, ppid, pgid, sid" },
	{ "cwd", 0, print_cwd, "working directory" },
	{ "env", 0, print_environment, "one variable a line" },
	{ "rlimits", 0, print_rlimits, "RLIMIT_NAME SOFT HARD" },
	{ "umask", 0, print_umask, "four octal digits" },
	{ "signals", 0, print_signals, "blocked and ignored ones" },
	{ "scheduler", 0, print_scheduler, "policy, nice, priority, deadline's times" },
	{ "ioprio", 0, print_io_priority, "class and level" },
	{ "affinity", 0, print_affinity, "the CPUs" },
	{ "mempolicy", 0, print_memory_policy, "mode, flags, nodes" },
	{ "personality", 0, print_personality, "in hex" },
	{ "keyring", 0, print_keyring, "the session keyring" },
	{ "keyring-label", 0, print_keyring_label, "its security label" },
	{ 0 },
};
