/* What the suites share: a folder of the test's own, and an ini file in it. */
#ifndef IRONBOX_TESTS_CONFIG_FOLDER_H
#define IRONBOX_TESTS_CONFIG_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* which needs the first four, but does not include them */

#include "config/config.h"

struct folder {
	char path[64], ini[128];
};

static inline int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	assert_non_null(folder);
	strcpy(folder->path, "/tmp/ironbox-config-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	assert_int_equal(chmod(folder->path, 0755), 0);
	snprintf(folder->ini, sizeof(folder->ini), "%s/ironbox.ini", folder->path);
	*state = folder;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *status, int type,
                             struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

static inline int remove_folder(void **state)
{
	struct folder *folder = *state;

	assert_int_equal(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(folder);
	return 0;
}

static inline void write_bytes(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static inline void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

static inline struct config load(const char *path)
{
	struct config config = CONFIG_NONE;
	ERROR_NONE(error);

	if (config_load(&config, path, &error) < 0)
		fail_msg("%s", error_text(&error));
	return config;
}

static inline void is_refused(const char *path, const char *expected)
{
	struct config config = CONFIG_NONE;
	ERROR_NONE(error);

	assert_int_equal(config_load(&config, path, &error), -1);
	assert_string_equal(error_text(&error), expected);
	assert_null(config.path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

#endif
