/* Finds the hierarchies of cgroup v1 and keeps them in the container's record: cgroups(7). */
#include "hierarchies.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#define MOUNTS_FOLDER "/sys/fs/cgroup" /* file-hierarchy(7) */

static const char *const names[V1_COUNT] = {
	[V1_BLKIO] = "blkio",
	[V1_CPU] = "cpu",
	[V1_CPUACCT] = "cpuacct",
	[V1_CPUSET] = "cpuset",
	[V1_DEVICES] = "devices",
	[V1_FREEZER] = "freezer",
	[V1_HUGETLB] = "hugetlb",
	[V1_MEMORY] = "memory",
	[V1_NET_CLS] = "net_cls",
	[V1_NET_PRIO] = "net_prio",
	[V1_PERF_EVENT] = "perf_event",
	[V1_PIDS] = "pids",
	[V1_RDMA] = "rdma",
	[V1_SYSTEMD] = "name=systemd",
	[V1_UNIFIED] = "unified",
};

const char *v1_name(enum controller controller)
{
	return names[controller];
}

uint32_t v1_controllers(const char *list, size_t length)
{
	const char *end = list + length;
	uint32_t bits = 0;

	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t size = (size_t)((comma ? comma : end) - list);

		for (unsigned i = 0; i < V1_COUNT; i++)
			if (strlen(names[i]) == size && memcmp(names[i], list, size) == 0)
				bits |= V1_BIT(i);
		list += size + 1;
	}
	return bits;
}

/* One line of /proc/PID/cgroup, "4:cpu,cpuacct:/path". */
struct membership {
	const char *list; /* "cpu,cpuacct"; empty: the v2 tree's */
	size_t length;
	uint32_t controllers; /* 0: none that we know */
};

/* The next line, or NULL at the end of the text. */
static const char *next_line(const char *line, struct membership *membership)
{
	size_t size = strcspn(line, "\n");
	const char *first = memchr(line, ':', size);
	const char *list = first ? first + 1 : line;
	const char *second = first ? memchr(list, ':', (size_t)(line + size - list)) : NULL;
	size_t length = second ? (size_t)(second - list) : 0;

	if (size == 0)
		return NULL;
	*membership = (struct membership){ .list = list, .length = length };
	if (second)
		membership->controllers =
			length ? v1_controllers(list, length) : V1_BIT(V1_UNIFIED);
	return line + size + (line[size] == '\n');
}

uint32_t hierarchies_of_host(struct ironbox_stage *stage)
{
	const char *line = stage->host->fact(stage, "/proc/self/cgroup");
	struct membership membership;
	uint32_t all = 0;

	while (line && (line = next_line(line, &membership)))
		all |= membership.controllers;
	return all;
}

/* Puts text at the end of all->text, with a '\0'. NULL if there is no room. */
static const char *keep_text(struct hierarchies *all, const char *text)
{
	char *place = all->text + all->text_size;
	size_t size = strlen(text) + 1;

	if (size > sizeof(all->text) - all->text_size)
		return NULL;
	memcpy(place, text, size);
	all->text_size += size;
	return place;
}

static bool is_cgroup_directory(const char *path, bool unified)
{
	struct statfs found;

	return statfs(path, &found) == 0 &&
	       found.f_type == (unified ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

/* A line of proc(5)'s mountinfo, as far as it matters here. The texts end at a blank. */
struct mount_line {
	const char *root, *point, *type, *super_options;
};

static const char *next_word(const char *text)
{
	text += strcspn(text, " \n");
	return *text == ' ' ? text + 1 : text;
}

/* "36 31 0:32 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu" */
static void read_mount_line(const char *text, struct mount_line *line)
{
	line->root = next_word(next_word(next_word(text)));
	line->point = next_word(line->root);
	for (text = next_word(line->point); *text && *text != '\n' && strncmp(text, "- ", 2) != 0;)
		text = next_word(text);
	line->type = next_word(text);
	line->super_options = next_word(next_word(line->type));
}

static bool word_is(const char *text, const char *word)
{
	size_t length = strlen(word);

	return strncmp(text, word, length) == 0 && strchr(" \n", text[length]) != NULL;
}

/*
 * Where `own` is seen below this mount. Inside of a container without a cgroup namespace, the
 * mount's root is that container's cgroup, and own begins with it.
 */
static bool join_mount(const struct mount_line *line, const char *own, char path[CGROUP_PATH_MAX])
{
	size_t root = strcspn(line->root, " \n");
	size_t point = strcspn(line->point, " \n");
	int length;

	if (root == 1)
		root = 0;                     /* "/": nothing to take off */
	if (memchr(line->point, '\\', point)) /* an escape: nobody mounts cgroups below "a b" */
		return false;
	if (strncmp(own, line->root, root) != 0 || (own[root] && own[root] != '/'))
		own = "", root = 0;
	length = snprintf(path, CGROUP_PATH_MAX, "%.*s%s", (int)point, line->point, own + root);
	return length < CGROUP_PATH_MAX;
}

/* For hosts that mount their hierarchies elsewhere than the rest of the world: one read of
 * mountinfo, which may be long where many containers run. */
static bool find_in_mountinfo(struct ironbox_stage *stage, uint32_t controllers, const char *own,
                              char path[CGROUP_PATH_MAX])
{
	const char *text = stage->host->fact(stage, "/proc/self/mountinfo");
	struct mount_line line;

	for (; text && *text; text += strcspn(text, "\n"), text += *text == '\n') {
		read_mount_line(text, &line);
		if (word_is(line.type, "cgroup") &&
		    (v1_controllers(line.super_options, strcspn(line.super_options, " \n")) &
		     controllers) == controllers &&
		    join_mount(&line, own, path) && is_cgroup_directory(path, false))
			return true;
	}
	return false;
}

/* The directory of `own` in a hierarchy, by its usual mount point: that is one system call. */
static bool find_directory(struct ironbox_stage *stage, const struct membership *membership,
                           const char *own, char path[CGROUP_PATH_MAX])
{
	bool unified = membership->controllers == V1_BIT(V1_UNIFIED);
	const char *list = unified ? "unified" : membership->list;
	int length = unified ? (int)strlen(list) : (int)membership->length, size;

	if (membership->controllers == V1_BIT(V1_SYSTEMD)) {
		list = "systemd";
		length = (int)strlen(list);
	}
	own += strcmp(own, "/") == 0;
	size = snprintf(path, CGROUP_PATH_MAX, MOUNTS_FOLDER "/%.*s%s", length, list, own);
	if (size < CGROUP_PATH_MAX && !memchr(list, '/', (size_t)length) &&
	    is_cgroup_directory(path, unified))
		return true;
	return !unified && find_in_mountinfo(stage, membership->controllers, own, path);
}

const char *v1_any_name(uint32_t controllers)
{
	unsigned first = (unsigned)__builtin_ctz(controllers);

	return first == V1_UNIFIED ? "" : names[first];
}

static int add(struct ironbox_stage *stage, struct hierarchies *all, uint32_t controllers,
               const char *top, struct ironbox_error *error)
{
	struct hierarchy *hierarchy = &all->items[all->count];

	if (all->count == HIERARCHIES_MAX)
		return stage->host->fail(error, 0, "more than %d cgroup hierarchies",
		                         HIERARCHIES_MAX);
	hierarchy->top = keep_text(all, top);
	if (!hierarchy->top)
		return stage->host->fail(error, ENAMETOOLONG, "cgroup paths such as %s", top);
	hierarchy->controllers = controllers;
	hierarchy->directory_fd = -1;
	hierarchy->entry_fd = -1;
	all->count++;
	return 0;
}

static int find_one(struct ironbox_stage *stage, struct hierarchies *all, const char *facts,
                    const struct membership *membership, struct ironbox_error *error)
{
	char own[CGROUP_PATH_MAX] = "/", top[CGROUP_PATH_MAX];

	if (!cgroup_path_is_absolute(stage) &&
	    !cgroup_path_of_process(facts, v1_any_name(membership->controllers), own, sizeof(own)))
		return stage->host->fail(error, 0,
		                         "%s: our own cgroup lies outside of our cgroup namespace "
		                         "(/proc/self/cgroup): give an absolute linux.cgroupsPath",
		                         names[__builtin_ctz(membership->controllers)]);
	if (find_directory(stage, membership, own, top))
		return add(stage, all, membership->controllers, top, error);
	stage->host->log(stage, IRONBOX_LOG_DEBUG, "%.*s: not mounted here",
	                 (int)membership->length, membership->list);
	return 0;
}

int hierarchies_find(struct ironbox_stage *stage, struct hierarchies *all,
                     struct ironbox_error *error)
{
	const char *facts = stage->host->fact(stage, "/proc/self/cgroup");
	const char *line = facts;
	char path[CGROUP_PATH_MAX];
	struct membership membership;

	memset(all, 0, sizeof(*all));
	if (!facts)
		return stage->host->fail(error, errno, "read /proc/self/cgroup");
	if (cgroup_path_choose(stage, "/", path, error) < 0)
		return -1;
	all->path = keep_text(all, path);
	while ((line = next_line(line, &membership)))
		if (membership.controllers && find_one(stage, all, facts, &membership, error) < 0)
			return -1;
	if (all->count == 0)
		return stage->host->fail(error, 0, "no cgroup hierarchy is mounted");
	return 0;
}

/* ---- the container's record: its path, then a line "[=]LIST TOP" for each hierarchy ---- */

static bool print_line(char *text, size_t size, size_t *used, const struct hierarchy *hierarchy)
{
	const char *separator = hierarchy->existed ? "\n=" : "\n";
	int length;

	for (unsigned i = 0; i < V1_COUNT; i++) {
		if (!(hierarchy->controllers & V1_BIT(i)))
			continue;
		length = snprintf(text + *used, size - *used, "%s%s", separator, names[i]);
		if (length < 0 || (size_t)length >= size - *used)
			return false;
		*used += (size_t)length;
		separator = ",";
	}
	length = snprintf(text + *used, size - *used, " %s", hierarchy->top);
	if (length < 0 || (size_t)length >= size - *used)
		return false;
	*used += (size_t)length;
	return true;
}

int hierarchies_remember(struct ironbox_stage *stage, const struct hierarchies *all,
                         struct ironbox_error *error)
{
	char text[HIERARCHIES_TEXT_MAX + 1024];
	size_t used = strlen(all->path);

	memcpy(text, all->path, used + 1);
	for (size_t i = 0; i < all->count; i++)
		if (!print_line(text, sizeof(text), &used, &all->items[i]))
			return stage->host->fail(error, ENAMETOOLONG, "cgroup paths such as %s",
			                         all->items[i].top);
	return stage->host->remember(stage, "hierarchies", text, error);
}

/* The record may come from a file: what does not look as we write it is refused. */
static int recall_line(const struct ironbox_stage *stage, struct hierarchies *all, char *line,
                       struct ironbox_error *error)
{
	bool existed = line[0] == '=';
	char *blank = strchr(line, ' ');
	uint32_t controllers;

	line += existed;
	controllers = blank ? v1_controllers(line, (size_t)(blank - line)) : 0;
	if (!controllers || all->count == HIERARCHIES_MAX ||
	    cgroup_path_check(stage, "the container's record", blank + 1, error) < 0)
		return stage->host->fail(error, 0, "the container's record: cgroup %s: not ours",
		                         line);
	all->items[all->count++] = (struct hierarchy){
		.controllers = controllers,
		.top = blank + 1,
		.existed = existed,
		.directory_fd = -1,
		.entry_fd = -1,
	};
	return 0;
}

int hierarchies_recall(const struct ironbox_stage *stage, struct hierarchies *all,
                       struct ironbox_error *error)
{
	const char *text = stage->host->recall(stage, "hierarchies");
	char *line, *end;

	memset(all, 0, offsetof(struct hierarchies, text));
	if (!text)
		return 0;
	if (strlen(text) >= sizeof(all->text))
		return stage->host->fail(error, ENAMETOOLONG, "the container's record: cgroups");
	memcpy(all->text, text, strlen(text) + 1);
	end = strchr(all->text, '\n');
	if (end)
		*end = '\0';
	all->path = all->text;
	if (cgroup_path_check(stage, "the container's record", all->path, error) < 0)
		return -1;
	for (line = end; line; line = end) {
		line++;
		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		if (recall_line(stage, all, line, error) < 0)
			return -1;
	}
	return 1;
}

struct hierarchy *hierarchies_with(struct hierarchies *all, enum controller controller)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].controllers & V1_BIT(controller))
			return &all->items[i];
	return NULL;
}

bool hierarchy_path(const struct hierarchies *all, const struct hierarchy *hierarchy,
                    const char *file, char path[CGROUP_PATH_MAX])
{
	const char *below = hierarchy->below ? hierarchy->below : "";
	int length = snprintf(path, CGROUP_PATH_MAX, "%s%s%s%s%s%s", hierarchy->top, all->path,
	                      *below ? "/" : "", below, *file ? "/" : "", file);

	errno = ENAMETOOLONG;
	return length < CGROUP_PATH_MAX;
}

/* Which mount it is that `top` lies in: the one deepest down, and the last of those on one point.
 */
static bool find_mount(const char *text, const char *top, struct mount_line *found)
{
	size_t longest = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		struct mount_line line;
		size_t point;

		read_mount_line(text, &line);
		point = strcspn(line.point, " \n");
		if (point < longest || strncmp(line.point, top, point) != 0 ||
		    (top[point] && top[point] != '/') ||
		    !(word_is(line.type, "cgroup") || word_is(line.type, "cgroup2")))
			continue;
		longest = point;
		*found = line;
	}
	return longest > 0;
}

int hierarchy_name(struct ironbox_stage *stage, const struct hierarchies *all,
                   const struct hierarchy *hierarchy, char name[CGROUP_PATH_MAX],
                   struct ironbox_error *error)
{
	const char *text = stage->host->fact(stage, "/proc/self/mountinfo");
	struct mount_line line;
	size_t root;
	int length;

	if (!text)
		return stage->host->fail(error, errno, "read /proc/self/mountinfo");
	if (!find_mount(text, hierarchy->top, &line))
		return stage->host->fail(error, 0, "%s: no cgroup hierarchy is mounted there",
		                         hierarchy->top);
	root = strcspn(line.root, " \n");
	length = snprintf(name, CGROUP_PATH_MAX, "%.*s%s%s", root == 1 ? 0 : (int)root, line.root,
	                  hierarchy->top + strcspn(line.point, " \n"), all->path);
	if (length >= CGROUP_PATH_MAX)
		return stage->host->fail(error, ENAMETOOLONG, "cgroup %s%s", hierarchy->top,
		                         all->path);
	return 0;
}

int hierarchy_directory(const struct hierarchies *all, struct hierarchy *hierarchy)
{
	char path[CGROUP_PATH_MAX];

	if (hierarchy->directory_fd < 0 && hierarchy_path(all, hierarchy, "", path))
		hierarchy->directory_fd =
			open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return hierarchy->directory_fd;
}

void hierarchies_close(struct hierarchies *all)
{
	for (size_t i = 0; i < all->count; i++) {
		replace_fd(&all->items[i].directory_fd, -1);
		replace_fd(&all->items[i].entry_fd, -1);
	}
}
