/* What the shim leaves in a bundle for the action `delete`. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/error.h"
#include "task/bundle.h"

struct fixture {
	char path[64];
	int fd;
};

static int make_folder(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	snprintf(fixture->path, sizeof(fixture->path), "/tmp/test_bundle.XXXXXX");
	assert_non_null(mkdtemp(fixture->path));
	fixture->fd = open(fixture->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fixture->fd >= 0);
	*state = fixture;
	return 0;
}

static int remove_folder(void **state)
{
	struct fixture *fixture = *state;

	unlinkat(fixture->fd, BUNDLE_RECORD_FILE, 0);
	close(fixture->fd);
	assert_int_equal(rmdir(fixture->path), 0); /* nothing else was left there */
	free(fixture);
	return 0;
}

static void put(struct fixture *fixture, const char *text)
{
	int fd = openat(fixture->fd, BUNDLE_RECORD_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	                0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void what_is_written_is_read(void **state)
{
	struct fixture *fixture = *state;
	char config_path[] = "/etc/some.ini", state_root[] = "/run/containerd/ironbox/moby";
	struct bundle_record written = { .state_root = state_root, .pid = 0 };
	struct bundle_record read = { 0 };
	ERROR_NONE(error);

	assert_int_equal(bundle_record_write(fixture->fd, &written, &error), 0);
	assert_int_equal(bundle_record_read(fixture->fd, &read, &error), 0);
	assert_null(read.config_path);
	assert_string_equal(read.state_root, state_root);
	assert_int_equal(read.pid, 0);
	assert_false(read.exited);
	bundle_record_free(&read);

	written.config_path = config_path;
	written.pid = 4242;
	written.exited = true;
	written.exit_status = 137;
	written.exited_at = (struct timespec){ .tv_sec = 1764000000, .tv_nsec = 999999999 };
	assert_int_equal(bundle_record_write(fixture->fd, &written, &error), 0);
	assert_int_equal(bundle_record_read(fixture->fd, &read, &error), 0);
	assert_string_equal(read.config_path, config_path);
	assert_int_equal(read.pid, 4242);
	assert_true(read.exited);
	assert_int_equal(read.exit_status, 137);
	assert_int_equal(read.exited_at.tv_sec, 1764000000);
	assert_int_equal(read.exited_at.tv_nsec, 999999999);
	bundle_record_free(&read);
}

static void none_is_told_from_a_broken_one(void **state)
{
	struct fixture *fixture = *state;
	struct bundle_record read;
	ERROR_NONE(error);

	assert_int_equal(bundle_record_read(fixture->fd, &read, &error), -1);
	assert_int_equal(error.code, ENOENT);
	assert_null(read.state_root);
}

static void broken_ones_are_refused(void **state)
{
	static const char *const broken[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"version\":2,\"stateRoot\":\"/x\",\"pid\":1}",
		"{\"version\":1,\"stateRoot\":\"x\",\"pid\":1}",
		"{\"version\":1,\"stateRoot\":\"/x\",\"pid\":-1}",
		"{\"version\":1,\"stateRoot\":\"/x\",\"pid\":4294967297}",
		"{\"version\":1,\"stateRoot\":\"/x\",\"pid\":1,\"exit\":1}",
		"{\"version\":1,\"stateRoot\":\"/x\",\"pid\":1,\"exit\":{\"status\":1}}",
		"{\"version\":1,\"stateRoot\":\"/x\",\"pid\":1,\"exit\":"
		"{\"status\":-1,\"seconds\":1,\"nanoseconds\":1}}",
		"{\"version\":1,\"stateRoot\":\"/x\",\"pid\":1,\"exit\":"
		"{\"status\":1,\"seconds\":1,\"nanoseconds\":1000000000}}",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct bundle_record read;
		ERROR_NONE(error);

		put(fixture, broken[i]);
		assert_int_equal(bundle_record_read(fixture->fd, &read, &error), -1);
		assert_int_not_equal(error.code, ENOENT);
		assert_null(read.state_root);
	}
}

static void a_symlink_is_not_followed(void **state)
{
	struct fixture *fixture = *state;
	struct bundle_record read;
	ERROR_NONE(error);

	assert_int_equal(symlinkat("/etc/passwd", fixture->fd, BUNDLE_RECORD_FILE), 0);
	assert_int_equal(bundle_record_read(fixture->fd, &read, &error), -1);
	assert_int_equal(error.code, ELOOP);
}

static void a_namespace_has_a_state_root_of_its_own(void **state)
{
	char *root = bundle_state_root(NULL, "k8s.io");

	(void)state;
	assert_string_equal(root, "/run/containerd/ironbox/k8s.io");
	free(root);
	root = bundle_state_root("/var/lib/x", "moby");
	assert_string_equal(root, "/var/lib/x/moby");
	free(root);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(none_is_told_from_a_broken_one),
		TEST(broken_ones_are_refused),
		TEST(a_symlink_is_not_followed),
		cmocka_unit_test(a_namespace_has_a_state_root_of_its_own),
	};

	return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
