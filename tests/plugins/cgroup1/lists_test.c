/* The lists of linux.resources in a folder that stands for a cgroup, also where this host lacks the
 * controller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#include "paper_host.h"

bool settings_only_warn(const struct ironbox_stage *stage) /* cgroup1.c's: [cgroup] of the ini */
{
	(void)stage;
	return false;
}

static void put_file(int folder_fd, const char *file)
{
	int fd = openat(folder_fd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* What was written, and the file is gone. */
static const char *take_file(int folder_fd, const char *file)
{
	static char text[64];
	int fd = openat(folder_fd, file, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, sizeof(text) - 1);

	assert_true(size >= 0);
	text[size] = '\0';
	close(fd);
	assert_int_equal(unlinkat(folder_fd, file, 0), 0);
	return text;
}

/* hugepageLimits of 2 MB pages: in its file, and in that for reservations, if the kernel has it. */
static void limit_hugepages(bool has_reservations)
{
	static const char limit[] = "hugetlb.2MB.limit_in_bytes";
	static const char reserved[] = "hugetlb.2MB.rsvd.limit_in_bytes";
	struct cgroup_resources resources = { 0 };
	struct hierarchies all = { .path = "/web1", .count = 1 };
	char folder[] = "/tmp/lists_test.XXXXXX";
	struct paper_host paper;
	int fd;

	assert_non_null(mkdtemp(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put_file(fd, limit);
	if (has_reservations)
		put_file(fd, reserved);
	all.items[0] = (struct hierarchy){ .controllers = V1_BIT(V1_HUGETLB),
		                           .top = "/nowhere",
		                           .directory_fd = fd,
		                           .entry_fd = -1 };
	paper_host_begin(&paper, SPEC_RESOURCES,
	                 "{\"hugepageLimits\": [{\"pageSize\": \"2MB\", \"limit\": 4194304}]}",
	                 NULL);
	assert_int_equal(resources_read(&paper.stage, spec_at(&paper.spec, ""), RESOURCES_CREATE,
	                                &resources, &paper.error),
	                 0);
	assert_int_equal(lists_write(&paper.stage, &resources, &all, &paper.error), 0);
	assert_string_equal(take_file(fd, limit), "4194304");
	if (has_reservations)
		assert_string_equal(take_file(fd, reserved), "4194304");
	paper_host_end(&paper);
	hierarchies_close(&all);
	assert_int_equal(rmdir(folder), 0);
}

static void reservations_of_hugepages_are_limited_too(void **state)
{
	(void)state;
	limit_hugepages(true);
}

static void a_kernel_without_limits_for_reservations_is_fine(void **state)
{
	(void)state;
	limit_hugepages(false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reservations_of_hugepages_are_limited_too),
		cmocka_unit_test(a_kernel_without_limits_for_reservations_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
