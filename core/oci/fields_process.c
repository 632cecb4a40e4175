/* The rows of process: what `exec --process` sends as a document of its own. */
#include "oci/fields.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* (uid_t)-1 means "leave it" to setresuid(2) and its kin, so it is nobody's id. */
#define ID_MAX (UINT32_MAX - 1)

const struct field_word rlimit_words[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ 0 },
};

const struct field_word scheduler_policy_words[] = {
	{ "SCHED_OTHER", SCHED_OTHER },
	{ "SCHED_FIFO", SCHED_FIFO },
	{ "SCHED_RR", SCHED_RR },
	{ "SCHED_BATCH", SCHED_BATCH },
	{ "SCHED_ISO", 4 }, /* a number kept for a policy that no kernel has */
	{ "SCHED_IDLE", SCHED_IDLE },
	{ "SCHED_DEADLINE", 6 }, /* linux/sched.h, which can't stand beside sched.h */
	{ 0 },
};

/* SCHED_FLAG_* of linux/sched.h */
const struct field_word scheduler_flag_words[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { 0 },
};

/* IOPRIO_CLASS_* of linux/ioprio.h */
const struct field_word io_class_words[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
	{ 0 },
};

/* A number at *text, which moves behind it. */
static bool cpu_number_parse(const char **text, unsigned long *number)
{
	char *end;

	*text += strspn(*text, " ");
	if (**text < '0' || **text > '9')
		return false;
	*number = strtoul(*text, &end, 10); /* too big a one becomes ULONG_MAX: no cpu either */
	*text = end + strspn(end, " ");
	return *number < CPU_SETSIZE;
}

bool cpu_list_parse(const char *text, cpu_set_t *set)
{
	unsigned long first, last;

	CPU_ZERO(set);
	for (;; text++) {
		if (!cpu_number_parse(&text, &first))
			return false;
		last = first;
		if (*text == '-') {
			text++;
			if (!cpu_number_parse(&text, &last) || last < first)
				return false;
		}
		for (; first <= last; first++)
			CPU_SET(first, set);
		if (*text != ',')
			return !*text;
	}
}

static bool is_cpu_list(const char *text)
{
	cpu_set_t set;

	return !*text || cpu_list_parse(text, &set);
}

static const struct field_rule cpu_list_rule = { is_cpu_list, "is no list of cpus such as 0-3,7" };

static const struct spec_field gid_item = { INTEGER(NULL, 0, ID_MAX) };

static const struct spec_field user_fields[] = {
	{ INTEGER("uid", 0, ID_MAX) },
	{ INTEGER("gid", 0, ID_MAX) },
	{ INTEGER("umask", 0, 0777) },
	{ LIST("additionalGids", &gid_item) },
	{ IGNORED("username") }, /* Windows */
	{ 0 },
};

static const struct spec_field console_size_fields[] = {
	{ INTEGER("height", 0, UINT16_MAX), .required = true }, /* struct winsize: ioctl_tty(2) */
	{ INTEGER("width", 0, UINT16_MAX), .required = true },
	{ 0 },
};

static const struct spec_field capabilities_fields[] = {
	{ LIST("bounding", &text_item) }, /* an unknown name is a warning: config.md */
	{ LIST("effective", &text_item) },
	{ LIST("permitted", &text_item) },
	{ LIST("inheritable", &text_item) },
	{ LIST("ambient", &text_item) },
	{ 0 },
};

static const struct spec_field rlimit_fields[] = {
	{ TEXT("type"), .required = true, .words = rlimit_words },
	{ UINT64("soft"), .required = true },
	{ UINT64("hard"), .required = true },
	{ 0 },
};
static const struct spec_field rlimit_item = { OBJECT(NULL, rlimit_fields) };

static const struct spec_field scheduler_flag_item = { TEXT(NULL), .words = scheduler_flag_words };
static const struct spec_field scheduler_fields[] = {
	{ TEXT("policy"), .required = true, .words = scheduler_policy_words },
	{ INTEGER("nice", -20, 19) },
	{ INTEGER("priority", 0, 99) },
	{ LIST("flags", &scheduler_flag_item) },
	{ UINT64("runtime") },
	{ UINT64("deadline") },
	{ UINT64("period") },
	{ 0 },
};

static const struct spec_field io_priority_fields[] = {
	{ TEXT("class"), .required = true, .words = io_class_words },
	{ INTEGER("priority", 0, 7) },
	{ 0 },
};

static const struct spec_field affinity_fields[] = {
	{ TEXT("initial"), .rule = &cpu_list_rule },
	{ TEXT("final"), .rule = &cpu_list_rule },
	{ 0 },
};

const struct spec_field process_fields[] = {
	{ LIST("args", &text_item), .owner = "core" },
	{ LIST("env", &env_item), .owner = "core" },
	{ TEXT("cwd"), .owner = "core", .required = true, .rule = &absolute_rule },
	{ OBJECT("user", user_fields), .owner = "core" },
	{ OBJECT("capabilities", capabilities_fields), .owner = "capabilities" },
	{ LIST("rlimits", &rlimit_item), .owner = "core" },
	{ BOOL("noNewPrivileges"), .owner = "core" },
	{ INTEGER("oomScoreAdj", -1000, 1000), .owner = "core" },
	{ BOOL("terminal"), .owner = "rootfs" },
	{ OBJECT("consoleSize", console_size_fields), .owner = "rootfs" },
	{ TEXT("apparmorProfile"), .owner = "apparmor" },
	{ TEXT("selinuxLabel"), .owner = "selinux" },
	{ OBJECT("scheduler", scheduler_fields), .owner = "core" },
	{ OBJECT("ioPriority", io_priority_fields), .owner = "core" },
	{ OBJECT("execCPUAffinity", affinity_fields), .owner = "core" },
	{ IGNORED("commandLine") }, /* Windows */
	{ 0 },
};
