/* Documents of the shapes that containerd, docker and podman send: each is read whole. */
#include "document.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "oci/hooks.h"
#include "oci/process.h"

#define SHAPES_FOLDER TEST_FOLDER "/shapes"

static enum spec_kind kind_of(const char *name)
{
	return strstr(name, ".process.")     ? SPEC_PROCESS
	       : strstr(name, ".resources.") ? SPEC_RESOURCES
	                                     : SPEC_CONFIG;
}

static struct spec load_shape(const char *name)
{
	int folder = open(SHAPES_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	assert_true(folder >= 0);
	if (spec_load(&spec, kind_of(name), folder, name, &error) < 0)
		fail_msg("%s", error_text(&error));
	close(folder);
	return spec;
}

static void read_process_and_hooks(const struct spec *spec, const char *name)
{
	struct oci_process process;
	ERROR_NONE(error);

	if (process_read(&process, spec, &error) < 0)
		fail_msg("%s: %s", name, error_text(&error));
	assert_true(process.args_count > 0);
	process_free(&process);
	for (int kind = 0; kind < HOOK_KINDS; kind++) {
		cleanup_hooks struct oci_hooks hooks = { 0 };

		if (hooks_read(&hooks, spec, kind, &error) < 0)
			fail_msg("%s: %s", name, error_text(&error));
	}
}

static void each_shape_is_read(void **state)
{
	DIR *folder = opendir(SHAPES_FOLDER);
	size_t configs = 0, processes = 0, resources = 0;
	struct dirent *entry;

	(void)state;
	assert_non_null(folder);
	while ((entry = readdir(folder))) {
		cleanup_spec struct spec spec = SPEC_NONE;

		if (!strstr(entry->d_name, ".json"))
			continue;
		spec = load_shape(entry->d_name);
		configs += kind_of(entry->d_name) == SPEC_CONFIG;
		processes += kind_of(entry->d_name) == SPEC_PROCESS;
		resources += kind_of(entry->d_name) == SPEC_RESOURCES;
		if (kind_of(entry->d_name) == SPEC_CONFIG)
			read_process_and_hooks(&spec, entry->d_name);
	}
	closedir(folder);
	assert_int_equal(configs, 36);
	assert_int_equal(processes, 6);
	assert_int_equal(resources, 5);
}

/* A process file takes the place of a config's process, as `exec --process` has it. */
static void process_files_join_configs(void **state)
{
	struct spec process = load_shape("docker-exec-opts.process.json");
	cleanup_spec struct spec spec = load_shape("docker-run-plain.json");

	(void)state;
	spec_replace_process(&spec, &process);
	read_process_and_hooks(&spec, "docker-exec-opts.process.json");
}

static const struct {
	const char *shape, *path;
	bool asked;
} asked_rows[] = {
	{ "docker-run-plain.json", "linux.resources.blockIO", false },
	{ "docker-run-plain.json", "linux.resources.memory", false },
	{ "docker-run-plain.json", "linux.resources.devices", true },
	{ "docker-run-plain.json", "linux.seccomp", true },
	{ "docker-run-plain.json", "linux.namespaces[type=network]", true },
	{ "docker-run-plain.json", "linux.namespaces[type=user]", false },
	{ "docker-run-plain.json", "hooks", false },
	{ "docker-run-bridge.json", "hooks.prestart", true },
	{ "docker-run-userns-remap.json", "linux.uidMappings", true },
	{ "docker-run-privileged.json", "linux.seccomp", false },
	{ "docker-run-memory.json", "linux.resources.memory.limit", true },
	{ "docker-update-restart.resources.json", "memory", false },
	{ "docker-update-restart.resources.json", "cpu", false },
	{ "podman-rootless-run-plain.json", "linux.resources", false },
	{ "podman-rootless-run-plain.json", "linux.cgroupsPath", false },
	{ "podman-run-pidsunl.json", "linux.resources.pids", false },
	{ "podman-run-personality.json", "linux.personality", true },
	{ "cri-cni-sandbox.json", "linux.seccomp", false },
};

static void shapes_ask_for_what_they_mean(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(asked_rows) / sizeof(asked_rows[0]); i++) {
		cleanup_spec struct spec spec = load_shape(asked_rows[i].shape);

		if (spec_asks(&spec, asked_rows[i].path) != asked_rows[i].asked)
			fail_msg("%s: %s", asked_rows[i].shape, asked_rows[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_shape_is_read),
		cmocka_unit_test(process_files_join_configs),
		cmocka_unit_test(shapes_ask_for_what_they_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
