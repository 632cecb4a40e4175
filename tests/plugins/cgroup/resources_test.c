/* What of linux.resources is meant, which controller it needs, and what this module refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "internal.h"
#include "paper_host.h"

/* ---- bundles/calls of docker, podman and CRI: zeros and empty objects ask for nothing ---- */

static const char *const nothing_asked[] = {
	"{}",
	"{\"memory\": {}, \"blockIO\": {}, \"cpu\": {}, \"pids\": {\"limit\": 0}}",
	"{\"memory\": {\"limit\": 0, \"reservation\": 0, \"kernel\": 0},"
	" \"cpu\": {\"shares\": 0, \"quota\": 0, \"period\": 0}, \"blockIO\": {\"weight\": 0}}",
	"{\"memory\": {\"limit\": -1, \"swap\": -1, \"disableOOMKiller\": false},"
	" \"cpu\": {\"quota\": -1, \"cpus\": \"\"}, \"pids\": {\"limit\": -1}}",
	"{\"cpu\": {\"burst\": 0, \"idle\": 0}, \"hugepageLimits\": [], \"rdma\": {},"
	" \"unified\": {}, \"network\": {\"classID\": 0, \"priorities\": []}}",
};

static void nothing_asked_needs_no_controller(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nothing_asked) / sizeof(nothing_asked[0]); i++) {
		struct cgroup_data data = { .missing_controller = "refuse" };
		struct paper_host paper;

		paper_host_begin(&paper, SPEC_RESOURCES, nothing_asked[i], &data);
		assert_int_equal(resources_read(&paper.stage, spec_at(&paper.spec, ""),
		                                RESOURCES_CREATE, &data.resources, &paper.error),
		                 0);
		assert_int_equal(resources_controllers(&paper.stage, &data.resources), 0);
		assert_int_equal(
			cgroup_check_resources(&paper.stage, &data.resources, &paper.error), 0);
		paper_host_end(&paper);
	}
}

static const struct needed {
	const char *json;
	enum cgroup_controller controller;
	const char *field;
} needed[] = {
	{ "{\"memory\": {\"limit\": 1}}", CONTROLLER_MEMORY, "linux.resources.memory.limit" },
	{ "{\"memory\": {\"swap\": 1}}", CONTROLLER_MEMORY, "linux.resources.memory.swap" },
	{ "{\"cpu\": {\"shares\": 2}}", CONTROLLER_CPU, "linux.resources.cpu.shares" },
	{ "{\"cpu\": {\"idle\": 1}}", CONTROLLER_CPU, "linux.resources.cpu.idle" },
	{ "{\"cpu\": {\"mems\": \"0\"}}", CONTROLLER_CPUSET, "linux.resources.cpu.mems" },
	{ "{\"pids\": {\"limit\": 5}}", CONTROLLER_PIDS, "linux.resources.pids.limit" },
	{ "{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": 8, \"minor\": 0, \"rate\": 1}]}}",
	  CONTROLLER_IO, "linux.resources.blockIO.throttleReadBpsDevice" },
	{ "{\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 0}]}", CONTROLLER_HUGETLB,
	  "linux.resources.hugepageLimits" },
	{ "{\"rdma\": {\"mlx5_1\": {\"hcaHandles\": 1}}}", CONTROLLER_RDMA,
	  "linux.resources.rdma" },
	{ "{\"unified\": {\"memory.high\": \"1\"}}", CONTROLLER_MEMORY, "linux.resources.unified" },
	{ "{\"unified\": {\"misc.max\": \"a 1\"}}", CONTROLLER_MISC, "linux.resources.unified" },
};

static void each_field_needs_its_controller(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		struct cgroup_resources resources;
		struct paper_host paper;

		paper_host_begin(&paper, SPEC_RESOURCES, needed[i].json, NULL);
		assert_int_equal(resources_read(&paper.stage, spec_at(&paper.spec, ""),
		                                RESOURCES_CREATE, &resources, &paper.error),
		                 0);
		assert_int_equal(resources_controllers(&paper.stage, &resources),
		                 CONTROLLER_BIT(needed[i].controller));
		assert_string_equal(
			resources_field_of(&paper.stage, &resources, needed[i].controller),
			needed[i].field);
		paper_host_end(&paper);
	}
}

static void an_update_lifts_limits_by_minus_one(void **state)
{
	static const char json[] =
		"{\"memory\": {\"limit\": -1, \"reservation\": 0},"
		" \"cpu\": {\"burst\": 0, \"shares\": 0}, \"pids\": {\"limit\": -1}}";
	struct cgroup_resources resources;
	struct paper_host paper;

	(void)state;
	paper_host_begin(&paper, SPEC_RESOURCES, json, NULL);
	assert_int_equal(resources_read(&paper.stage, spec_at(&paper.spec, ""), RESOURCES_UPDATE,
	                                &resources, &paper.error),
	                 0);
	assert_true(resources.memory.has_limit && resources.memory.limit == -1);
	assert_true(resources.pids.has_limit && resources.cpu.has_burst);
	assert_false(resources.memory.has_reservation || resources.cpu.has_shares);
	paper_host_end(&paper);
}

/* ---- what this module can't give; the host of paper has cpu, memory and pids ---- */

static const struct refused {
	const char *json, *error;
} refused[] = {
	{ "{\"cpu\": {\"cpus\": \"0\"}}",
	  "cpuset: this host's cgroup v2 lacks the controller (linux.resources.cpu.cpus)" },
	{ "{\"unified\": {\"io.latency\": \"1\"}}",
	  "io: this host's cgroup v2 lacks the controller (linux.resources.unified)" },
	{ "{\"memory\": {\"swappiness\": 10}}",
	  "linux.resources.memory.swappiness: cgroup v2 has no such limit" },
	{ "{\"memory\": {\"disableOOMKiller\": true}}",
	  "linux.resources.memory.disableOOMKiller: cgroup v2 has no such limit" },
	{ "{\"cpu\": {\"realtimeRuntime\": 10000}}",
	  "linux.resources.cpu.realtimeRuntime: cgroup v2 has no such limit" },
	{ "{\"network\": {\"classID\": 5}}",
	  "linux.resources.network.classID: cgroup v2 has no such limit" },
	{ "{\"blockIO\": {\"leafWeight\": 100}}",
	  "linux.resources.blockIO.leafWeight: cgroup v2 has no such limit" },
};

static int check(struct paper_host *paper, struct cgroup_data *data)
{
	struct ironbox_error *error = &paper->error;

	assert_int_equal(resources_read(&paper->stage, spec_at(&paper->spec, ""), RESOURCES_CREATE,
	                                &data->resources, error),
	                 0);
	if (cgroup_check_resources(&paper->stage, &data->resources, error) < 0)
		return -1;
	return cgroup_check_controllers(&paper->stage, &data->resources, &data->left_out, error);
}

static void what_this_host_lacks_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct cgroup_data data = { .missing_controller = "refuse" };
		struct paper_host paper;

		paper_host_begin(&paper, SPEC_RESOURCES, refused[i].json, &data);
		assert_int_equal(check(&paper, &data), -1);
		assert_string_equal(error_text(&paper.error), refused[i].error);
		paper_host_end(&paper);
	}
}

static void or_it_is_told_to_the_log(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct cgroup_data data = { .missing_controller = "warn" };
		struct paper_host paper;

		paper_host_begin(&paper, SPEC_RESOURCES, refused[i].json, &data);
		assert_int_equal(check(&paper, &data), 0);
		assert_non_null(strstr(paper.logged, refused[i].error));
		paper_host_end(&paper);
	}
}

static const struct refused always_refused[] = {
	{ "{\"blockIO\": {\"weight\": 5}}",
	  "linux.resources.blockIO.weight: 5: expected 10 to 1000" },
	{ "{\"unified\": {\"../memory.max\": \"1\"}}",
	  "linux.resources.unified: ../memory.max is no cgroup file" },
	{ "{\"unified\": {\"child/memory.max\": \"1\"}}",
	  "linux.resources.unified: child/memory.max is no cgroup file" },
	{ "{\"unified\": {\"..\": \"1\"}}", "linux.resources.unified: .. is no cgroup file" },
	{ "{\"unified\": {\"memory\": \"1\"}}",
	  "linux.resources.unified: memory is no cgroup file" },
	{ "{\"unified\": {\"cgroup.procs\": \"1\"}}",
	  "linux.resources.unified: cgroup.procs is no limit" },
	{ "{\"unified\": {\"cgroup.freeze\": \"1\"}}",
	  "linux.resources.unified: cgroup.freeze is no limit" },
};

static void bad_values_are_refused_in_any_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(always_refused) / sizeof(always_refused[0]); i++) {
		struct cgroup_data data = { .missing_controller = "warn" };
		struct paper_host paper;

		paper_host_begin(&paper, SPEC_RESOURCES, always_refused[i].json, &data);
		assert_int_equal(check(&paper, &data), -1);
		assert_string_equal(error_text(&paper.error), always_refused[i].error);
		paper_host_end(&paper);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_asked_needs_no_controller),
		cmocka_unit_test(each_field_needs_its_controller),
		cmocka_unit_test(an_update_lifts_limits_by_minus_one),
		cmocka_unit_test(what_this_host_lacks_is_refused_by_name),
		cmocka_unit_test(or_it_is_told_to_the_log),
		cmocka_unit_test(bad_values_are_refused_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
