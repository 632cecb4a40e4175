/* features: what this runtime can do, as the spec's features document. */
#include "cli/features.h"

#include "cli/commands.h"
#include "cli/version.h"
#include "cli/writer.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const hooks[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL
};

/* config.md, "Linux mount options". Any other name goes to the filesystem as data. */
static const char *const mount_options[] = {
	"async",       "atime",
	"bind",        "defaults",
	"dev",         "diratime",
	"dirsync",     "exec",
	"idmap",       "iversion",
	"lazytime",    "loud",
	"mand",        "noatime",
	"nodev",       "nodiratime",
	"noexec",      "noiversion",
	"nolazytime",  "nomand",
	"norelatime",  "nostrictatime",
	"nosuid",      "nosymfollow",
	"private",     "ratime",
	"rbind",       "rdev",
	"rdiratime",   "relatime",
	"remount",     "rexec",
	"ridmap",      "rnoatime",
	"rnodiratime", "rnoexec",
	"rnorelatime", "rnostrictatime",
	"rnosuid",     "rnosymfollow",
	"ro",          "rprivate",
	"rrelatime",   "rro",
	"rrw",         "rshared",
	"rslave",      "rstrictatime",
	"rsuid",       "rsymfollow",
	"runbindable", "rw",
	"shared",      "silent",
	"slave",       "strictatime",
	"suid",        "symfollow",
	"sync",        "tmpcopyup",
	"unbindable",  NULL,
};

static const char *const namespaces[] = { "cgroup", "ipc",  "mount", "network", "pid",
	                                  "time",   "user", "uts",   NULL };

/* capabilities(7), in the order of their numbers, up to Linux 5.9 */
static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
	NULL,
};

static const char *const seccomp_actions[] = {
	"SCMP_ACT_ALLOW",       "SCMP_ACT_ERRNO",
	"SCMP_ACT_KILL",        "SCMP_ACT_KILL_PROCESS",
	"SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG",
	"SCMP_ACT_NOTIFY",      "SCMP_ACT_TRACE",
	"SCMP_ACT_TRAP",        NULL,
};

static const char *const seccomp_operators[] = {
	"SCMP_CMP_EQ", "SCMP_CMP_GE",        "SCMP_CMP_GT", "SCMP_CMP_LE",
	"SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", NULL,
};

/* What Debian 12's libseccomp (2.5.4) knows of the spec's names. */
static const char *const seccomp_archs[] = {
	"SCMP_ARCH_AARCH64",   "SCMP_ARCH_ARM",      "SCMP_ARCH_MIPS",     "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",   "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32",
	"SCMP_ARCH_PARISC",    "SCMP_ARCH_PARISC64", "SCMP_ARCH_PPC",      "SCMP_ARCH_PPC64",
	"SCMP_ARCH_PPC64LE",   "SCMP_ARCH_RISCV64",  "SCMP_ARCH_S390",     "SCMP_ARCH_S390X",
	"SCMP_ARCH_X32",       "SCMP_ARCH_X86",      "SCMP_ARCH_X86_64",   NULL,
};

static const struct seccomp_flag {
	const char *name;
	unsigned value;
} seccomp_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1U << 5 }, /* Linux 5.19 */
};

/* A kernel that knows the flag looks for the filter next, and finds none there: EFAULT. */
static bool kernel_has_flag(const struct seccomp_flag *flag)
{
	unsigned value = flag->value;

	if (value == 1U << 5) /* which means something only with a listener */
		value |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, value, NULL) < 0 && errno == EFAULT;
}

static void print_seccomp_flags(struct json_writer *json, const char *key, bool supported_only)
{
	writer_begin_array(json, key);
	for (size_t i = 0; i < sizeof(seccomp_flags) / sizeof(seccomp_flags[0]); i++)
		if (!supported_only || kernel_has_flag(&seccomp_flags[i]))
			writer_string(json, NULL, seccomp_flags[i].name);
	writer_end_array(json);
}

static void print_seccomp(struct json_writer *json)
{
	writer_begin_object(json, "seccomp");
	writer_bool(json, "enabled", true);
	writer_strings(json, "actions", seccomp_actions);
	writer_strings(json, "operators", seccomp_operators);
	writer_strings(json, "archs", seccomp_archs);
	print_seccomp_flags(json, "knownFlags", false);
	print_seccomp_flags(json, "supportedFlags", true);
	writer_end_object(json);
}

static void print_cgroup(struct json_writer *json)
{
	writer_begin_object(json, "cgroup");
	writer_bool(json, "v1", true);
	writer_bool(json, "v2", true);
	writer_bool(json, "systemd", true);
	writer_bool(json, "systemdUser", false);
	writer_bool(json, "rdma", true);
	writer_end_object(json);
}

/* {"enabled": true}, below a key */
static void print_enabled(struct json_writer *json, const char *key, bool enabled)
{
	writer_begin_object(json, key);
	writer_bool(json, "enabled", enabled);
	writer_end_object(json);
}

static void print_linux(struct json_writer *json)
{
	writer_begin_object(json, "linux");
	writer_strings(json, "namespaces", namespaces);
	writer_strings(json, "capabilities", capabilities);
	print_cgroup(json);
	print_seccomp(json);
	print_enabled(json, "apparmor", true);
	print_enabled(json, "selinux", true);
	print_enabled(json, "intelRdt", false);
	writer_begin_object(json, "mountExtensions");
	print_enabled(json, "idmap", true);
	writer_end_object(json);
	print_enabled(json, "netDevices", true);
	writer_end_object(json);
}

void features_write(FILE *out, const char *indent)
{
	struct json_writer json = { .out = out, .indent = indent };

	writer_begin_object(&json, NULL);
	writer_string(&json, "ociVersionMin", "1.0.0");
	writer_string(&json, "ociVersionMax", IRONBOX_SPEC_VERSION);
	writer_strings(&json, "hooks", hooks);
	writer_strings(&json, "mountOptions", mount_options);
	print_linux(&json);
	writer_begin_object(&json, "annotations");
	writer_string(&json, "ironbox.commit", IRONBOX_COMMIT);
	writer_string(&json, "ironbox.version", IRONBOX_VERSION);
	/* the name by which callers of any runtime ask for this */
	writer_string(&json, "org.opencontainers.runc.checkpoint.enabled", "true");
	writer_end_object(&json);
	writer_end_object(&json);
}

static int run_features(struct invocation *invocation, struct ironbox_error *error)
{
	(void)invocation;
	features_write(stdout, "    ");
	putchar('\n');
	if (output_end(stdout) < 0)
		return error_begin(error, errno, "write the features");
	return 0;
}

const struct command features_command = {
	.name = "features",
	.arguments = "",
	.summary = "print what this runtime can do, as the spec's features document",
	.run = run_features,
};
