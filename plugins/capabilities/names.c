/* names.c: the names of capabilities(7), by their numbers in <linux/capability.h>. */
#include "names.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
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
};

enum { COUNT = sizeof(names) / sizeof(names[0]) };

int capability_number(const char *name)
{
	for (int number = 0; number < COUNT; number++)
		if (strcmp(names[number], name) == 0)
			return number;
	return -1;
}

const char *capability_names(uint64_t set, char text[NAMES_SIZE])
{
	size_t length = 0;

	text[0] = '\0';
	for (int number = 0; number < COUNT && length < NAMES_SIZE; number++)
		if (set >> number & 1)
			length += (size_t)snprintf(text + length, NAMES_SIZE - length, "%s%s",
			                           length ? " " : "", names[number]);
	return text;
}
