/* Where a container's cgroup is: cgroupsPath and the runtime's own place in the tree, none of which
 * may lead out of it. The first byte says which; the texts behind it end in NULs. */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "harness.h"
#include "hierarchies.h"
#include "paper_host.h"
#include "path.h"

struct texts {
	char *first, *second, *third;
	char *record; /* what was remembered */
};

/* Each path is one of cgroup v1, as far as the module can ask. */
int __wrap_statfs(const char *path, struct statfs *found);
int __wrap_statfs(const char *path, struct statfs *found)
{
	memset(found, 0, sizeof(*found));
	/* but for the usual mounts of some, so that mountinfo is looked at */
	found->f_type = strncmp(path, "/sys/fs/cgroup/unified", 22) == 0 ? CGROUP2_SUPER_MAGIC
	                : strncmp(path, "/sys/fs/cgroup/m", 16) == 0     ? 0
	                                                                 : CGROUP_SUPER_MAGIC;
	return 0;
}

/* E4: no way up or out, no name that a terminal or a file would take for more than one. */
static bool is_inside(const char *path)
{
	cleanup_free char *copy = strdup(path + (*path == '/'));
	char *rest = copy, *name;

	CHECK(copy, "no memory");
	if (strlen(path) >= CGROUP_PATH_MAX || strcmp(path, "/") == 0)
		return false;
	while ((name = strsep(&rest, "/")))
		if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    strlen(name) > 255)
			return false;
	for (; *path; path++)
		if ((unsigned char)*path < ' ' || *path == 0x7f)
			return false;
	return true;
}

static void check_path(struct paper_host *paper, const struct texts *texts)
{
	bool taken = cgroup_path_check(&paper->stage, "path", texts->first, &paper->error) == 0;

	CHECK(taken == is_inside(texts->first), "%s: %s", texts->first, taken ? "taken" : "not");
	if (!taken)
		paper_host_check_error(&paper->error);
}

/* The line of /proc/PID/cgroup that a path is from. */
static bool has_line(const char *text, const char *controller, const char *path)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		cleanup_free char *line = strndup(text, strcspn(text, "\n"));
		char *rest = line, *list, *name;

		strsep(&rest, ":");
		list = strsep(&rest, ":");
		if (!list || !rest || strcmp(rest, path) != 0)
			continue;
		if (!*controller && !*list)
			return true;
		while ((name = strsep(&list, ",")))
			if (*controller && strcmp(name, controller) == 0)
				return true;
	}
	return false;
}

static void check_process(const struct texts *texts)
{
	static const char *const controllers[] = { "", "memory", "name=systemd", "cpu" };
	char path[CGROUP_PATH_MAX];

	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		if (cgroup_path_of_process(texts->first, controllers[i], path, sizeof(path)))
			CHECK(path[0] == '/' && (!path[1] || is_inside(path)) &&
			              has_line(texts->first, controllers[i], path),
			      "\"%s\": %s", controllers[i], path);
}

static const char *fact(const struct paper_host *paper, const char *path)
{
	const struct texts *texts = paper->context;

	return strcmp(path, "/proc/self/cgroup") == 0      ? texts->first
	       : strcmp(path, "/proc/self/mountinfo") == 0 ? texts->second
	                                                   : NULL;
}

static void remember(struct paper_host *paper, const char *key, const char *value)
{
	struct texts *texts = paper->context;

	CHECK(strcmp(key, "hierarchies") == 0, "%s", key);
	free(texts->record);
	texts->record = strdup(value);
}

static const char *recall(const struct paper_host *paper, const char *key)
{
	const struct texts *texts = paper->context;

	return strcmp(key, "hierarchies") == 0 ? texts->record : NULL;
}

static void check_hierarchies(const struct hierarchies *all)
{
	char path[CGROUP_PATH_MAX];

	CHECK(all->path[0] == '/' || is_inside(all->path), "%s", all->path);
	for (size_t i = 0; i < all->count; i++) {
		CHECK(all->items[i].controllers && all->items[i].controllers < 1u << V1_COUNT,
		      "%#x", all->items[i].controllers);
		hierarchy_path(all, &all->items[i], "tasks", path);
	}
}

/* What is remembered is what a later verb recalls. */
static void check_recalled(struct paper_host *paper, const struct hierarchies *all)
{
	static struct hierarchies again; /* 8 KiB: not on the stack of a fuzzer */

	if (hierarchies_remember(&paper->stage, all, &paper->error) < 0)
		return;
	if (hierarchies_recall(&paper->stage, &again, &paper->error) < 0) {
		/* a mount point that no cgroup has: refused, not misread */
		paper_host_check_error(&paper->error);
		return;
	}
	CHECK(again.count == all->count && strcmp(again.path, all->path) == 0, "%zu of %zu",
	      again.count, all->count);
	for (size_t i = 0; i < all->count; i++)
		CHECK(again.items[i].controllers == all->items[i].controllers &&
		              strcmp(again.items[i].top, all->items[i].top) == 0,
		      "%s is %s", all->items[i].top, again.items[i].top);
}

static void find(struct paper_host *paper, struct texts *texts)
{
	static struct hierarchies all;

	paper->fact = fact;
	paper->remember = remember;
	paper->recall = recall;
	hierarchies_of_host(&paper->stage);
	if (hierarchies_find(&paper->stage, &all, &paper->error) < 0) {
		paper_host_check_error(&paper->error);
		return;
	}
	check_hierarchies(&all);
	for (size_t i = 0; i < all.count; i++)
		CHECK(!strstr(all.items[i].top, "/../") || strstr(texts->second, ".."), "%s",
		      all.items[i].top);
	check_recalled(paper, &all);
}

/* The record as a broken disk has it. */
static void recall_raw(struct paper_host *paper, struct texts *texts)
{
	static struct hierarchies all;

	texts->record = strdup(texts->first);
	paper->recall = recall;
	if (hierarchies_recall(&paper->stage, &all, &paper->error) < 0) {
		paper_host_check_error(&paper->error);
		return;
	}
	check_hierarchies(&all);
	CHECK(is_inside(all.path), "%s", all.path);
	for (size_t i = 0; i < all.count; i++)
		CHECK(is_inside(all.items[i].top), "%s", all.items[i].top);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t kind = input_choice(&input, 4);
	struct texts texts = { .first = input_text(&input, '\0') };
	struct paper_host paper;

	texts.second = input_text(&input, '\0');
	paper_host_begin(&paper, NULL);
	paper.context = &texts;
	if (kind == 0)
		check_path(&paper, &texts);
	else if (kind == 1)
		check_process(&texts);
	else if (kind == 2)
		find(&paper, &texts);
	else
		recall_raw(&paper, &texts);
	free(texts.first);
	free(texts.second);
	free(texts.record);
	return 0;
}
