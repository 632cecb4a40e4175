/* The process before its verb. */
#include "cli/startup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/host_root.h"
#include "support/log.h"

#define PRESERVED_FDS_MAX 1048576u /* fs.nr_open as Linux has it: proc_sys_fs(5) */

int startup_check_rights(struct ironbox_error *error)
{
	/* auxv and not geteuid(2): file capabilities count too; getauxval(3) */
	if (getauxval(AT_SECURE))
		return error_begin(error, 0,
		                   "refused: ironbox must not be setuid, setgid or have "
		                   "file capabilities");
	return 0;
}

int startup_fds(uint64_t asked, struct ironbox_error *error)
{
	uint32_t preserved = (uint32_t)asked;

	if (asked > PRESERVED_FDS_MAX)
		return error_begin(error, 0, "--preserve-fds: %llu fds, more than %u",
		                   (unsigned long long)asked, PRESERVED_FDS_MAX);
	/* Callers' umasks differ, what we make does not: all of runc's callers have this one */
	umask(022);
	for (uint32_t fd = 3; fd < preserved + 3; fd++)
		if (fcntl((int)fd, F_GETFD) < 0)
			return error_begin(error, errno, "--preserve-fds %u: fd %u", preserved, fd);
	/* CVE-2024-21626: what the caller leaks must not reach the container. Linux 5.11 */
	if (close_range(preserved + 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return error_begin(error, errno, "close_range from fd %u", preserved + 3);
	return 0;
}

int startup_log(const struct global_options *globals, struct ironbox_error *error)
{
	if (strcmp(globals->log_format, "json") == 0)
		process_log.json = true;
	else if (strcmp(globals->log_format, "text") != 0)
		return error_begin(error, 0, "--log-format %s: neither text nor json",
		                   globals->log_format);
	process_log.debug = globals->debug;
	if (!globals->log || !*globals->log)
		return 0;
	process_log.fd =
		open(globals->log, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0644);
	if (process_log.fd < 0)
		return error_begin(error, errno, "open the log %s", globals->log);
	return 0;
}

static int read_rootless(bool *rootless, const char *text, struct ironbox_error *error)
{
	if (strcmp(text, "auto") == 0 || !*text)
		*rootless = !host_root_is_us();
	else if (strcmp(text, "true") == 0)
		*rootless = true;
	else if (strcmp(text, "false") == 0)
		*rootless = false;
	else
		return error_begin(error, 0, "--rootless %s: neither true, false nor auto", text);
	return 0;
}

/* runc's flag, and crun's option, which podman gives with `run --cgroups=disabled`. */
static int read_cgroup_manager(struct runtime *runtime, const struct global_options *globals,
                               struct ironbox_error *error)
{
	const char *manager = globals->cgroup_manager;

	runtime->no_cgroup = strcmp(manager, "disabled") == 0;
	if (!runtime->no_cgroup && strcmp(manager, "cgroupfs") != 0 &&
	    strcmp(manager, "systemd") != 0)
		return error_begin(error, 0,
		                   "--cgroup-manager %s: neither cgroupfs, systemd nor disabled",
		                   manager);
	if (runtime->no_cgroup && globals->systemd_cgroup)
		return error_begin(error, 0,
		                   "--systemd-cgroup: cgroups are disabled (--cgroup-manager)");
	if (globals->systemd_cgroup || strcmp(manager, "systemd") == 0)
		runtime->variant = "systemd";
	return 0;
}

/* path as it is, or below the working directory. */
static char *absolute_path(const char *path)
{
	cleanup_free char *directory = NULL;
	char *joined = NULL;

	if (path[0] == '/')
		return strdup(path);
	directory = getcwd(NULL, 0);
	if (!directory || asprintf(&joined, "%s/%s", directory, path) < 0)
		return NULL;
	return joined;
}

/*
 * Where states are when neither --root nor the ini says it. Without XDG_RUNTIME_DIR an ordinary
 * user gets the folder that pam_systemd(8) makes for him, and not one in /tmp, where anyone may be
 * first. podman as root passes an empty variable, which is as good as none; so is a path that is
 * not absolute, by the XDG Base Directory Specification.
 */
static char *default_state_root(bool rootless)
{
	const char *directory = rootless ? getenv("XDG_RUNTIME_DIR") : NULL;
	char *joined = NULL;
	int size;

	if (directory && directory[0] == '/')
		size = asprintf(&joined, "%s/ironbox", directory);
	else if (rootless && geteuid() != 0)
		size = asprintf(&joined, "/run/user/%u/ironbox", geteuid());
	else
		size = asprintf(&joined, "/run/ironbox");
	return size < 0 ? NULL : joined;
}

int startup_runtime(struct startup *startup, const struct global_options *globals,
                    struct ironbox_error *error)
{
	const char *root = globals->root;

	if (config_load(&startup->config, globals->config, error) < 0)
		return -1;
	if (read_rootless(&startup->runtime.rootless, globals->rootless, error) < 0 ||
	    read_cgroup_manager(&startup->runtime, globals, error) < 0)
		return -1;
	if (!root || !*root)
		root = startup->config.state_root;
	startup->state_root =
		root ? absolute_path(root) : default_state_root(startup->runtime.rootless);
	if (!startup->state_root)
		return error_begin(error, errno, "find the state root");
	startup->runtime.config = &startup->config;
	startup->runtime.state_root = startup->state_root;
	return 0;
}

void startup_free(struct startup *startup)
{
	config_free(&startup->config);
	free(startup->state_root);
}
