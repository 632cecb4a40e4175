/* What `update --resources` takes, and what the cgroup stages read of it. */
#include <ctype.h>
#include <string.h>

#include <resources.h>

#include "harness.h"
#include "paper_host.h"
#include "spec_checks.h"

static void check_hugepages(struct paper_host *paper, const struct cgroup_resources *resources)
{
	const struct ironbox_host *host = paper->stage.host;

	for (size_t i = 0; i < host->count(resources->hugepage_limits); i++) {
		struct resources_hugepage page;

		if (resources_hugepage(&paper->stage,
		                       host->item(resources->hugepage_limits, i, NULL), &page,
		                       &paper->error) < 0) {
			paper_host_check_error(&paper->error);
			continue;
		}
		CHECK(isdigit((unsigned char)*page.page_size), "%s", page.page_size);
		for (const char *at = page.page_size; *at; at++) /* it is part of a file's name */
			CHECK(isdigit((unsigned char)*at) || isupper((unsigned char)*at), "%s",
			      page.page_size);
	}
}

static void check_devices(struct paper_host *paper, const struct ironbox_value *list)
{
	const struct ironbox_host *host = paper->stage.host;

	for (size_t i = 0; i < host->count(list); i++) {
		const struct ironbox_value *item = host->item(list, i, NULL);
		struct resources_device_rate rate;
		struct resources_device_weight weight;

		if (resources_device_rate(&paper->stage, item, &rate, &paper->error) < 0)
			paper_host_check_error(&paper->error);
		if (resources_device_weight(&paper->stage, item, &weight, &paper->error) < 0)
			paper_host_check_error(&paper->error);
	}
}

static void check_members(struct paper_host *paper, const struct cgroup_resources *resources)
{
	const struct ironbox_host *host = paper->stage.host;
	struct resources_priority priority;
	struct resources_rdma rdma;

	for (size_t i = 0; i < host->count(resources->rdma); i++)
		if (resources_rdma(&paper->stage, host->item(resources->rdma, i, NULL), &rdma,
		                   &paper->error) < 0)
			paper_host_check_error(&paper->error);
	for (size_t i = 0; i < host->count(resources->network.priorities); i++)
		if (resources_priority(&paper->stage,
		                       host->item(resources->network.priorities, i, NULL),
		                       &priority, &paper->error) < 0)
			paper_host_check_error(&paper->error);
}

static void check_resources(struct paper_host *paper, enum resources_use use)
{
	struct cgroup_resources resources;
	uint32_t controllers;

	if (resources_read(&paper->stage, paper->spec.root, use, &resources, &paper->error) < 0) {
		paper_host_check_error(&paper->error);
		return;
	}
	if (use == RESOURCES_CREATE)
		CHECK((!resources.memory.has_limit || resources.memory.limit > 0) &&
		              (!resources.pids.has_limit || resources.pids.limit > 0) &&
		              (!resources.cpu.has_quota || resources.cpu.quota > 0),
		      "a limit that is none");
	controllers = resources_controllers(&paper->stage, &resources);
	for (unsigned i = 0; i < CONTROLLER_COUNT; i++)
		CHECK(!(controllers & CONTROLLER_BIT(i)) ==
		              !resources_field_of(&paper->stage, &resources, i),
		      "%s", controller_name(i));
	check_devices(paper, resources.block_io.weight_device);
	check_devices(paper, resources.block_io.throttle_read_bps);
	check_devices(paper, resources.block_io.throttle_write_iops);
	check_hugepages(paper, &resources);
	check_members(paper, &resources);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = bytes_copy(data, size);
	struct paper_host paper;

	paper_host_begin(&paper, NULL);
	if (spec_parse(&paper.spec, SPEC_RESOURCES, "resources", text, size, &paper.error) < 0) {
		check_document_error(&paper.error, "resources");
		return 0;
	}
	check_printed_again(&paper.spec, SPEC_RESOURCES);
	check_resources(&paper, RESOURCES_CREATE);
	check_resources(&paper, RESOURCES_UPDATE);
	paper_host_end(&paper);
	return 0;
}
