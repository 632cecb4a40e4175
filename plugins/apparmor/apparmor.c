/*
 * apparmor: process.apparmorProfile, in force from the execve(2) of the container's process on.
 *
 * The profile has to be there: who calls the runtime loads it, by apparmor_parser(8). The kernel
 * takes it from the process alone, by a write to its own attr/apparmor/exec; the engine gives an fd
 * of that. libapparmor's aa_change_onexec(2) would do the same write, but by a path below /proc of
 * whoever runs, which in a container may be anything (CVE-2019-16884).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

#include "labels.h"

IRONBOX_MANIFEST("name = apparmor\n"
                 "after = rootfs\n"
                 "before = seccomp\n"
                 "wakes_on = process.apparmorProfile\n");

#define ENABLED  "/sys/module/apparmor/parameters/enabled"
#define PROFILES "/sys/kernel/security/apparmor/profiles"
#define FIELD    "process.apparmorProfile"

/* ironbox_stage.data */
struct apparmor {
	const char *profile; /* NULL: none is asked for, or none is to be had */
	char command[4096];  /* for attr/apparmor/exec; the kernel takes one page */
};

struct process {
	const char *profile;
	bool no_new_privileges;
};

static int apparmor_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const struct ironbox_field none[] = { IRONBOX_FIELD_END };

	return stage->host->settings(stage, none, NULL, error);
}

static int process_read(const struct ironbox_stage *stage, struct process *process,
                        struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct process, profile, "apparmorProfile"),
		IRONBOX_FIELD(struct process, no_new_privileges, "noNewPrivileges"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_host *host = stage->host;

	*process = (struct process){ 0 };
	return host->read(stage, host->spec(stage, "process"), fields, process, error);
}

/* Has the node AppArmor, and in force? It may be compiled in and left out at boot: "N". */
static bool is_enabled(struct ironbox_stage *stage)
{
	const char *enabled = stage->host->fact(stage, ENABLED);

	return enabled && enabled[0] == 'Y';
}

static int check_name(const struct ironbox_stage *stage, const char *profile,
                      struct ironbox_error *error)
{
	const struct apparmor *apparmor = stage->data;

	for (const char *at = profile; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return stage->host->fail(error, 0,
			                         FIELD ": a control character is in the name");
	if (profile[0] == ' ')
		return stage->host->fail(error, 0, FIELD ": \"%s\" begins with a blank", profile);
	if (strlen(profile) + strlen("stack ") >= sizeof(apparmor->command))
		return stage->host->fail(error, ENAMETOOLONG, FIELD);
	return 0;
}

static int not_loaded(const struct ironbox_stage *stage, const char *profile, int size,
                      struct ironbox_error *error)
{
	return stage->host->fail(error, 0,
	                         FIELD ": the profile \"%.*s\" is not loaded on this node: load it "
	                               "by apparmor_parser -r FILE",
	                         size, profile);
}

static int check_loaded(struct ironbox_stage *stage, const char *profile,
                        struct ironbox_error *error)
{
	const char *list = stage->host->fact(stage, PROFILES), *missing;
	int size;

	/* not for us to read, or no securityfs is mounted: the kernel will say */
	missing = list ? label_missing(list, profile, &size) : NULL;
	return missing ? not_loaded(stage, missing, size, error) : 0;
}

static int apparmor_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct apparmor *apparmor = stage->data;
	struct process process;

	if (process_read(stage, &process, error) < 0)
		return -1;
	if (!process.profile || !*process.profile)
		return 0;
	if (!is_enabled(stage)) {
		/* as callers ask for privileged containers, and every process here is */
		if (strcmp(process.profile, "unconfined") == 0)
			return 0;
		return stage->host->fail(
			error, 0,
			FIELD ": this node has no AppArmor (" ENABLED
			      " is not Y): boot it with apparmor in lsm=, or leave \"%s\" out",
			process.profile);
	}
	if (check_name(stage, process.profile, error) < 0 ||
	    check_loaded(stage, process.profile, error) < 0)
		return -1;
	apparmor->profile = process.profile;
	return 0;
}

/* ---- in init, or the joiner ---- */

static int ask_kernel(const struct ironbox_stage *stage, int fd, struct ironbox_error *error)
{
	const struct apparmor *apparmor = stage->data;
	size_t size = strlen(apparmor->command);

	if (write(fd, apparmor->command, size) == (ssize_t)size)
		return 0;
	if (errno == ENOENT)
		return not_loaded(stage, apparmor->profile, (int)strlen(apparmor->profile), error);
	if (errno == EACCES)
		return stage->host->fail(error, errno,
		                         FIELD ": the runtime's own profile does not let it change "
		                               "to \"%s\"",
		                         apparmor->profile);
	return stage->host->fail(error, errno, FIELD ": write \"%s\" to attr/apparmor/exec",
	                         apparmor->command);
}

static int write_exec(struct ironbox_stage *stage, int fd, struct ironbox_error *error)
{
	const struct apparmor *apparmor = stage->data;
	char shown[sizeof(apparmor->command)];
	ssize_t size;

	if (ask_kernel(stage, fd, error) < 0)
		return -1;
	size = pread(fd, shown, sizeof(shown) - 1, 0);
	if (size < 0)
		return stage->host->fail(error, errno, FIELD ": read back attr/apparmor/exec");
	shown[size] = '\0';
	if (!label_has(shown, apparmor->profile))
		return stage->host->fail(error, 0,
		                         FIELD ": \"%s\" was set, but the kernel shows \"%s\"",
		                         apparmor->profile, shown);
	return 0;
}

/* ---- the runtime ---- */

/* The label of a process, by its name below /proc. */
static int read_label(const struct ironbox_stage *stage, const char *process, char *shown,
                      size_t size, struct ironbox_error *error)
{
	char path[64];
	cleanup_close int fd = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "%s/attr/apparmor/current", process);
	fd = stage->host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	if (fd < 0)
		return -1;
	got = read(fd, shown, size - 1);
	if (got < 0)
		return stage->host->fail(error, errno, "read /proc/%s", path);
	shown[got] = '\0';
	return 0;
}

/* Is the runtime itself confined? */
static int read_own(const struct ironbox_stage *stage, bool *confined, struct ironbox_error *error)
{
	char shown[4096];

	if (read_label(stage, "thread-self", shown, sizeof(shown), error) < 0)
		return -1;
	*confined = !label_is_unconfined(shown);
	return 0;
}

/* With no_new_privs a confined process may only come to be confined more: its own profile stays,
 * and the container's is stacked on it. */
static int apparmor_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct apparmor *apparmor = stage->data;
	struct process process;
	bool stack = false;

	if (!apparmor->profile)
		return 0;
	if (process_read(stage, &process, error) < 0 ||
	    (process.no_new_privileges && read_own(stage, &stack, error) < 0))
		return -1;
	snprintf(apparmor->command, sizeof(apparmor->command), "%s %s", stack ? "stack" : "exec",
	         apparmor->profile);
	/* not attr/exec, which is whatever LSM comes first */
	return stage->host->write_attribute(stage, "apparmor/exec", write_exec, error);
}

static int apparmor_join_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (apparmor_validate(stage, error) < 0)
		return -1;
	return apparmor_prepare(stage, error);
}

/* What images bring with them must not be confined by another profile, or by none. */
static int apparmor_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct apparmor *apparmor = stage->data;
	char process[16], shown[4096];

	if (!apparmor->profile)
		return 0;
	snprintf(process, sizeof(process), "%d", (int)stage->init_pid);
	if (read_label(stage, process, shown, sizeof(shown), error) < 0)
		return -1;
	if (label_has(shown, apparmor->profile))
		return 0;
	return stage->host->fail(error, 0, FIELD ": \"%s\" is asked for, but it came with \"%.*s\"",
	                         apparmor->profile, (int)strcspn(shown, "\n"), shown);
}

static int apparmor_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	(void)error; /* what is lacking is an answer, no failure */
	if (!is_enabled(stage))
		stage->host->report_lack(stage, "AppArmor is not in force: containers that ask for "
		                                "a profile are refused");
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct apparmor),
	.configure = apparmor_configure,
	.validate = apparmor_validate,
	.prepare = apparmor_prepare,
	.join_prepare = apparmor_join_prepare,
	.verify = apparmor_verify,
	.probe = apparmor_probe,
	/* no teardown: the label is the process's */
};
