/* Where a container's cgroup is, and how it is made. Removal is in remove.c. */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

static bool has_control_byte(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool is_bad_component(const char *component, size_t length)
{
	return length == 0 || length > NAME_MAX || (length == 1 && component[0] == '.') ||
	       (length == 2 && component[0] == '.' && component[1] == '.');
}

static bool has_bad_component(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (is_bad_component(path, length))
			return true;
		if (!path[length])
			return false;
		path += length + 1;
	}
}

int cgroup_path_check(const struct ironbox_stage *stage, const char *what, const char *path,
                      struct ironbox_error *error)
{
	const struct ironbox_host *host = stage->host;

	if (strlen(path) >= CGROUP_PATH_MAX)
		return host->fail(error, ENAMETOOLONG, "%s", what);
	if (has_control_byte(path))
		return host->fail(error, 0, "%s: %s: control bytes are not allowed", what, path);
	if (strcmp(path, "/") == 0)
		return host->fail(error, 0, "%s: /: the root cgroup is no container's", what);
	if (has_bad_component(path + (path[0] == '/')))
		return host->fail(error, 0,
		                  "%s: %s: a component is empty, \".\", \"..\" or too long", what,
		                  path);
	return 0;
}

/* linux.cgroupsPath, or NULL: an empty one is an absent one. */
static const char *path_of_spec(const struct ironbox_stage *stage)
{
	const struct ironbox_host *host = stage->host;
	const char *path = host->text(host->spec(stage, "linux.cgroupsPath"));

	return path && *path ? path : NULL;
}

bool cgroup_path_is_absolute(const struct ironbox_stage *stage)
{
	const char *path = path_of_spec(stage);

	return path && path[0] == '/';
}

/* SLICE:PREFIX:NAME, of callers who have systemd make the cgroup. As a path it would be one beside
 * all slices, out of their limits. */
static bool is_for_systemd(const char *path)
{
	size_t slice = strcspn(path, ":/");
	const char *prefix = path[slice] == ':' ? path + slice + 1 : NULL;

	return prefix && strchr(prefix, ':') &&
	       (slice == 0 ||
	        (slice >= strlen(".slice") &&
	         strncmp(path + slice - strlen(".slice"), ".slice:", strlen(".slice:")) == 0));
}

int cgroup_path_choose(const struct ironbox_stage *stage, const char *base,
                       char path[CGROUP_PATH_MAX], struct ironbox_error *error)
{
	const char *asked = path_of_spec(stage);
	const char *what = asked ? "linux.cgroupsPath" : "container id";
	int length;

	if (!asked)
		asked = stage->container_id;
	if (cgroup_path_check(stage, what, asked, error) < 0)
		return -1;
	if (is_for_systemd(asked))
		return stage->host->fail(error, 0,
		                         "%s: %s: a name for systemd, which is not asked "
		                         "(--systemd-cgroup, SystemdCgroup, or [cgroup] module = "
		                         "cgroup_systemd.so)",
		                         what, asked);
	if (asked[0] == '/' || strcmp(base, "/") == 0)
		base = "";
	length = snprintf(path, CGROUP_PATH_MAX, "%s%s%s", base, asked[0] == '/' ? "" : "/", asked);
	if (length >= CGROUP_PATH_MAX)
		return stage->host->fail(error, ENAMETOOLONG, "%s below %s", what, base);
	return 0;
}

/* Whether "cpu,cpuacct" has "cpu" as one of its items; "" is v2's empty list. */
static bool list_has(const char *list, size_t size, const char *item)
{
	size_t length = strlen(item);

	if (length == 0)
		return size == 0;
	while (size >= length) {
		const char *comma = memchr(list, ',', size);
		size_t this_size = comma ? (size_t)(comma - list) : size;

		if (this_size == length && memcmp(list, item, length) == 0)
			return true;
		if (!comma)
			return false;
		list += this_size + 1;
		size -= this_size + 1;
	}
	return false;
}

/* cgroups(7): lines of the form "hierarchy-ID:controller-list:cgroup-path". */
bool cgroup_path_of_process(const char *text, const char *controller, char *path, size_t size)
{
	while (*text) {
		size_t line = strcspn(text, "\n");
		const char *list = memchr(text, ':', line);
		const char *found =
			list ? memchr(list + 1, ':', (size_t)(text + line - list - 1)) : NULL;

		if (found && list_has(list + 1, (size_t)(found - list - 1), controller)) {
			size_t length = (size_t)(text + line - found - 1);

			if (length == 0 || length >= size || found[1] != '/')
				return false;
			memcpy(path, found + 1, length);
			path[length] = '\0';
			return length == 1 ||
			       (!has_control_byte(path) && !has_bad_component(path + 1));
		}
		text += line + (text[line] == '\n');
	}
	return false;
}

bool cgroup_path_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	return strncmp(path, top, length) == 0 && (!path[length] || path[length] == '/');
}

int cgroup_open(int parent_fd, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		/* neither a symlink nor a mount inside of the tree may lead to another one */
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};

	path += strspn(path, "/");
	return (int)syscall(SYS_openat2, parent_fd, *path ? path : ".", &how, sizeof(how));
}

/* Where the last component begins, and the path in front of it; NULL with errno if too long. */
static const char *split(const char *path, char parent[CGROUP_PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (length >= CGROUP_PATH_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(parent, path, length);
	parent[length] = '\0';
	return slash ? slash + 1 : path;
}

int cgroup_open_parent(int mount_fd, const char *path, const char **name)
{
	char parent[CGROUP_PATH_MAX];

	*name = split(path, parent);
	return *name ? cgroup_open(mount_fd, parent) : -1;
}

/* Makes and opens one component; another runtime may make a shared parent at the same time. */
static int make_component(int parent_fd, const char *name)
{
	if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
		return -1;
	return cgroup_open(parent_fd, name);
}

int cgroup_make(int parent_fd, const char *path)
{
	cleanup_close int fd = cgroup_open(parent_fd, path);
	char name[NAME_MAX + 1];

	if (fd >= 0 || errno != ENOENT)
		return steal_fd(&fd);
	fd = cgroup_open(parent_fd, "/");
	for (path += strspn(path, "/"); fd >= 0 && *path; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");

		if (length > NAME_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path, length);
		name[length] = '\0';
		replace_fd(&fd, make_component(fd, name));
		path += length;
	}
	return steal_fd(&fd);
}

int cgroup_make_parent(int mount_fd, const char *path)
{
	char parent[CGROUP_PATH_MAX];

	return split(path, parent) ? cgroup_make(mount_fd, parent) : -1;
}
