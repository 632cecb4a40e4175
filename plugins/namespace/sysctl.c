/*
 * sysctl.c: linux.sysctl. Only what belongs to a namespace of the container's own is written; all
 * else is the node's (CVE-2022-0811: kernel.core_pattern by way of a sysctl).
 *
 * The files are those of the *host's* procfs, which no container can lead astray; whose values they
 * are, the kernel decides by the namespaces of the process that opens them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* What has a value for each namespace: sysctl(7), ipc_namespaces(7), mq_overview(7). A name that
 * ends with a slash stands for all that is below. */
static const struct {
	const char *name;
	uint64_t flag;
} families[] = {
	{ "net/", CLONE_NEWNET },
	{ "fs/mqueue/", CLONE_NEWIPC },
	{ "kernel/msgmax", CLONE_NEWIPC },
	{ "kernel/msgmnb", CLONE_NEWIPC },
	{ "kernel/msgmni", CLONE_NEWIPC },
	{ "kernel/sem", CLONE_NEWIPC },
	{ "kernel/shmall", CLONE_NEWIPC },
	{ "kernel/shmmax", CLONE_NEWIPC },
	{ "kernel/shmmni", CLONE_NEWIPC },
	{ "kernel/shm_rmid_forced", CLONE_NEWIPC },
	{ "kernel/domainname", CLONE_NEWUTS },
};

enum { SYSCTL_PATH_SIZE = 256 };

struct sysctl {
	const char *key, *value;
	uint64_t flag;
	char path[sizeof("sys/") + SYSCTL_PATH_SIZE]; /* below /proc */
};

static const char *namespace_type(uint64_t flag)
{
	return flag == CLONE_NEWNET ? "network" : flag == CLONE_NEWIPC ? "ipc" : "uts";
}

/* The namespace that this sysctl has a value in, or 0. */
static uint64_t family_flag(const char *name)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		size_t size = strlen(families[i].name);

		if (families[i].name[size - 1] == '/' ? strncmp(name, families[i].name, size) == 0
		                                      : strcmp(name, families[i].name) == 0)
			return families[i].flag;
	}
	return 0;
}

/* sysctl.d(5): the separator is what comes first in the key, a dot or a slash; where it is a dot,
 * a slash stands for a dot within a name: net.ipv4.conf.eth0/100.forwarding. */
static int key_to_name(const char *key, char *name, size_t size)
{
	size_t first = strcspn(key, "./");
	size_t length = strlen(key);

	if (length == 0 || length >= size)
		return -1;
	for (size_t i = 0; i <= length; i++) {
		name[i] = key[i];
		if (key[first] == '.' && (key[i] == '.' || key[i] == '/'))
			name[i] = key[i] == '.' ? '/' : '.';
	}
	return 0;
}

/* Components of letters, digits, "_", "-" and ".", none of them empty, "." or "..". */
static bool name_is_clean(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	for (;; name++) {
		size_t size = strspn(name, letters);

		if (size == 0 || strspn(name, ".") == size)
			return false;
		name += size;
		if (*name == '\0')
			return true;
		if (*name != '/')
			return false;
	}
}

static int sysctl_read(const struct ironbox_stage *stage, const struct ironbox_value *list,
                       size_t index, struct sysctl *sysctl, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	char *name = sysctl->path + sizeof("sys/") - 1;

	sysctl->value = host->text(host->item(list, index, &sysctl->key));
	if (!sysctl->value)
		return host->fail(error, 0, "linux.sysctl: the value of \"%s\" must be a string",
		                  sysctl->key);
	memcpy(sysctl->path, "sys/", sizeof("sys/"));
	if (key_to_name(sysctl->key, name, SYSCTL_PATH_SIZE) < 0 || !name_is_clean(name))
		return host->fail(error, 0, "linux.sysctl: \"%s\" is no name of a sysctl",
		                  sysctl->key);
	if (strcmp(name, "kernel/hostname") == 0)
		return host->fail(error, 0,
		                  "linux.sysctl: kernel.hostname is refused: give it as hostname");
	sysctl->flag = family_flag(name);
	if (sysctl->flag == 0)
		return host->fail(error, 0,
		                  "linux.sysctl: %s belongs to the whole node, not to a container",
		                  sysctl->key);
	return 0;
}

int sysctl_validate(const struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *list = host->spec(stage, "linux.sysctl");
	size_t count = host->count(list);
	struct sysctl sysctl;
	int own;

	for (size_t i = 0; i < count; i++) {
		if (sysctl_read(stage, list, i, &sysctl, error) < 0)
			return -1;
		if (*sysctl.value == '\0' || strpbrk(sysctl.value, "\n\r"))
			return host->fail(error, 0,
			                  "linux.sysctl: the value of %s must be one line",
			                  sysctl.key);
		own = namespaces_has_own(stage, sysctl.flag, error);
		if (own == 0)
			return host->fail(error, 0,
			                  "linux.sysctl: %s needs a namespace of type %s in "
			                  "linux.namespaces that is not the host's",
			                  sysctl.key, namespace_type(sysctl.flag));
		if (own < 0)
			return -1;
	}
	return 0;
}

/* By the call: the file is for the host's root alone on Linux 6.1. */
static int domainname_write(const struct ironbox_stage *stage, const char *name,
                            struct ironbox_error *error)
{
	if (setdomainname(name, strlen(name)) < 0)
		return stage->host->fail(error, errno, "set the domain name \"%s\"", name);
	return 0;
}

static int value_write(const struct ironbox_stage *stage, const struct sysctl *sysctl,
                       struct ironbox_error *error)
{
	cleanup_close int fd =
		stage->host->open_proc(stage, sysctl->path, O_WRONLY | O_CLOEXEC, error);
	size_t size = strlen(sysctl->value);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, sysctl->value, size);
	if (written >= 0 && (size_t)written < size)
		errno = EINVAL; /* numbers, and then what is none */
	if (written < 0 || (size_t)written < size)
		return stage->host->fail(error, errno, "write \"%s\"", sysctl->value);
	return 0;
}

bool sysctl_has(const struct ironbox_stage *stage, uint64_t flag)
{
	const struct ironbox_value *list = stage->host->spec(stage, "linux.sysctl");
	size_t count = stage->host->count(list);
	char name[SYSCTL_PATH_SIZE];
	const char *key;

	for (size_t i = 0; i < count; i++) {
		stage->host->item(list, i, &key);
		if (key_to_name(key, name, sizeof(name)) == 0 && family_flag(name) == flag)
			return true;
	}
	return false;
}

int sysctl_write(const struct ironbox_stage *stage, uint64_t flags, struct ironbox_error *error)
{
	const struct ironbox_value *list = stage->host->spec(stage, "linux.sysctl");
	size_t count = stage->host->count(list);
	struct sysctl sysctl;

	for (size_t i = 0; i < count; i++) {
		if (sysctl_read(stage, list, i, &sysctl, error) < 0)
			return -1;
		if (!(sysctl.flag & flags))
			continue;
		/* the one of the uts namespace is the domain name */
		if ((sysctl.flag == CLONE_NEWUTS ? domainname_write(stage, sysctl.value, error)
		                                 : value_write(stage, &sysctl, error)) < 0)
			return stage->host->context(error, "set the sysctl %s", sysctl.key);
	}
	return 0;
}
