/* seccomp: the filter of system calls that linux.seccomp asks for, or the node's default. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "internal.h"
#include "libseccomp.h"

IRONBOX_MANIFEST("name = seccomp\n"
                 "after = namespace cgroup rootfs network capabilities apparmor selinux\n"
                 "wakes_on = linux.seccomp\n");

static const struct ironbox_field settings[] = {
	/* A JSON file, an object as linux.seccomp is one, for containers that bring none. Such a
	 * container wakes no stage by itself: the section needs `wake = always` beside it. */
	IRONBOX_FIELD(struct seccomp, default_profile, "default_profile"),
	IRONBOX_FIELD_END,
};

#define DEFAULT_PROFILE "default_profile" /* in the record: what exec has to take, too */

static void forget(struct ironbox_stage *stage);
static int open_what_init_needs(struct ironbox_stage *stage, struct ironbox_error *error);
static int load(struct ironbox_stage *stage, struct ironbox_error *error);

static int seccomp_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct seccomp *seccomp = stage->data;

	seccomp->listener.self_fd = -1;
	return stage->host->settings(stage, settings, seccomp, error);
}

/* Reading and compiling make nothing, and say all that can be wrong with a profile. */
static int seccomp_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct seccomp *seccomp = stage->data;

	if (program_find(stage, seccomp->default_profile, error) == 0)
		return 0;
	forget(stage);
	return -1;
}

static int seccomp_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct seccomp *seccomp = stage->data;

	/* With the ini of a later day an exec could go without what its container has. */
	if (seccomp->document &&
	    stage->host->remember(stage, DEFAULT_PROFILE, seccomp->default_profile, error) < 0)
		return -1;
	return open_what_init_needs(stage, error);
}

static int seccomp_setup(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct seccomp *seccomp = stage->data;

	return seccomp->profile.notifies ? listener_introduce(&seccomp->listener, stage,
	                                                      &seccomp->profile, false, error)
	                                 : 0;
}

/* Without no_new_privs it takes CAP_SYS_ADMIN, which goes with drop: seccomp(2), EACCES. */
static int seccomp_confine(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct seccomp *seccomp = stage->data;

	/* in a joiner, which is another process in join than it is from here on */
	if (seccomp->profile.notifies && !seccomp->listener.message &&
	    listener_introduce(&seccomp->listener, stage, &seccomp->profile, true, error) < 0)
		return -1;
	return seccomp->is_asked && !seccomp->no_new_privileges ? load(stage, error) : 0;
}

static int seccomp_settle(struct ironbox_stage *stage, struct ironbox_error *error)
{
	(void)error;
	forget(stage); /* init has its own copy of all */
	return 0;
}

static int seccomp_seal(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct seccomp *seccomp = stage->data;

	return seccomp->is_asked && seccomp->no_new_privileges ? load(stage, error) : 0;
}

static int seccomp_join_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	if (program_find(stage, stage->host->recall(stage, DEFAULT_PROFILE), error) < 0)
		return -1;
	return open_what_init_needs(stage, error);
}

/* An agent gets its notifications over an fd of the filter's: that is in no image. */
static int seccomp_checkpoint(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;

	if (host->text(host->spec(stage, "linux.seccomp.listenerPath")))
		return host->fail(error, 0,
		                  "linux.seccomp.listenerPath: a filter with an agent can't be put "
		                  "into images");
	return 0;
}

/* Images hold the filter. That there is one the kernel says; which one, it tells tracers alone. */
static int seccomp_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct seccomp *seccomp = stage->data;
	char path[32], text[8192];
	cleanup_close int fd = -1;
	ssize_t size;

	if (!seccomp->is_asked)
		return 0;
	snprintf(path, sizeof(path), "%d/status", stage->init_pid);
	fd = stage->host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size < 0)
		return stage->host->fail(error, errno, "read /proc/%s", path);
	text[size] = '\0';
	if (!strstr(text, "\nSeccomp:\t2\n"))
		return stage->host->fail(error, 0,
		                         "linux.seccomp: the restored process has no filter");
	return 0;
}

static int seccomp_teardown(struct ironbox_stage *stage, struct ironbox_error *error)
{
	(void)error;
	forget(stage);
	return 0;
}

static int seccomp_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct libseccomp library;

	kernel_report_lacks(stage);
	if (libseccomp_open(&library, stage->host, error) < 0)
		stage->host->report_lack(stage, "libseccomp.so.2, which compiles profiles");
	library_close(&library);
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct seccomp),
	.configure = seccomp_configure,
	.validate = seccomp_validate,
	.prepare = seccomp_prepare,
	.setup = seccomp_setup,
	.confine = seccomp_confine,
	.settle = seccomp_settle,
	.seal = seccomp_seal,
	.join_prepare = seccomp_join_prepare,
	.checkpoint = seccomp_checkpoint,
	.verify = seccomp_verify,
	.teardown = seccomp_teardown,
	.probe = seccomp_probe,
};

/* Twice is once. In a later verb there is nothing: a filter ends with its processes. */
static void forget(struct ironbox_stage *stage)
{
	struct seccomp *seccomp = stage->data;

	listener_close(&seccomp->listener, stage);
	program_free(&seccomp->program);
	profile_free_rules(&seccomp->profile);
	key_free(&seccomp->key);
	document_free(seccomp->document);
	seccomp->document = NULL;
	free(seccomp->library_path);
	seccomp->library_path = NULL;
}

static int open_what_init_needs(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct seccomp *seccomp = stage->data;

	if (!seccomp->is_asked)
		return 0;
	program_keep(stage);
	/* Not needed from here on. After the clone each page of it that we free would be copied. */
	key_free(&seccomp->key);
	profile_free_rules(&seccomp->profile);
	return seccomp->profile.notifies
	               ? listener_open(&seccomp->listener, stage, &seccomp->profile, error)
	               : 0;
}

static int load(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct seccomp *seccomp = stage->data;

	if (seccomp->profile.notifies)
		return listener_load(&seccomp->listener, stage, &seccomp->program,
		                     seccomp->profile.flags, error);
	if (filter_load(&seccomp->program, seccomp->profile.flags) < 0)
		return stage->host->fail(error, errno, "load the filter of %s",
		                         seccomp->profile.where);
	return 0;
}
