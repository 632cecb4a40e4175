/* Files that are read whole but bounded, and written whole or not at all. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <ironbox/cleanup.h>

#include "support/file.h"

static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, bytes, size), 0);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void sizes_around_the_bound(void **state)
{
	static const size_t sizes[] = { 0, 1, 100, 4095, 4096, 4097, 10000, 65536 };
	char bytes[65536];
	size_t size;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cleanup_close int fd = file_of(bytes, sizes[i]);
		cleanup_free char *text = file_read(fd, sizes[i], &size);

		assert_non_null(text);
		assert_int_equal(size, sizes[i]);
		assert_int_equal(strlen(text), sizes[i]);
		if (sizes[i] == 0)
			continue;
		lseek(fd, 0, SEEK_SET);
		assert_null(file_read(fd, sizes[i] - 1, &size));
		assert_int_equal(errno, EFBIG);
	}
}

/* procfs and pipes have no size to go by. */
static void what_has_no_size_is_read_to_its_end(void **state)
{
	cleanup_close int status_fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	size_t size;
	cleanup_free char *status = file_read(status_fd, 1 << 20, &size), *piped = NULL;
	char bytes[20000];
	int ends[2];

	(void)state;
	assert_non_null(status);
	assert_non_null(strstr(status, "Mems_allowed_list"));
	memset(bytes, 'y', sizeof(bytes));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(file_write_all(ends[1], bytes, sizeof(bytes)), 0);
	close(ends[1]);
	piped = file_read(ends[0], 1 << 20, &size);
	assert_non_null(piped);
	assert_int_equal(size, sizeof(bytes));
	close(ends[0]);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	cleanup_close int folder_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t size;
	int ends[2];

	(void)state;
	assert_null(file_read(-1, 100, &size));
	assert_int_equal(errno, EBADF);
	assert_null(file_read(folder_fd, 100, &size));
	assert_int_equal(errno, EISDIR);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(file_write_all(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

static int count_names(int folder_fd)
{
	DIR *folder = fdopendir(openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(folder);
	return count;
}

static void a_file_is_replaced_whole_or_not(void **state)
{
	char path[] = "/tmp/ironbox-file-XXXXXX";
	cleanup_close int folder_fd = -1, old_fd = -1, new_fd = -1;
	cleanup_free char *old = NULL, *new = NULL;
	struct stat status;
	size_t size;

	(void)state;
	assert_non_null(mkdtemp(path));
	folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	umask(022);
	assert_int_equal(file_replace(folder_fd, "name", "first", 5, 0600), 0);
	old_fd = openat(folder_fd, "name", O_RDONLY | O_CLOEXEC);
	assert_int_equal(file_replace(folder_fd, "name", "second text", 11, 0644), 0);
	new_fd = openat(folder_fd, "name", O_RDONLY | O_CLOEXEC);
	old = file_read(old_fd, 100, &size);
	new = file_read(new_fd, 100, &size);
	assert_string_equal(old, "first"); /* who had it open reads on */
	assert_string_equal(new, "second text");
	assert_int_equal(fstat(new_fd, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(count_names(folder_fd), 1);

	assert_int_equal(mkdirat(folder_fd, "folder", 0700), 0);
	assert_int_equal(file_replace(folder_fd, "folder", "x", 1, 0600), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(file_replace(folder_fd, "no/such", "x", 1, 0600), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(count_names(folder_fd), 2); /* no temporary one is left */

	unlinkat(folder_fd, "folder", AT_REMOVEDIR);
	unlinkat(folder_fd, "name", 0);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_around_the_bound),
		cmocka_unit_test(what_has_no_size_is_read_to_its_end),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
		cmocka_unit_test(a_file_is_replaced_whole_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
