/*
 * selinux: process.selinuxLabel, in force from the execve(2) of the container's process on, and of
 * its session keyring; and whether linux.mountLabel is one. The mounts are made by the rootfs
 * stage, which gives them that label if this stage is on (host->carried_out).
 *
 * setexeccon(3) of libselinux would do the same writes, but by a path below /proc of whoever runs,
 * which in a container may be anything (CVE-2019-16884).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>
#include <ironbox/plugin.h>

#include "context.h"

IRONBOX_MANIFEST("name = selinux\n"
                 "after = rootfs\n"
                 "before = seccomp\n"
                 "wakes_on = process.selinuxLabel linux.mountLabel\n");

#define ENFORCE "/sys/fs/selinux/enforce"

/* ironbox_stage.data */
struct selinux {
	char context[CONTEXT_SIZE]; /* the process's, as the kernel writes it; "": none */
};

static int selinux_configure(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const struct ironbox_field none[] = { IRONBOX_FIELD_END };

	return stage->host->settings(stage, none, NULL, error);
}

/* A label's text, or NULL where none is asked for. */
static const char *label_at(const struct ironbox_stage *stage, const char *field)
{
	const char *label = stage->host->text(stage->host->spec(stage, field));

	return label && *label ? label : NULL;
}

static int check(struct ironbox_stage *stage, const char *field, char canonical[CONTEXT_SIZE],
                 struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const char *label = label_at(stage, field);

	if (!label)
		return 0;
	if (!host->fact(stage, ENFORCE))
		return host->fail(error, 0,
		                  "%s: this node has no SELinux (there is no " ENFORCE
		                  "): boot it with selinux in lsm=, or leave \"%s\" out",
		                  field, label);
	if (context_canonical(label, canonical) == 0)
		return 0;
	if (errno == EINVAL)
		return host->fail(error, 0, "%s: \"%s\" is no label in this node's policy", field,
		                  label);
	return host->fail(error, errno, "%s: ask the policy for \"%s\"", field, label);
}

static int selinux_validate(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct selinux *selinux = stage->data;
	char mount_context[CONTEXT_SIZE];

	if (check(stage, "process.selinuxLabel", selinux->context, error) < 0)
		return -1;
	return check(stage, "linux.mountLabel", mount_context, error);
}

/* ---- in init, or the joiner ---- */

static int write_context(struct ironbox_stage *stage, int fd, const char *name,
                         struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct selinux *selinux = stage->data;
	size_t length = strlen(selinux->context);
	char shown[CONTEXT_SIZE];
	ssize_t size;

	if (write(fd, selinux->context, length) != (ssize_t)length)
		return host->fail(error, errno, "process.selinuxLabel: write \"%s\" to attr/%s",
		                  selinux->context, name);
	size = pread(fd, shown, sizeof(shown) - 1, 0);
	if (size < 0)
		return host->fail(error, errno, "process.selinuxLabel: read back attr/%s", name);
	shown[size] = '\0';
	if (strcmp(shown, selinux->context) != 0)
		return host->fail(error, 0,
		                  "process.selinuxLabel: \"%s\" was set, but attr/%s shows \"%s\"",
		                  selinux->context, name, shown);
	return 0;
}

static int write_exec(struct ironbox_stage *stage, int fd, struct ironbox_error *error)
{
	return write_context(stage, fd, "exec", error);
}

/* Else the keyring had the runtime's label, and the process no right to its own keys. execve(2)
 * takes this away again. */
static int write_keycreate(struct ironbox_stage *stage, int fd, struct ironbox_error *error)
{
	return write_context(stage, fd, "keycreate", error);
}

/* ---- the runtime ---- */

static int selinux_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct selinux *selinux = stage->data;

	if (!selinux->context[0])
		return 0;
	if (host->write_attribute(stage, "keycreate", write_keycreate, error) < 0)
		return -1;
	return host->write_attribute(stage, "exec", write_exec, error);
}

static int selinux_join_prepare(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct selinux *selinux = stage->data;

	/* what is mounted stands already */
	if (check(stage, "process.selinuxLabel", selinux->context, error) < 0)
		return -1;
	return selinux_prepare(stage, error);
}

/* What images bring with them must not have another label. */
static int selinux_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct selinux *selinux = stage->data;
	char path[64], shown[CONTEXT_SIZE];
	cleanup_close int fd = -1;
	ssize_t size;

	if (!selinux->context[0])
		return 0;
	snprintf(path, sizeof(path), "%d/attr/current", (int)stage->init_pid);
	fd = host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	size = fd < 0 ? -1 : read(fd, shown, sizeof(shown) - 1);
	if (size < 0)
		return fd < 0 ? -1 : host->fail(error, errno, "read /proc/%s", path);
	shown[size] = '\0';
	if (strcmp(shown, selinux->context) == 0)
		return 0;
	return host->fail(error, 0,
	                  "process.selinuxLabel: \"%s\" is asked for, but it came with \"%s\"",
	                  selinux->context, shown);
}

static int selinux_probe(struct ironbox_stage *stage, struct ironbox_error *error)
{
	(void)error; /* what is lacking is an answer, no failure */
	if (!stage->host->fact(stage, ENFORCE))
		stage->host->report_lack(stage, "SELinux is not in force: containers that ask for "
		                                "a label are refused");
	return 0;
}

const struct ironbox_plugin ironbox_plugin = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_plugin),
	.version = "1.0",
	.manifest = ironbox_manifest.text,
	.data_size = sizeof(struct selinux),
	.configure = selinux_configure,
	.validate = selinux_validate,
	.prepare = selinux_prepare,
	.join_prepare = selinux_join_prepare,
	.verify = selinux_verify,
	.probe = selinux_probe,
	/* no teardown: labels are the process's and the mounts' */
};
