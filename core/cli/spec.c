/* spec: writes a config.json to begin with: runc's, to the byte, but for version and hostname. */
#include "cli/commands.h"
#include "cli/version.h"
#include "cli/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

struct spec_options {
	const char *bundle;
	bool rootless;
};

static const struct option_row spec_rows[] = {
	OPTION(struct spec_options, bundle, "bundle", 'b', "DIR",
	       "where to write it (default: this directory)"),
	OPTION(struct spec_options, rootless, "rootless", 0, NULL,
	       "one for a container without root, in a user namespace"),
	OPTION_ROWS_END,
};

#define TEXTS(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static const struct example_mount {
	const char *destination, *type, *source;
	const char *const *options;
} mounts[] = {
	{ "/proc", "proc", "proc", NULL },
	{ "/dev", "tmpfs", "tmpfs", TEXTS("nosuid", "strictatime", "mode=755", "size=65536k") },
	{ "/dev/pts", "devpts", "devpts",
	  TEXTS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5") },
	{ "/dev/shm", "tmpfs", "shm",
	  TEXTS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k") },
	{ "/dev/mqueue", "mqueue", "mqueue", TEXTS("nosuid", "noexec", "nodev") },
	{ "/sys", "sysfs", "sysfs", TEXTS("nosuid", "noexec", "nodev", "ro") },
	{ "/sys/fs/cgroup", "cgroup", "cgroup",
	  TEXTS("nosuid", "noexec", "nodev", "relatime", "ro") },
}, rootless_mounts[] = {
	{ "/proc", "proc", "proc", NULL },
	{ "/dev", "tmpfs", "tmpfs", TEXTS("nosuid", "strictatime", "mode=755", "size=65536k") },
	/* group 5 has no id in a user namespace of one user */
	{ "/dev/pts", "devpts", "devpts",
	  TEXTS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620") },
	{ "/dev/shm", "tmpfs", "shm",
	  TEXTS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k") },
	{ "/dev/mqueue", "mqueue", "mqueue", TEXTS("nosuid", "noexec", "nodev") },
	/* sysfs shows the network namespace, which is the host's here */
	{ "/sys", "none", "/sys", TEXTS("rbind", "nosuid", "noexec", "nodev", "ro") },
	{ "/sys/fs/cgroup", "cgroup", "cgroup",
	  TEXTS("nosuid", "noexec", "nodev", "relatime", "ro") },
};

_Static_assert(sizeof(mounts) == sizeof(rootless_mounts), "one loop prints either");

static void print_process(struct json_writer *json)
{
	static const char *const sets[] = { "bounding", "effective", "permitted", "ambient" };

	writer_begin_object(json, "process");
	writer_bool(json, "terminal", true);
	writer_begin_object(json, "user");
	writer_integer(json, "uid", 0);
	writer_integer(json, "gid", 0);
	writer_end_object(json);
	writer_strings(json, "args", TEXTS("sh"));
	writer_strings(json, "env",
	               TEXTS("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	                     "TERM=xterm"));
	writer_string(json, "cwd", "/");
	writer_begin_object(json, "capabilities");
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		writer_strings(json, sets[i],
		               TEXTS("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"));
	writer_end_object(json);
	writer_begin_array(json, "rlimits");
	writer_begin_object(json, NULL);
	writer_string(json, "type", "RLIMIT_NOFILE");
	writer_integer(json, "hard", 1024);
	writer_integer(json, "soft", 1024);
	writer_end_object(json);
	writer_end_array(json);
	writer_bool(json, "noNewPrivileges", true);
	writer_end_object(json);
}

static void print_mounts(struct json_writer *json, bool rootless)
{
	const struct example_mount *rows = rootless ? rootless_mounts : mounts;

	writer_begin_array(json, "mounts");
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		writer_begin_object(json, NULL);
		writer_string(json, "destination", rows[i].destination);
		writer_string(json, "type", rows[i].type);
		writer_string(json, "source", rows[i].source);
		if (rows[i].options)
			writer_strings(json, "options", rows[i].options);
		writer_end_object(json);
	}
	writer_end_array(json);
}

/* {"devices": [{"allow": false, "access": "rwm"}]} */
static void print_resources(struct json_writer *json)
{
	writer_begin_object(json, "resources");
	writer_begin_array(json, "devices");
	writer_begin_object(json, NULL);
	writer_bool(json, "allow", false);
	writer_string(json, "access", "rwm");
	writer_end_object(json);
	writer_end_array(json);
	writer_end_object(json);
}

/* Root inside is the caller outside, and no one else is there. */
static void print_mapping(struct json_writer *json, const char *key, uint32_t host_id)
{
	writer_begin_array(json, key);
	writer_begin_object(json, NULL);
	writer_integer(json, "containerID", 0);
	writer_integer(json, "hostID", host_id);
	writer_integer(json, "size", 1);
	writer_end_object(json);
	writer_end_array(json);
}

static bool cgroup2_alone(void)
{
	struct statfs found;

	return statfs("/sys/fs/cgroup", &found) == 0 && found.f_type == CGROUP2_SUPER_MAGIC;
}

static void print_namespaces(struct json_writer *json, bool rootless)
{
	const struct {
		const char *type;
		bool wanted;
	} rows[] = {
		{ "pid", true },      { "network", !rootless }, { "ipc", true },
		{ "uts", true },      { "mount", true },        { "cgroup", cgroup2_alone() },
		{ "user", rootless },
	};

	writer_begin_array(json, "namespaces");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!rows[i].wanted)
			continue;
		writer_begin_object(json, NULL);
		writer_string(json, "type", rows[i].type);
		writer_end_object(json);
	}
	writer_end_array(json);
}

static void print_linux(struct json_writer *json, bool rootless)
{
	writer_begin_object(json, "linux");
	if (rootless) {
		print_mapping(json, "uidMappings", geteuid());
		print_mapping(json, "gidMappings", getegid());
	} else {
		print_resources(json);
	}
	print_namespaces(json, rootless);
	writer_strings(json, "maskedPaths",
	               TEXTS("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
	                     "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
	                     "/proc/sched_debug", "/sys/firmware", "/proc/scsi"));
	writer_strings(
		json, "readonlyPaths",
		TEXTS("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"));
	writer_end_object(json);
}

static void print_spec(FILE *out, bool rootless)
{
	struct json_writer json = { .out = out, .indent = "\t" };

	writer_begin_object(&json, NULL);
	writer_string(&json, "ociVersion", IRONBOX_SPEC_VERSION);
	print_process(&json);
	writer_begin_object(&json, "root");
	writer_string(&json, "path", "rootfs");
	writer_bool(&json, "readonly", true);
	writer_end_object(&json);
	writer_string(&json, "hostname", "ironbox");
	print_mounts(&json, rootless);
	print_linux(&json, rootless);
	writer_end_object(&json);
}

static int run_spec(struct invocation *invocation, struct ironbox_error *error)
{
	const struct spec_options *options = invocation->options;
	cleanup_close int bundle_fd = -1;
	int file_fd;
	FILE *out;

	bundle_fd = open(options->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bundle_fd < 0)
		return error_begin(error, errno, "spec: open the bundle %s", options->bundle);
	file_fd = openat(bundle_fd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file_fd < 0 && errno == EEXIST) /* runc's words */
		return error_begin(error, 0, "File config.json exists. Remove it first");
	out = file_fd < 0 ? NULL : fdopen(file_fd, "w");
	if (!out)
		return error_begin(error, errno, "spec: make config.json");
	print_spec(out, options->rootless);
	if (output_end(out) < 0) {
		int code = errno;

		fclose(out);
		unlinkat(bundle_fd, "config.json", 0); /* half a file helps no one */
		return error_begin(error, code, "spec: write config.json");
	}
	fclose(out); /* flushed already */
	return 0;
}

const struct command spec_command = {
	.name = "spec",
	.arguments = "",
	.summary = "write a config.json to begin with",
	.options = spec_rows,
	.defaults = &(const struct spec_options){ .bundle = "." },
	.options_size = sizeof(struct spec_options),
	.run = run_spec,
};
