/* The files of a cgroup of v2, as `events --stats` reads them, and what waits for cgroup.events. */
#include <fcntl.h>
#include <string.h>

#include "cgroup_files.h"
#include "files.h"
#include "harness.h"
#include "internal.h"
#include "processes.h"

int cgroup_open_recorded(const struct ironbox_stage *stage, int *fd, struct ironbox_error *error)
{
	(void)stage;
	(void)error;
	*fd = fcntl(private_folder(), F_DUPFD_CLOEXEC, 0);
	return 1;
}

static int check_pid(void *context, pid_t pid)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%d", pid);
	CHECK(pid > 0 && (strstr(context, digits) || pid >= 100000000), "%d is invented", pid);
	return 0;
}

static void check_key(void *context, const char *key, size_t length, uint64_t value)
{
	(void)context;
	(void)value;
	CHECK(length > 0 && !memchr(key, ' ', length) && !memchr(key, '\n', length), "%.*s",
	      (int)length, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	cleanup_free char *text = input_rest(&input);
	struct reports reports;
	struct paper_host paper;
	unsigned fds = count_fds();
	uint64_t value;

	cgroup_files_put(text);
	fds = count_fds();
	paper_host_begin(&paper, NULL);
	reports_begin(&reports, &paper, text);
	CHECK(cgroup_stats(&paper.stage, &paper.error) == 0, "%s", error_text(&paper.error));
	reports_end(&reports);
	cgroup_visit_processes(private_folder(), check_pid, text);
	cgroup_visit_keys(text, check_key, NULL);
	if (cgroup_find_key(text, "populated", &value))
		CHECK(strstr(text, "populated "), "invented");
	events_await(private_folder(), "populated", 0, 0);
	CHECK(count_fds() == fds, "an fd is left");
	return 0;
}
