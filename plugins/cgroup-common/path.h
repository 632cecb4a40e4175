/* The way to a container's cgroup: linux.cgroupsPath, made, opened and removed without a way out
 * of the tree (CVE-2023-6476 and its like: E4). Paths here begin with '/', below a cgroup mount. */
#ifndef CGROUP_COMMON_PATH_H
#define CGROUP_COMMON_PATH_H

#include <ironbox/plugin.h>

#define CGROUP_PATH_MAX 4096

/* Refuses empty components, ".", "..", control bytes and what is too long. `what` is the field that
 * the error names. A leading '/' is fine, "/" alone is not: nobody gets the root cgroup. */
int cgroup_path_check(const struct ironbox_stage *stage, const char *what, const char *path,
                      struct ironbox_error *error);

/* The cgroup of the container, from linux.cgroupsPath and the runtime's own cgroup: an absolute
 * path is one below the root of the mount; a relative one is below `base`; without any, the
 * container's id is the relative path. base: "/" or "/a/b"; it is not looked at (may be NULL)
 * if cgroup_path_is_absolute. */
int cgroup_path_choose(const struct ironbox_stage *stage, const char *base,
                       char path[CGROUP_PATH_MAX], struct ironbox_error *error);
bool cgroup_path_is_absolute(const struct ironbox_stage *stage);

/* A process's own cgroup in a hierarchy, from the text of /proc/PID/cgroup: controller is "" for
 * v2, "memory" or "name=systemd" for v1. False if there is none, it is longer than size, or it
 * lies outside of our cgroup namespace ("/../…"). */
bool cgroup_path_of_process(const char *text, const char *controller, char *path, size_t size);

/* Whether path is top or below it, component by component: "/a" is not above "/a-b" (E4). */
bool cgroup_path_below(const char *path, const char *top);

/* An fd (O_DIRECTORY|O_CLOEXEC) of path below a cgroup directory: openat2(2) with RESOLVE_BENEATH,
 * RESOLVE_NO_SYMLINKS, RESOLVE_NO_XDEV. "/" is the directory itself. -1 with errno. */
int cgroup_open(int parent_fd, const char *path);

/* The same for the directory that holds path's last component, and *name, inside of path, is that
 * component: mkdirat(2) and unlinkat(2) want the two. */
int cgroup_open_parent(int mount_fd, const char *path, const char **name);

/* cgroup_open and cgroup_open_parent that make what is missing, component by component. */
int cgroup_make(int parent_fd, const char *path);
int cgroup_make_parent(int mount_fd, const char *path);

/* Removes the cgroup, if nothing is in it: 0, also where there is none. -1 with errno. */
int cgroup_remove_empty(int mount_fd, const char *path);

/* Removes the cgroup and all below it, by fd and depth-first. Directories that are busy are tried
 * again until deadline_ms have passed (the last process may be on its way out); the error then
 * names a process that is left. Nothing there: 0. */
int cgroup_remove(const struct ironbox_stage *stage, int mount_fd, const char *path,
                  unsigned deadline_ms, struct ironbox_error *error);

#endif
