/* The hierarchies of a host with cgroup v1, and where the container's cgroup is in each of them. */
#ifndef CGROUP1_HIERARCHIES_H
#define CGROUP1_HIERARCHIES_H

#include <ironbox/plugin.h>

#include <path.h>

/* By their v1 names; the last two are systemd's own tree and the v2 tree of a hybrid host. */
enum controller {
	V1_BLKIO,
	V1_CPU,
	V1_CPUACCT,
	V1_CPUSET,
	V1_DEVICES,
	V1_FREEZER,
	V1_HUGETLB,
	V1_MEMORY,
	V1_NET_CLS,
	V1_NET_PRIO,
	V1_PERF_EVENT,
	V1_PIDS,
	V1_RDMA,
	V1_SYSTEMD,
	V1_UNIFIED,
	V1_COUNT,
};

#define V1_BIT(controller) (1u << (controller))

const char *v1_name(enum controller controller);

/* The bits of a list such as "cpu,cpuacct"; what is not in the enum is left out. */
uint32_t v1_controllers(const char *list, size_t length);

/* The name by which proc(5)'s cgroup knows the hierarchy with these: one of them, "" for v2. */
const char *v1_any_name(uint32_t controllers);

struct hierarchy {
	uint32_t controllers;
	const char *top;   /* the mount point, and the runtime's own cgroup for a relative path */
	const char *below; /* exec --cgroup: a cgroup below the container's; NULL: its own */
	bool existed;      /* the container's cgroup was there before us: it is not removed */
	int directory_fd;  /* of the container's cgroup, by hierarchy_directory; or -1 */
	int entry_fd;      /* what who is to enter it writes 0 to, its `tasks`; or -1 */
};

#define HIERARCHIES_MAX      V1_COUNT /* none is without a controller of its own */
#define HIERARCHIES_TEXT_MAX 8192

struct hierarchies {
	const char *path; /* of the container, "/docker/ID": below each top */
	size_t count;
	struct hierarchy items[HIERARCHIES_MAX];
	char text[HIERARCHIES_TEXT_MAX]; /* what the pointers point to */
	size_t text_size;
};

/* The controllers that /proc/self/cgroup names as v1's; V1_UNIFIED with them. */
uint32_t hierarchies_of_host(struct ironbox_stage *stage);

/* Finds each hierarchy that is mounted, and the place of the container's cgroup in it. */
int hierarchies_find(struct ironbox_stage *stage, struct hierarchies *all,
                     struct ironbox_error *error);

/* To and from the container's record: hierarchies_recall returns 1, 0 if there is nothing there
 * (the container has no cgroup), or -1. */
int hierarchies_remember(struct ironbox_stage *stage, const struct hierarchies *all,
                         struct ironbox_error *error);
int hierarchies_recall(const struct ironbox_stage *stage, struct hierarchies *all,
                       struct ironbox_error *error);

/* The one that carries the controller, or NULL. */
struct hierarchy *hierarchies_with(struct hierarchies *all, enum controller controller);

/* The absolute path of a file in the container's cgroup ("": of the directory itself). False, with
 * errno, where it is longer than CGROUP_PATH_MAX. */
bool hierarchy_path(const struct hierarchies *all, const struct hierarchy *hierarchy,
                    const char *file, char path[CGROUP_PATH_MAX]);

/* The path of the container's cgroup below the hierarchy's root, as proc(5) shows it. */
int hierarchy_name(struct ironbox_stage *stage, const struct hierarchies *all,
                   const struct hierarchy *hierarchy, char name[CGROUP_PATH_MAX],
                   struct ironbox_error *error);

/* The fd of the container's cgroup, opened once and kept in *hierarchy; -1 with errno. */
int hierarchy_directory(const struct hierarchies *all, struct hierarchy *hierarchy);

/* Closes what is open. */
void hierarchies_close(struct hierarchies *all);
#define cleanup_hierarchies __attribute__((cleanup(hierarchies_close)))

#endif
