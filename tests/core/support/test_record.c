/* The container's record: what a crash may leave of it, and what someone else may put there. */
#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <ironbox/cleanup.h>

#include "pipeline/record.h"
#include "support/file.h"

struct folder {
	char path[64];
	int fd;
};

static int setup(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/ironbox-record-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	struct folder *folder = *state;
	int result;

	unlinkat(folder->fd, RECORD_FILE, 0);
	close(folder->fd);
	result = rmdir(folder->path);
	free(folder);
	return result;
}

static void write_record(const struct folder *folder, const char *text)
{
	assert_int_equal(file_replace(folder->fd, RECORD_FILE, text, strlen(text), 0600), 0);
}

static void open_fails(const struct folder *folder, const char *text)
{
	struct record record = RECORD_NONE;
	ERROR_NONE(error);

	assert_int_equal(record_open(&record, folder->fd, &error), -1);
	if (!strstr(error_text(&error), text))
		fail_msg("%s: not in: %s", text, error_text(&error));
	record_close(&record);
}

static void what_was_added_is_found_by_a_later_process(void **state)
{
	const struct folder *folder = *state;
	struct record record = RECORD_NONE;
	ERROR_NONE(error);

	assert_int_equal(record_open(&record, folder->fd, &error), 0);
	assert_null(record_find(&record, "cgroup", "path"));
	assert_int_equal(record_add(&record, "cgroup", "path", "/a", &error), 0);
	assert_int_equal(record_add(&record, "network", "path", "/other", &error), 0);
	assert_int_equal(record_add(&record, "cgroup", "path", "/b \"quoted\"\n", &error), 0);
	for (int round = 0; round < 2; round++) {
		assert_string_equal(record_find(&record, "cgroup", "path"), "/b \"quoted\"\n");
		assert_string_equal(record_find(&record, "network", "path"), "/other");
		assert_null(record_find(&record, "cgroup", "no such key"));
		record_close(&record);
		assert_int_equal(record_open(&record, folder->fd, &error), 0);
	}
	record_close(&record);
}

/* A SIGKILL in the midst of write(2): the deed of that line was not begun. */
static void a_record_cut_anywhere_is_read_up_to_there(void **state)
{
	static const char whole[] = "[\"cgroup\",\"path\",\"/a\"]\n[\"cgroup\",\"path\",\"/b\"]\n";
	const struct folder *folder = *state;

	for (size_t size = 0; size < sizeof(whole); size++) {
		struct record record = RECORD_NONE;
		char text[sizeof(whole)] = "";
		ERROR_NONE(error);

		memcpy(text, whole, size);
		write_record(folder, text);
		assert_int_equal(record_open(&record, folder->fd, &error), 0);
		if (size < 23)
			assert_null(record_find(&record, "cgroup", "path"));
		else
			assert_string_equal(record_find(&record, "cgroup", "path"),
			                    size < sizeof(whole) - 1 ? "/a" : "/b");
		record_close(&record);
	}
}

static void after_a_cut_line_one_can_add(void **state)
{
	const struct folder *folder = *state;
	struct record record = RECORD_NONE;
	ERROR_NONE(error);

	write_record(folder, "[\"cgroup\",\"path\",\"/a\"]\n[\"cgroup\",\"pa");
	assert_int_equal(record_open(&record, folder->fd, &error), 0);
	assert_int_equal(record_add(&record, "cgroup", "path", "/new", &error), 0);
	record_close(&record);
	if (record_open(&record, folder->fd, &error) < 0)
		fail_msg("%s", error_text(&error));
	assert_string_equal(record_find(&record, "cgroup", "path"), "/new");
	record_close(&record);
}

static void lines_that_are_not_ours(void **state)
{
	static const char *const lines[] = {
		"\n",
		"hello\n",
		"[]\n",
		"[\"a\",\"b\"]\n",
		"[\"a\",\"b\",1]\n",
		"{\"a\":\"b\"}\n",
		"[\"a\",\"b\",\"c\"\n",
		"[\"a\",\"b\",\"c\"]\n\n[\"a\",\"b\",\"c\"]\n",
		"[\"a\",\"b\",\"\xff\xfe\"]\n",
		"[\"a\",\"b\",null]\n",
	};
	const struct folder *folder = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		write_record(folder, lines[i]);
		open_fails(folder, "record: a line is not of ours");
	}
}

static void what_is_no_regular_file(void **state)
{
	const struct folder *folder = *state;

	assert_int_equal(symlinkat("/etc/passwd", folder->fd, RECORD_FILE), 0);
	open_fails(folder, "Too many levels of symbolic links");
	unlinkat(folder->fd, RECORD_FILE, 0);
	assert_int_equal(mkfifoat(folder->fd, RECORD_FILE, 0600), 0);
	open_fails(folder, "is no regular file");
}

static void one_that_is_too_big(void **state)
{
	const struct folder *folder = *state;
	cleanup_close int fd = openat(folder->fd, RECORD_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, 1LL << 40), 0);
	open_fails(folder, "File too large");
}

static void a_value_that_is_no_text(void **state)
{
	const struct folder *folder = *state;
	struct record record = RECORD_NONE;
	ERROR_NONE(error);

	assert_int_equal(record_open(&record, folder->fd, &error), 0);
	assert_int_equal(record_add(&record, "cgroup", "path", "\xff\xfe", &error), -1);
	assert_non_null(strstr(error_text(&error), "not UTF-8"));
	record_close(&record);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_FOLDER(what_was_added_is_found_by_a_later_process),
		IN_A_FOLDER(a_record_cut_anywhere_is_read_up_to_there),
		IN_A_FOLDER(after_a_cut_line_one_can_add),
		IN_A_FOLDER(lines_that_are_not_ours),
		IN_A_FOLDER(what_is_no_regular_file),
		IN_A_FOLDER(one_that_is_too_big),
		IN_A_FOLDER(a_value_that_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
