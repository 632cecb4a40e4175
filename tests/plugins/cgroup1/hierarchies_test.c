/* Where the container's cgroups are, by captured facts of several hosts: nothing is mounted here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include <hierarchies.h>

/* ---- a host of paper ---- */

struct paper_host {
	const char *cgroup, *mountinfo, *cgroups_path;
	const char *const *v1_directories; /* what statfs(2) knows, NULL at the end */
	const char *v2_directory;
	char record[9000];
	char error[256];
	int mountinfo_reads;
};

static struct paper_host *paper; /* of the test that runs */

int __wrap_statfs(const char *path, struct statfs *found);
int __wrap_statfs(const char *path, struct statfs *found)
{
	if (paper->v2_directory && strcmp(path, paper->v2_directory) == 0) {
		found->f_type = CGROUP2_SUPER_MAGIC;
		return 0;
	}
	for (const char *const *known = paper->v1_directories; *known; known++)
		if (strcmp(path, *known) == 0) {
			found->f_type = CGROUP_SUPER_MAGIC;
			return 0;
		}
	errno = ENOENT;
	return -1;
}

static int paper_fail(struct ironbox_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int paper_fail(struct ironbox_error *error, int code, const char *format, ...)
{
	va_list arguments;

	(void)error;
	(void)code;
	va_start(arguments, format);
	vsnprintf(paper->error, sizeof(paper->error), format, arguments);
	va_end(arguments);
	return -1;
}

static int paper_context(struct ironbox_error *error, const char *format, ...)
{
	(void)error;
	(void)format;
	return -1;
}

static void paper_log(const struct ironbox_stage *stage, enum ironbox_log_level level,
                      const char *format, ...)
{
	(void)stage;
	(void)level;
	(void)format;
}

static const struct ironbox_value *paper_spec(const struct ironbox_stage *stage, const char *path)
{
	(void)stage;
	assert_string_equal(path, "linux.cgroupsPath");
	return (const struct ironbox_value *)paper->cgroups_path; /* text() gives it back */
}

static const char *paper_text(const struct ironbox_value *value)
{
	return (const char *)value;
}

static const char *paper_fact(struct ironbox_stage *stage, const char *path)
{
	(void)stage;
	if (strcmp(path, "/proc/self/cgroup") == 0)
		return paper->cgroup;
	assert_string_equal(path, "/proc/self/mountinfo");
	paper->mountinfo_reads++;
	return paper->mountinfo;
}

static int paper_remember(struct ironbox_stage *stage, const char *key, const char *value,
                          struct ironbox_error *error)
{
	(void)stage;
	(void)error;
	assert_string_equal(key, "hierarchies");
	assert_true(strlen(value) < sizeof(paper->record));
	strcpy(paper->record, value);
	return 0;
}

static const char *paper_recall(const struct ironbox_stage *stage, const char *key)
{
	(void)stage;
	assert_string_equal(key, "hierarchies");
	return *paper->record ? paper->record : NULL;
}

static const struct ironbox_host services = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_host),
	.fail = paper_fail,
	.context = paper_context,
	.log = paper_log,
	.spec = paper_spec,
	.text = paper_text,
	.fact = paper_fact,
	.remember = paper_remember,
	.recall = paper_recall,
};

static struct ironbox_stage stage_of(struct paper_host *host)
{
	paper = host;
	return (struct ironbox_stage){ .size = sizeof(struct ironbox_stage),
		                       .host = &services,
		                       .container_id = "web1",
		                       .init_pidfd = -1 };
}

/* ---- what is found, as the record has it ---- */

static const struct found_case {
	const char *name;
	struct paper_host host;
	const char *record; /* or the error, where there is none */
	int mountinfo_reads;
} found_cases[] = {
	{ .name = "each controller by itself, and a v2 tree; no cgroupsPath",
	  .host = { .cgroup = "9:name=systemd:/\n4:memory:/p/q\n1:cpu:/\n0::/\n",
	            .v1_directories =
	                    (const char *[]){ "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/memory/p/q",
	                                      "/sys/fs/cgroup/cpu", NULL },
	            .v2_directory = "/sys/fs/cgroup/unified" },
	  .record = "/web1\nname=systemd /sys/fs/cgroup/systemd\n"
	            "memory /sys/fs/cgroup/memory/p/q\ncpu /sys/fs/cgroup/cpu\n"
	            "unified /sys/fs/cgroup/unified" },
	{ .name = "an absolute cgroupsPath is below the roots",
	  .host = { .cgroup = "4:memory:/p/q\n0::/p\n",
	            .cgroups_path = "/docker/web1",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/memory", NULL },
	            .v2_directory = "/sys/fs/cgroup/unified" },
	  .record = "/docker/web1\nmemory /sys/fs/cgroup/memory\nunified /sys/fs/cgroup/unified" },
	{ .name = "a relative cgroupsPath is below our own",
	  .host = { .cgroup = "4:memory:/p\n",
	            .cgroups_path = "a/b",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/memory/p", NULL } },
	  .record = "/a/b\nmemory /sys/fs/cgroup/memory/p" },
	{ .name = "controllers that are mounted together",
	  .host = { .cgroup = "3:cpu,cpuacct:/\n2:net_cls,net_prio:/\n",
	            .cgroups_path = "/a",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/cpu,cpuacct",
	                                                "/sys/fs/cgroup/net_cls,net_prio", NULL } },
	  .record = "/a\ncpu,cpuacct /sys/fs/cgroup/cpu,cpuacct\n"
	            "net_cls,net_prio /sys/fs/cgroup/net_cls,net_prio" },
	{ .name = "a mount by another name is found in mountinfo",
	  .host = { .cgroup = "3:cpuacct,cpu:/\n",
	            .mountinfo =
	                    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw\n"
	                    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:4 master:2 "
	                    "- cgroup cgroup rw,cpuacct,cpu\n",
	            .cgroups_path = "/a",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/cpu,cpuacct", NULL } },
	  .record = "/a\ncpu,cpuacct /sys/fs/cgroup/cpu,cpuacct",
	  .mountinfo_reads = 1 },
	{ .name = "in a container without a cgroup namespace the mount's root is taken off",
	  .host = { .cgroup = "4:memory:/docker/dind/own\n",
	            .mountinfo = "40 39 0:32 /docker/dind /sys/fs/cgroup/memory rw - cgroup cgroup "
	                         "rw,memory\n",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/memory/own", NULL } },
	  .record = "/web1\nmemory /sys/fs/cgroup/memory/own",
	  .mountinfo_reads = 1 },
	{ .name = "a mount's root is no prefix by letters alone",
	  .host = { .cgroup = "4:memory:/docker-2/x\n",
	            .mountinfo = "40 39 0:32 /docker /sys/fs/cgroup/memory rw - cgroup cgroup "
	                         "rw,memory\n",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/memory", NULL } },
	  .record = "/web1\nmemory /sys/fs/cgroup/memory",
	  .mountinfo_reads = 1 },
	{ .name = "a hierarchy that is not mounted is left out",
	  .host = { .cgroup = "5:devices:/\n4:memory:/\n0::/\n",
	            .mountinfo = "",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/memory", NULL } },
	  .record = "/web1\nmemory /sys/fs/cgroup/memory",
	  .mountinfo_reads = 1 },
	{ .name = "hierarchies without a controller that we know are left out",
	  .host = { .cgroup = "7:name=elogind:/\n6:debug:/\nnonsense\n:\n5:pids:/a:b\n",
	            .v1_directories = (const char *[]){ "/sys/fs/cgroup/pids/a:b", NULL } },
	  .record = "/web1\npids /sys/fs/cgroup/pids/a:b" },
	{ .name = "a host without any",
	  .host = { .cgroup = "0::/\n", .v1_directories = (const char *[]){ NULL } },
	  .record = "no cgroup hierarchy is mounted" },
	{ .name = "our own cgroup is outside of our cgroup namespace",
	  .host = { .cgroup = "4:memory:/../x\n", .v1_directories = (const char *[]){ NULL } },
	  .record = "memory: our own cgroup lies outside of our cgroup namespace "
	            "(/proc/self/cgroup): give an absolute linux.cgroupsPath" },
	{ .name = "a cgroupsPath that leads out",
	  .host = { .cgroup = "4:memory:/\n",
	            .cgroups_path = "/a/../../b",
	            .v1_directories = (const char *[]){ NULL } },
	  .record = "linux.cgroupsPath: /a/../../b: a component is empty, \".\", \"..\" or too "
	            "long" },
};

static void finds(void **state)
{
	const struct found_case *this = *state;
	struct paper_host host = this->host;
	struct ironbox_stage stage = stage_of(&host);
	struct hierarchies all;

	if (hierarchies_find(&stage, &all, NULL) < 0) {
		assert_string_equal(host.error, this->record);
	} else {
		assert_int_equal(hierarchies_remember(&stage, &all, NULL), 0);
		assert_string_equal(host.record, this->record);
	}
	assert_int_equal(host.mountinfo_reads, this->mountinfo_reads);
}

/* ---- their paths below the roots, as proc(5) has them ---- */

static const struct name_case {
	const char *mountinfo, *top, *name; /* or no name */
} name_cases[] = {
	{ "40 39 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
	  "/sys/fs/cgroup/memory", "/a/b" },
	{ "40 39 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
	  "/sys/fs/cgroup/memory/own", "/own/a/b" },
	/* inside of a container without a cgroup namespace */
	{ "40 39 0:32 /docker/dind /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
	  "/sys/fs/cgroup/memory/own", "/docker/dind/own/a/b" },
	{ "38 1 0:30 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
	  "39 38 0:31 / /sys/fs/cgroup/mem rw - cgroup cgroup rw,memory\n"
	  "40 38 0:32 /x /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	  "41 40 0:32 /y /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
	  "/sys/fs/cgroup/unified", "/y/a/b" },
	{ "39 38 0:31 / /sys/fs/cgroup/mem rw - cgroup cgroup rw,memory\n", "/sys/fs/cgroup/memory",
	  NULL },
	{ "", "/sys/fs/cgroup/memory", NULL },
};

static void have_paths_below_their_roots(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++) {
		struct paper_host host = { .mountinfo = name_cases[i].mountinfo };
		struct ironbox_stage stage = stage_of(&host);
		struct hierarchies all = { .path = "/a/b" };
		struct hierarchy hierarchy = { .top = name_cases[i].top };
		char name[CGROUP_PATH_MAX];
		int result = hierarchy_name(&stage, &all, &hierarchy, name, NULL);

		assert_int_equal(result, name_cases[i].name ? 0 : -1);
		if (result == 0)
			assert_string_equal(name, name_cases[i].name);
		else
			assert_non_null(strstr(host.error, name_cases[i].top));
	}
}

/* ---- the record of another process ---- */

static void comes_back_from_the_record(void **state)
{
	struct paper_host host = { .record = "/a/b\n=cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct\n"
		                             "memory /sys/fs/cgroup/memory/own" };
	struct ironbox_stage stage = stage_of(&host);
	char path[CGROUP_PATH_MAX], before[9000];
	struct hierarchies all;

	(void)state;
	strcpy(before, host.record);
	assert_int_equal(hierarchies_recall(&stage, &all, NULL), 1);
	assert_int_equal(all.count, 2);
	assert_true(all.items[0].existed);
	assert_false(all.items[1].existed);
	assert_ptr_equal(hierarchies_with(&all, V1_CPUACCT), &all.items[0]);
	assert_ptr_equal(hierarchies_with(&all, V1_MEMORY), &all.items[1]);
	assert_null(hierarchies_with(&all, V1_UNIFIED));
	assert_true(hierarchy_path(&all, &all.items[1], "tasks", path));
	assert_string_equal(path, "/sys/fs/cgroup/memory/own/a/b/tasks");
	assert_int_equal(hierarchies_remember(&stage, &all, NULL), 0);
	assert_string_equal(host.record, before);
}

static void is_not_there(void **state)
{
	struct paper_host host = { .record = "" };
	struct ironbox_stage stage = stage_of(&host);
	struct hierarchies all;

	(void)state;
	assert_int_equal(hierarchies_recall(&stage, &all, NULL), 0);
	assert_int_equal(all.count, 0);
}

/* A record that was cut short or meddled with must not become a path. */
static const struct bad_record {
	const char *name, *record;
} bad_records[] = {
	{ "a path that leads out", "/a/../..\nmemory /sys/fs/cgroup/memory" },
	{ "the root cgroup", "/\nmemory /sys/fs/cgroup/memory" },
	{ "no mount point", "/a\nmemory" },
	{ "an empty mount point", "/a\nmemory " },
	{ "a mount point that leads out", "/a\nmemory /sys/fs/cgroup/../.." },
	{ "the root as mount point", "/a\nmemory /" },
	{ "no controller of ours", "/a\nfoo /sys/fs/cgroup/foo" },
	{ "an empty line", "/a\n\nmemory /sys/fs/cgroup/memory" },
};

static void is_refused(void **state)
{
	const struct bad_record *bad = *state;
	struct paper_host host = { .cgroup = NULL };
	struct ironbox_stage stage = stage_of(&host);
	struct hierarchies all;

	strcpy(host.record, bad->record);
	assert_int_equal(hierarchies_recall(&stage, &all, NULL), -1);
	assert_string_not_equal(host.error, "");
}

static void more_lines_than_hierarchies_are_refused(void **state)
{
	struct paper_host host = { .record = "/a" };
	struct ironbox_stage stage = stage_of(&host);
	struct hierarchies all;

	(void)state;
	for (int i = 0; i < HIERARCHIES_MAX + 1; i++)
		strcat(host.record, "\nmemory /sys/fs/cgroup/memory");
	assert_int_equal(hierarchies_recall(&stage, &all, NULL), -1);
}

static void names_what_the_host_has(void **state)
{
	struct paper_host host = { .cgroup = "2:cpu,cpuacct:/\n1:name=systemd:/\n0::/\n" };
	struct ironbox_stage stage = stage_of(&host);

	(void)state;
	assert_int_equal(hierarchies_of_host(&stage), V1_BIT(V1_CPU) | V1_BIT(V1_CPUACCT) |
	                                                      V1_BIT(V1_SYSTEMD) |
	                                                      V1_BIT(V1_UNIFIED));
}

#define FOUND (sizeof(found_cases) / sizeof(found_cases[0]))
#define BAD   (sizeof(bad_records) / sizeof(bad_records[0]))

int main(void)
{
	struct CMUnitTest tests[FOUND + BAD + 5] = {
		cmocka_unit_test(comes_back_from_the_record),
		cmocka_unit_test(is_not_there),
		cmocka_unit_test(more_lines_than_hierarchies_are_refused),
		cmocka_unit_test(names_what_the_host_has),
		cmocka_unit_test(have_paths_below_their_roots),
	};

	for (size_t i = 0; i < FOUND; i++)
		tests[5 + i] = (struct CMUnitTest){
			.name = found_cases[i].name,
			.test_func = finds,
			.initial_state = (void *)(uintptr_t)&found_cases[i],
		};
	for (size_t i = 0; i < BAD; i++)
		tests[5 + FOUND + i] = (struct CMUnitTest){
			.name = bad_records[i].name,
			.test_func = is_refused,
			.initial_state = (void *)(uintptr_t)&bad_records[i],
		};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
