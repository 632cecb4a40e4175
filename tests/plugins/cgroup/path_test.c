/* linux.cgroupsPath and /proc/PID/cgroup as tables (TE3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "files.h"
#include "paper_host.h"
#include "path.h"

static const char *const bad_paths[] = {
	"../x", "/../x", "a/../../x", "..",     ".",    "/.",     "/",
	"",     "a//b",  "a/",        "/a/./b", "a\nb", "/a\x7f", "/a\x01/b",
};

static void bad_paths_are_refused(void **state)
{
	char name[300], path[5000];
	struct paper_host paper;

	(void)state;
	paper_host_begin(&paper, SPEC_RESOURCES, "{}", NULL);
	for (size_t i = 0; i < sizeof(bad_paths) / sizeof(bad_paths[0]); i++) {
		assert_int_equal(
			cgroup_path_check(&paper.stage, "cgroupsPath", bad_paths[i], &paper.error),
			-1);
		assert_non_null(strstr(error_text(&paper.error), "cgroupsPath"));
	}
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(cgroup_path_check(&paper.stage, "p", name, &paper.error), -1);
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 ? 'a' : '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(cgroup_path_check(&paper.stage, "p", path, &paper.error), -1);
	paper_host_end(&paper);
}

static const char *const good_paths[] = {
	"/a", "a", "/a/b", "a/b.slice", "/foo-x", "system.slice:docker:web1", "/...", "/a/..b",
};

static void good_paths_are_taken(void **state)
{
	struct paper_host paper;

	(void)state;
	paper_host_begin(&paper, SPEC_RESOURCES, "{}", NULL);
	for (size_t i = 0; i < sizeof(good_paths) / sizeof(good_paths[0]); i++)
		assert_int_equal(cgroup_path_check(&paper.stage, "p", good_paths[i], &paper.error),
		                 0);
	paper_host_end(&paper);
}

static void below_is_by_components(void **state)
{
	(void)state;
	assert_true(cgroup_path_below("/a", "/a"));
	assert_true(cgroup_path_below("/a/b", "/a"));
	assert_false(cgroup_path_below("/a-b", "/a"));
	assert_false(cgroup_path_below("/", "/a"));
	assert_false(cgroup_path_below("/b/a", "/a"));
}

static const char *const names_for_systemd[] = {
	"system.slice:docker:web1",
	"kubepods-pod1.slice:cri-containerd:web1",
	":libpod:web1",
	"a.slice::web1",
};

/* kubelet and docker send them, by their own settings: never a cgroup out of its slice's limits. */
static void names_for_systemd_are_no_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names_for_systemd) / sizeof(names_for_systemd[0]); i++) {
		struct paper_host paper;
		char document[256], path[CGROUP_PATH_MAX];

		snprintf(document, sizeof(document),
		         "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"}, \"linux\": "
		         "{\"cgroupsPath\": \"%s\"}}",
		         names_for_systemd[i]);
		paper_host_begin(&paper, SPEC_CONFIG, document, NULL);
		assert_int_equal(cgroup_path_choose(&paper.stage, "/a", path, &paper.error), -1);
		assert_non_null(
			strstr(error_text(&paper.error), ": a name for systemd, which is "));
		paper_host_end(&paper);
	}
}

static const struct chosen {
	const char *json, *base, *path;
} chosen[] = {
	{ "{\"cgroupsPath\": \"/a/b\"}", "/system.slice", "/a/b" },
	{ "{\"cgroupsPath\": \"a/b\"}", "/system.slice", "/system.slice/a/b" },
	{ "{\"cgroupsPath\": \"a/b\"}", "/", "/a/b" },
	{ "{\"cgroupsPath\": \"a.slice:b\"}", "/", "/a.slice:b" },
	{ "{\"cgroupsPath\": \"/a.slice:b:c\"}", "/", "/a.slice:b:c" },
	{ "{\"cgroupsPath\": \"a:b:c\"}", "/", "/a:b:c" },
	{ "{\"cgroupsPath\": \"\"}", "/system.slice", "/system.slice/web1" },
	{ "{}", "/", "/web1" },
};

static void relative_paths_are_below_the_base(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(chosen) / sizeof(chosen[0]); i++) {
		struct paper_host paper;
		char document[256], path[CGROUP_PATH_MAX];

		snprintf(document, sizeof(document),
		         "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"}, \"linux\": %s}",
		         chosen[i].json);
		paper_host_begin(&paper, SPEC_CONFIG, document, NULL);
		assert_int_equal(
			cgroup_path_choose(&paper.stage, chosen[i].base, path, &paper.error), 0);
		assert_string_equal(path, chosen[i].path);
		paper_host_end(&paper);
	}
}

static const char hybrid[] = "12:cpu,cpuacct:/docker/1\n4:memory:/\n2:name=systemd:/user\n"
			     "1:cpu:/../out\n0::/system.slice/a:b\n";

static const struct own_path {
	const char *text, *controller, *path; /* NULL: none */
} own_paths[] = {
	{ hybrid, "", "/system.slice/a:b" },
	{ hybrid, "memory", "/" },
	{ hybrid, "cpuacct", "/docker/1" },
	{ hybrid, "name=systemd", "/user" },
	{ hybrid, "pids", NULL },
	{ hybrid, "pu", NULL },
	{ "0::/", "", "/" },
	{ "0::/../x\n", "", NULL },
	{ "0::\n", "", NULL },
	{ "0::relative\n", "", NULL },
	{ "", "", NULL },
	{ "nonsense", "", NULL },
};

static void own_cgroups_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(own_paths) / sizeof(own_paths[0]); i++) {
		char path[64] = "";
		bool found = cgroup_path_of_process(own_paths[i].text, own_paths[i].controller,
		                                    path, sizeof(path));

		assert_int_equal(found, own_paths[i].path != NULL);
		if (found)
			assert_string_equal(path, own_paths[i].path);
	}
}

/* ---- numbers of the kernel's files ---- */

static void numbers_are_parsed_strictly(void **state)
{
	static const char *const bad[] = { "",  "x", "-1", "1x", "maximum", "18446744073709551616",
		                           " 1" };
	uint64_t value = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(cgroup_parse_number(bad[i], &value, NULL));
	assert_true(cgroup_parse_number("18446744073709551614\n", &value, NULL));
	assert_true(value == UINT64_MAX - 1);
	assert_true(cgroup_parse_number("max", &value, NULL));
	assert_true(value == CGROUP_NO_LIMIT);
}

static void keys_are_found_whole(void **state)
{
	static const char events[] = "low 0\noom 3\noom_kill 7\nbad\nodd x\n\nlast 9";
	uint64_t value = 0;

	(void)state;
	assert_true(cgroup_find_key(events, "oom_kill", &value) && value == 7);
	assert_true(cgroup_find_key(events, "oom", &value) && value == 3);
	assert_true(cgroup_find_key(events, "last", &value) && value == 9);
	assert_false(cgroup_find_key(events, "oo", &value));
	assert_false(cgroup_find_key(events, "bad", &value));
	assert_false(cgroup_find_key(events, "odd", &value));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_paths_are_refused),
		cmocka_unit_test(good_paths_are_taken),
		cmocka_unit_test(below_is_by_components),
		cmocka_unit_test(names_for_systemd_are_no_paths),
		cmocka_unit_test(relative_paths_are_below_the_base),
		cmocka_unit_test(own_cgroups_are_found),
		cmocka_unit_test(numbers_are_parsed_strictly),
		cmocka_unit_test(keys_are_found_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
