/* Names of scopes and slices, from linux.cgroupsPath and the container's id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "paper_host.h"
#include "unit.h"

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A240 A64 A64 A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define TEXT_SIZE (2 * UNIT_NAME_SIZE + CGROUP_PATH_MAX)

/* Reads it, and writes "SLICE SCOPE PATH" or the error into text. */
static void read_path(const char *cgroups_path, const char *id, uint32_t flags,
                      char text[TEXT_SIZE])
{
	struct paper_host paper;
	struct unit unit;
	char json[2048], path[CGROUP_PATH_MAX];

	snprintf(json, sizeof(json),
	         "{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"}, \"linux\": {%s%s%s}}",
	         cgroups_path ? "\"cgroupsPath\": \"" : "", cgroups_path ? cgroups_path : "",
	         cgroups_path ? "\"" : "");
	paper_host_begin(&paper, SPEC_CONFIG, json, NULL);
	paper.stage.container_id = id;
	paper.stage.flags = flags;
	if (unit_read(&paper.stage, &unit, &paper.error) < 0) {
		snprintf(text, TEXT_SIZE, "%s", error_text(&paper.error));
	} else {
		assert_int_equal(unit_path(&unit, "", path), 0);
		snprintf(text, TEXT_SIZE, "%s %s %s", unit.slice, unit.scope, path);
	}
	paper_host_end(&paper);
}

static const struct {
	const char *cgroups_path, *expected;
} names[] = {
	/* docker, CRI, podman, a pod of podman's */
	{ "system.slice:docker:0f1e",
	  "system.slice docker-0f1e.scope /system.slice/docker-0f1e.scope" },
	{ "kubepods-besteffort-pod0a_1b.slice:cri-containerd:0f1e",
	  "kubepods-besteffort-pod0a_1b.slice cri-containerd-0f1e.scope "
	  "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod0a_1b.slice/"
	  "cri-containerd-0f1e.scope" },
	{ "machine.slice:libpod:0f1e",
	  "machine.slice libpod-0f1e.scope /machine.slice/libpod-0f1e.scope" },
	{ ":libpod:0f1e", "system.slice libpod-0f1e.scope /system.slice/libpod-0f1e.scope" },
	{ "user.slice::web1", "user.slice web1.scope /user.slice/web1.scope" },
	{ "-.slice:p:web1", "-.slice p-web1.scope /p-web1.scope" },
	{ "a.slice:p:x\\\\x2by", "a.slice p-x\\x2by.scope /a.slice/p-x\\x2by.scope" },
	{ "a.slice:p:" A240, "a.slice p-" A240 ".scope /a.slice/p-" A240 ".scope" },
	{ "", "system.slice ironbox-web1.scope /system.slice/ironbox-web1.scope" },
	{ NULL, "system.slice ironbox-web1.scope /system.slice/ironbox-web1.scope" },

#define EXPECTED "expected SLICE:PREFIX:NAME for a cgroup by systemd"
#define NO_SLICE "is no slice's name, such as system.slice"
	{ "/web1", "linux.cgroupsPath: /web1: " EXPECTED },
	{ "a.slice:web1", "linux.cgroupsPath: a.slice:web1: " EXPECTED },
	{ "a.slice:p:", "linux.cgroupsPath: a.slice:p:: " EXPECTED },
	{ "a.slice:p:x:y", "linux.cgroupsPath: a.slice:p:x:y: " EXPECTED },
	{ "a:p:x", "linux.cgroupsPath: a:p:x: a " NO_SLICE },
	{ ".slice:p:x", "linux.cgroupsPath: .slice:p:x: .slice " NO_SLICE },
	{ "-a.slice:p:x", "linux.cgroupsPath: -a.slice:p:x: -a.slice " NO_SLICE },
	{ "a-.slice:p:x", "linux.cgroupsPath: a-.slice:p:x: a-.slice " NO_SLICE },
	{ "a--b.slice:p:x", "linux.cgroupsPath: a--b.slice:p:x: a--b.slice " NO_SLICE },
	{ "a.slice:p:b.slice",
	  "linux.cgroupsPath: a.slice:p:b.slice: a container gets a scope, and no slice" },
#define CHARACTERS "a name of systemd's has letters, digits and :-_.\\, and no byte "
	{ "../a.slice:p:x", "linux.cgroupsPath: ../a.slice:p:x: " CHARACTERS "0x2f" },
	{ "a.slice:p/q:x", "linux.cgroupsPath: a.slice:p/q:x: " CHARACTERS "0x2f" },
	{ "a.slice:p:x y", "linux.cgroupsPath: a.slice:p:x y: " CHARACTERS "0x20" },
	{ "a.slice:p:x@y", "linux.cgroupsPath: a.slice:p:x@y: " CHARACTERS "0x40" },
	{ "a.slice:p:\xc3\xa4", "linux.cgroupsPath: a.slice:p:\xc3\xa4: " CHARACTERS "0xc3" },
	{ "a.slice:pppppppppp:" A240, "linux.cgroupsPath: a.slice:pppppppppp:" A240
	                              ": a name of systemd's has 255 bytes at most" },
	{ A240 "aaaaaaaaaa.slice:p:x", "linux.cgroupsPath: " A240 "aaaaaaaaaa.slice:p:x: a name of "
	                               "systemd's has 255 bytes at most" },
};

static void paths_become_names(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		read_path(names[i].cgroups_path, "web1", 0, text);
		assert_string_equal(text, names[i].expected);
	}
}

static void an_id_is_escaped(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	read_path(NULL, "a+b.c_d-e", 0, text);
	assert_string_equal(text, "system.slice ironbox-a\\x2bb.c_d-e.scope "
	                          "/system.slice/ironbox-a\\x2bb.c_d-e.scope");
	read_path(NULL, A240 "+++", 0, text);
	assert_string_equal(text, "container id: too long for a name of systemd's");
}

static void a_user_has_a_slice_of_his_own(void **state)
{
	char text[TEXT_SIZE];

	(void)state;
	read_path(NULL, "web1", IRONBOX_ROOTLESS, text);
	assert_string_equal(text, "user.slice ironbox-web1.scope /user.slice/ironbox-web1.scope");
	read_path(":libpod:0f1e", "web1", IRONBOX_ROOTLESS, text);
	assert_string_equal(text, "user.slice libpod-0f1e.scope /user.slice/libpod-0f1e.scope");
	read_path("a-b.slice:p:x", "web1", IRONBOX_ROOTLESS, text);
	assert_string_equal(text, "a-b.slice p-x.scope /a.slice/a-b.slice/p-x.scope");
}

static const struct {
	const char *own, *base;
} bases[] = {
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/podman-17.scope",
	  "/user.slice/user-1000.slice/user@1000.service" },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope",
	  "/user.slice/user-1000.slice/user@1000.service" },
	{ "/lxc/7/user.slice/user-1000.slice/user@1000.service/app.slice",
	  "/lxc/7/user.slice/user-1000.slice/user@1000.service" },
	{ "/user.slice/user-1000.slice/user@1000.service", NULL }, /* it has no processes */
	{ "/user.slice/user-1000.slice/session-2.scope", NULL },
	{ "/system.slice/user@.service/x", NULL },
	{ "/system.slice/user@1000.services/x", NULL },
	{ "/system.slice/superuser@1000.service/x", NULL },
	{ "/", NULL },
	{ "", NULL },
};

static void a_users_systemd_is_found_by_a_process_of_it(void **state)
{
	char base[CGROUP_PATH_MAX], text[CGROUP_PATH_MAX];
	struct unit unit = { "user.slice", "x.scope" };

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		assert_int_equal(unit_find_base(bases[i].own, base), bases[i].base != NULL);
		if (bases[i].base)
			assert_string_equal(base, bases[i].base);
	}
	assert_int_equal(unit_path(&unit, "/user@7.service", text), 0);
	assert_string_equal(text, "/user@7.service/user.slice/x.scope");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_become_names),
		cmocka_unit_test(an_id_is_escaped),
		cmocka_unit_test(a_user_has_a_slice_of_his_own),
		cmocka_unit_test(a_users_systemd_is_found_by_a_process_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
