#include "lifecycle/process_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/find_program.h"
#include "lifecycle/home.h"
#include "lifecycle/memory_policy.h"
#include "support/path.h"

static bool has_variable(const struct oci_process *process, const char *name)
{
	size_t i, length = strlen(name);

	for (i = 0; i < process->env_count; i++)
		if (!strncmp(process->env[i], name, length) && process->env[i][length] == '=')
			return true;
	return false;
}

/* Takes text, malloc'ed "NAME=VALUE"; it lives till execve(2). */
static int add_variable(struct oci_process *process, char *text, struct ironbox_error *error)
{
	const char **grown = realloc(process->env, (process->env_count + 2) * sizeof(*grown));

	if (grown)
		process->env = grown;
	if (!text || !grown)
		return error_begin(error, ENOMEM, "add to the environment");
	process->env[process->env_count++] = text;
	process->env[process->env_count] = NULL;
	return 0;
}

static char *number_variable(const char *name, uint32_t value)
{
	char *text;

	return asprintf(&text, "%s=%u", name, value) < 0 ? NULL : text;
}

static int add_home(struct oci_process *process, struct ironbox_error *error)
{
	return has_variable(process, "HOME") ? 0
	                                     : add_variable(process, home_of(process->uid), error);
}

/* sd_listen_fds(3): sockets that were handed to us as fd 3 and up are handed on. podman says so in
 * process.env itself. */
static int add_listen_fds(struct oci_process *process, uint32_t count, struct ironbox_error *error)
{
	const char *names = getenv("LISTEN_FDNAMES");
	char *text;

	if (count == 0 || has_variable(process, "LISTEN_FDS"))
		return 0;
	if (add_variable(process, number_variable("LISTEN_FDS", count), error) < 0 ||
	    add_variable(process, number_variable("LISTEN_PID", 1), error) < 0)
		return -1;
	if (!names)
		return 0;
	return add_variable(process, asprintf(&text, "LISTEN_FDNAMES=%s", names) < 0 ? NULL : text,
	                    error);
}

static int set_rlimits(const struct oci_process *process, struct ironbox_error *error)
{
	size_t i;

	for (i = 0; i < process->rlimits_count; i++) {
		const struct oci_rlimit *row = &process->rlimits[i];

		if (prlimit64(0, (enum __rlimit_resource)row->resource, &row->limit, NULL) < 0)
			return error_begin(error, errno,
			                   "process.rlimits: set %s to soft %llu, hard %llu",
			                   row->type, (unsigned long long)row->limit.rlim_cur,
			                   (unsigned long long)row->limit.rlim_max);
	}
	return 0;
}

/* keyrings(7): else the container would share the session keyring of who called the runtime. */
static int join_keyring(const char *id, struct ironbox_error *error)
{
	char name[256];

	snprintf(name, sizeof(name), "_ses.%s", id);
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name) < 0 && errno != ENOSYS)
		return error_begin(error, errno, "join a session keyring of its own");
	return 0;
}

/* The kernel marks a directory outside of our root so; getcwd(3) of glibc hides it. CVE-2024-21626
 */
static int check_inside(const char *cwd, struct ironbox_error *error)
{
	char path[4096];

	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return error_begin(error, errno, "process.cwd %s: read it back", cwd);
	if (path[0] != '/')
		return error_begin(error, 0, "process.cwd %s is outside of the container", cwd);
	return 0;
}

/* A missing one is made with the container, as runc and crun do it. exec makes none: the wrong path
 * of a user is to be told, not to be left in the container. */
static int enter_cwd(const char *cwd, bool may_make, struct ironbox_error *error)
{
	cleanup_close int root_fd = -1, fd = -1;

	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return error_begin(error, errno, "open the container's root");
	fd = may_make ? path_make_directories(root_fd, cwd, 0755)
	              : path_open_in_root(root_fd, cwd, O_PATH | O_DIRECTORY, 0);
	if (fd < 0 || fchdir(fd) < 0)
		return error_begin(error, errno, "process.cwd: enter %s", cwd);
	return check_inside(cwd, error);
}

/* struct sched_attr of sched_setattr(2), which glibc 2.36 has not */
struct scheduler_attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int set_scheduler(const struct oci_scheduler *scheduler, struct ironbox_error *error)
{
	struct scheduler_attributes attributes = {
		.size = sizeof(attributes),
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime = scheduler->runtime,
		.deadline = scheduler->deadline,
		.period = scheduler->period,
	};

	if (scheduler->given && syscall(SYS_sched_setattr, 0, &attributes, 0) < 0)
		return error_begin(error, errno, "process.scheduler: sched_setattr");
	return 0;
}

static int set_io_priority(const struct oci_process *process, struct ironbox_error *error)
{
	if (process->has_io_priority &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, process->io_priority) < 0)
		return error_begin(error, errno, "process.ioPriority: ioprio_set");
	return 0;
}

static int set_affinity(const struct oci_process *process, struct ironbox_error *error)
{
	if (process->has_affinity_final &&
	    sched_setaffinity(0, sizeof(process->affinity_final), &process->affinity_final) < 0)
		return error_begin(error, errno,
		                   "process.execCPUAffinity.final: sched_setaffinity");
	return 0;
}

/* linux.personality; its flags are kept by the spec for later and there are none yet. */
static int set_personality(const struct container *container, struct ironbox_error *error)
{
	const char *domain = spec_text(&container->spec, "linux.personality.domain");

	if (!domain)
		return 0;
	if (personality(!strcmp(domain, "LINUX32") ? PER_LINUX32 : PER_LINUX) < 0)
		return error_begin(error, errno, "linux.personality: set %s", domain);
	return 0;
}

/* Root may be denied what the user owns: on NFS, or where a user namespace does not map the group.
 * Then it is entered as the user, by process_look_up. */
static int enter_cwd_or_leave_it(struct container *container, struct ironbox_error *error)
{
	const struct oci_process *process = &container->process;

	if (enter_cwd(process->cwd, container->made, error) == 0)
		return 0;
	if (process->uid == 0 || (error->code != EACCES && error->code != EPERM))
		return -1;
	error_reset(error);
	container->cwd_is_left = true;
	return 0;
}

int process_setup(struct container *container, struct ironbox_error *error)
{
	struct oci_process *process = &container->process;

	if (add_home(process, error) < 0 ||
	    add_listen_fds(process, container->listen_fds, error) < 0 ||
	    set_rlimits(process, error) < 0 ||
	    (!container->state.no_new_keyring && join_keyring(container->id, error) < 0) ||
	    enter_cwd_or_leave_it(container, error) < 0 ||
	    set_scheduler(&process->scheduler, error) < 0 || set_io_priority(process, error) < 0 ||
	    set_affinity(process, error) < 0 || set_personality(container, error) < 0 ||
	    memory_policy_set(&container->spec, error) < 0)
		return -1;
	return 0;
}

int process_look_up(struct container *container, struct ironbox_error *error)
{
	const struct oci_process *process = &container->process;
	int own_uid, own_gid, result = 0;

	if (process->uid == 0)
		return find_program(container, &container->program, error);
	own_gid = setfsgid(process->gid);
	own_uid = setfsuid(process->uid);
	if (container->cwd_is_left)
		result = enter_cwd(process->cwd, false, error);
	if (result == 0)
		result = find_program(container, &container->program, error);
	setfsuid((uid_t)own_uid);
	setfsgid((gid_t)own_gid);
	return result;
}
