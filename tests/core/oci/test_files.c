/* Documents from files, and what stands in the place of a file. */
#include "document.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD "{\"ociVersion\": \"1.0.2-dev\", \"root\": {\"path\": \"rootfs\"}}\n"

struct folder {
	char path[64];
	int fd;
};

static int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/ironbox-oci-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder->fd >= 0);
	*state = folder;
	return 0;
}

static int remove_folder(void **state)
{
	struct folder *folder = *state;

	unlinkat(folder->fd, "config.json", 0);
	unlinkat(folder->fd, "other.json", 0);
	close(folder->fd);
	assert_int_equal(rmdir(folder->path), 0);
	free(folder);
	return 0;
}

static void write_file(const struct folder *folder, const char *name, const char *text)
{
	int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void is_refused(const struct folder *folder, const char *expected)
{
	struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	assert_int_equal(spec_load(&spec, SPEC_CONFIG, folder->fd, "config.json", &error), -1);
	assert_string_equal(error_text(&error), expected);
	assert_null(spec.root);
}

static void a_file_is_read(void **state)
{
	const struct folder *folder = *state;
	cleanup_spec struct spec spec = SPEC_NONE;
	ERROR_NONE(error);

	write_file(folder, "config.json", GOOD);
	assert_int_equal(spec_load(&spec, SPEC_CONFIG, folder->fd, "config.json", &error), 0);
	assert_string_equal(spec_text(&spec, "root.path"), "rootfs");
	assert_int_equal(spec.size, strlen(GOOD));
	assert_string_equal(spec.text, GOOD);
}

static void no_file(void **state)
{
	is_refused(*state, "open config.json: No such file or directory");
}

static void an_empty_file(void **state)
{
	write_file(*state, "config.json", "");
	is_refused(*state, "config.json:1:0: '[' or '{' expected near end of file");
}

static void a_symlink_is_not_followed(void **state)
{
	const struct folder *folder = *state;

	write_file(folder, "other.json", GOOD);
	assert_int_equal(symlinkat("other.json", folder->fd, "config.json"), 0);
	is_refused(folder, "config.json: a symbolic link, which is not followed");
}

static void a_fifo_does_not_block(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(mkfifoat(folder->fd, "config.json", 0644), 0);
	alarm(10);
	is_refused(folder, "config.json: not a regular file");
	alarm(0);
}

static void a_folder_is_no_file(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(mkdirat(folder->fd, "config.json", 0755), 0);
	is_refused(folder, "config.json: not a regular file");
	assert_int_equal(unlinkat(folder->fd, "config.json", AT_REMOVEDIR), 0);
}

static void eleven_mebibytes_are_too_many(void **state)
{
	const struct folder *folder = *state;
	int fd = openat(folder->fd, "config.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 11 * 1024 * 1024), 0);
	close(fd);
	is_refused(folder, "config.json: larger than 10 MiB");
}

static void ten_mebibytes_are_allowed(void **state)
{
	const struct folder *folder = *state;
	cleanup_spec struct spec spec = SPEC_NONE;
	char *text = malloc(10 * 1024 * 1024 + 1);
	ERROR_NONE(error);

	assert_non_null(text);
	memset(text, ' ', 10 * 1024 * 1024);
	memcpy(text, GOOD, strlen(GOOD));
	text[10 * 1024 * 1024] = '\0';
	write_file(folder, "config.json", text);
	assert_int_equal(spec_load(&spec, SPEC_CONFIG, folder->fd, "config.json", &error), 0);
	assert_int_equal(spec.size, 10 * 1024 * 1024);
	text[10 * 1024 * 1024] = ' ';
	assert_int_equal(
		spec_parse(&spec, SPEC_CONFIG, "config.json", text, 10 * 1024 * 1024 + 1, &error),
		-1);
	assert_string_equal(error_text(&error), "config.json: larger than 10 MiB");
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read),
		TEST(no_file),
		TEST(an_empty_file),
		TEST(a_symlink_is_not_followed),
		TEST(a_fifo_does_not_block),
		TEST(a_folder_is_no_file),
		TEST(eleven_mebibytes_are_too_many),
		TEST(ten_mebibytes_are_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
