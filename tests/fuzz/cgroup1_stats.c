/* The files of a container's cgroups of v1: all controllers in one folder here. */
#include <fcntl.h>
#include <string.h>

#include "cgroup_files.h"
#include "harness.h"
#include "internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	cleanup_free char *text = input_rest(&input);
	struct hierarchies all = { .path = "/web1", .count = 1 };
	struct reports reports;
	struct paper_host paper;
	unsigned fds;

	cgroup_files_put(text);
	fds = count_fds();
	all.items[0] = (struct hierarchy){
		.controllers = UINT32_MAX,
		.top = "/nowhere",
		.directory_fd = fcntl(private_folder(), F_DUPFD_CLOEXEC, 0),
		.entry_fd = -1,
	};
	paper_host_begin(&paper, NULL);
	reports_begin(&reports, &paper, text);
	CHECK(stats_report(&paper.stage, &all) == 0, "%s", error_text(&paper.error));
	reports_end(&reports);
	hierarchies_close(&all);
	CHECK(count_fds() == fds, "an fd is left");
	return 0;
}
