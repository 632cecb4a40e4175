/*
 * label.c: linux.mountLabel: the SELinux label of all that is in the file systems made for the
 * container, by their mount option context= (mount(8)).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "internal.h"

int label_find(struct ironbox_stage *stage, struct ironbox_error *error)
{
	static const char field[] = "linux.mountLabel";
	const struct ironbox_host *host = stage->host;
	struct rootfs *rootfs = stage->data;

	/* the selinux stage's field: off, it is not to be carried out, and here is no kernel for it
	 */
	if (!host->carried_out(stage, field))
		return 0;
	rootfs->mount_label = host->text(host->spec(stage, field));
	/* the quotes that the option needs, for labels have commas, can't be escaped in it */
	if (strchr(rootfs->mount_label, '"'))
		return host->fail(error, 0, "%s: a quotation mark is in it", field);
	return 0;
}

/* There is one of each for all mounts, or for all of an IPC namespace, and its labels are the
 * policy's: the kernel refuses a mount that wants others. */
static bool is_labelled_by_policy(const char *type)
{
	static const char *const types[] = {
		"binfmt_misc", "cgroup",    "cgroup2", "configfs", "debugfs", "devtmpfs",
		"efivarfs",    "fusectl",   "mqueue",  "proc",     "pstore",  "resctrl",
		"securityfs",  "selinuxfs", "smackfs", "sysfs",    "tracefs",
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

/* In a user namespace the kernel takes labels for these alone (selinux_set_mnt_opts). */
static bool is_labelled_by_users(const char *type)
{
	return strcmp(type, "tmpfs") == 0 || strcmp(type, "ramfs") == 0 ||
	       strcmp(type, "devpts") == 0 || strcmp(type, "overlay") == 0;
}

/* mounts[].options may say a label of their own. */
static bool says_context(const char *data)
{
	return data_has(data, "context=") || data_has(data, "fscontext=") ||
	       data_has(data, "defcontext=") || data_has(data, "rootcontext=");
}

const char *label_of(const struct ironbox_stage *stage, const char *type, const char *data)
{
	const struct rootfs *rootfs = stage->data;

	if (!rootfs->mount_label || is_labelled_by_policy(type) || says_context(data))
		return NULL;
	if (rootfs->in_user_namespace && !is_labelled_by_users(type))
		return NULL;
	return rootfs->mount_label;
}

int label_add(const struct ironbox_stage *stage, const struct mount *mount, char *data, size_t size,
              struct ironbox_error *error)
{
	const char *label = label_of(stage, mount->type, data);
	size_t length = strlen(data);

	if (!label)
		return 0;
	if ((size_t)snprintf(data + length, size - length, "%scontext=\"%s\"", length ? "," : "",
	                     label) >= size - length)
		return stage->host->fail(error, E2BIG, "options of %s", mount->destination);
	return 0;
}

bool label_is_set_apart(const struct ironbox_stage *stage, const char *type)
{
	const struct rootfs *rootfs = stage->data;

	return rootfs->mount_label && strcmp(type, "mqueue") == 0;
}

int label_set(const struct ironbox_stage *stage, int mount_fd, struct ironbox_error *error)
{
	const struct rootfs *rootfs = stage->data;
	cleanup_close int fd = openat(mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return stage->host->fail(error, errno, "linux.mountLabel: open it");
	if (fsetxattr(fd, "security.selinux", rootfs->mount_label, strlen(rootfs->mount_label) + 1,
	              0) == 0)
		return 0;
	/* The policy's own label stays, where it leaves no choice; and where the IPC namespace was
	 * made in one step with a user namespace, for then the directory is the host root's. */
	if (errno == EOPNOTSUPP || (errno == EPERM && rootfs->in_user_namespace))
		return 0;
	return stage->host->fail(error, errno, "linux.mountLabel: give it \"%s\"",
	                         rootfs->mount_label);
}
