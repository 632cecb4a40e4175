/*
 * The kernel's own record of who was killed for want of memory: what oom_kill.c and memcontrol.c
 * print, as /dev/kmsg gives it (Documentation/ABI/testing/dev-kmsg). Names of processes and of
 * cgroups in it are chosen by whoever runs in the container, so a line is believed where it can be
 * read in one way only.
 */
#ifndef IRONBOX_SHIM_KMSG_H
#define IRONBOX_SHIM_KMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define KMSG_RECORD_MAX 8192 /* CONSOLE_EXT_LOG_MAX: no record is longer */
#define KMSG_NAME_MAX   64   /* 15 bytes, each maybe as \x1b */
#define KMSG_PATH_MAX   512

/* What a record says; what it does not say is unknown. */
struct kmsg_kill {
	pid_t pid; /* 0: unknown, and all of it */
	char name[KMSG_NAME_MAX];
	uint64_t held_kib;
	bool of_node; /* not a cgroup's limit: the node had no memory left */
	bool has_limit;
	uint64_t limit_kib;
	char limit_path[KMSG_PATH_MAX]; /* of the cgroup whose limit it was; "": unknown */
};

struct kmsg_scan {
	const char *cgroup; /* the container's, by kmsg_escape */
	unsigned found;     /* kills in it or below */
	struct kmsg_kill first;

	/* Of the death that is being recorded, until its last line comes. */
	bool has_limit;
	uint64_t limit_kib;
	char line[1024]; /* the one that begins with "oom-kill:"; "": it did not come */
	bool in_group;   /* memory.oom.group: those that follow die with the one above */
};

void kmsg_scan_begin(struct kmsg_scan *scan, const char *cgroup);
/* Takes one record, as one read(2) gives it. */
void kmsg_scan_record(struct kmsg_scan *scan, const char *record, size_t size);

/* A path as the kernel's record has it: bytes that are not printable, and backslashes, as \x5c.
 * False: it does not fit. */
bool kmsg_escape(char *out, size_t size, const char *path);

/* "out of memory: process 1234 (java) was killed; it held 123 MiB; limit 128 MiB of /k8s.io/web1".
 * kill: pid 0 where it is not known; count: how many were killed since the last time. */
void kmsg_tell(char *out, size_t size, const struct kmsg_kill *kill, uint64_t count);

#endif
