/* The cache: what it gives back, and what it does not trust. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache.h"
#include "support.h"

#define PROFILE                                                                              \
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\",\"dup\"]," \
	"\"action\":\"SCMP_ACT_ALLOW\"}]}"

struct world {
	char root[64];    /* the state root */
	char library[96]; /* stands for libseccomp */
	struct read_profile read;
	struct key key;
	struct program program; /* what was compiled and stored */
};

static int begin(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct ironbox_error error = { "" };
	FILE *file;

	assert_non_null(world);
	strcpy(world->root, "/tmp/seccomp-cache-XXXXXX");
	assert_non_null(mkdtemp(world->root));
	snprintf(world->library, sizeof(world->library), "%s/libseccomp.so.2", world->root);
	file = fopen(world->library, "we");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(read_profile(&world->read, PROFILE, &error), 0);
	assert_int_equal(key_make(&world->key, &world->read.profile), 0);
	compile_text(&world->program, PROFILE);
	assert_int_equal(cache_store(&world->program, &world->key, world->library, world->root), 0);
	*state = world;
	return 0;
}

static void remove_files(const char *folder)
{
	struct dirent *entry;
	DIR *stream = opendir(folder);

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		unlinkat(dirfd(stream), entry->d_name, 0); /* not ".", ".." and the folder below */
	closedir(stream);
}

static int end(void **state)
{
	struct world *world = *state;
	char folder[96];

	program_free(&world->program);
	key_free(&world->key);
	read_profile_free(&world->read);
	snprintf(folder, sizeof(folder), "%s/seccomp", world->root);
	remove_files(folder);
	assert_int_equal(rmdir(folder), 0);
	remove_files(world->root);
	assert_int_equal(rmdir(world->root), 0);
	free(world);
	return 0;
}

static void entry_path(const struct world *world, char path[256])
{
	snprintf(path, 256, "%s/seccomp/%016llx", world->root, (unsigned long long)world->key.hash);
}

static int found(const struct world *world)
{
	struct program program = { 0 };
	int result = cache_find(&program, &world->key, world->root);

	if (result) {
		assert_int_equal(program.count, world->program.count);
		assert_memory_equal(program.filters, world->program.filters,
		                    program.count * sizeof(*program.filters));
		assert_int_equal(program.blocked_in_confine, world->program.blocked_in_confine);
	}
	program_free(&program);
	return result;
}

static void what_was_stored_is_found(void **state)
{
	struct world *world = *state;
	struct stat status;
	char path[256];

	assert_int_equal(found(world), 1);
	entry_path(world, path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	snprintf(path, sizeof(path), "%s/seccomp", world->root);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
}

static void another_profile_is_not(void **state)
{
	static const char *const others[] = {
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"dup\",\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":2,\"syscalls\":[{"
		"\"names\":"
		"[\"read\",\"dup\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"names\":[\"read\",\"dup\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\",\"dup\"],"
		"\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":0,"
		"\"op\":\"SCMP_CMP_EQ\"}]}]}",
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"dup\"],\"action\":\"SCMP_ACT_ALLOW\"}"
		"]}",
	};
	const struct world *world = *state;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct ironbox_error error = { "" };
		struct program program = { 0 };
		struct read_profile read;
		struct key key;

		assert_int_equal(read_profile(&read, others[i], &error), 0);
		assert_int_equal(key_make(&key, &read.profile), 0);
		assert_int_equal(cache_find(&program, &key, world->root), 0);
		/* and not under a name that some day happens to be the same */
		key.hash = world->key.hash;
		assert_int_equal(cache_find(&program, &key, world->root), 0);
		key_free(&key);
		read_profile_free(&read);
	}
}

/* Flags and listener do not change a program. */
static void the_same_program_is_shared(void **state)
{
	const struct world *world = *state;
	struct profile profile = world->read.profile;
	struct key key;

	profile.flags = SECCOMP_FILTER_FLAG_LOG;
	profile.listener_path = "/run/agent";
	assert_int_equal(key_make(&key, &profile), 0);
	assert_int_equal(key.size, world->key.size);
	assert_memory_equal(key.bytes, world->key.bytes, key.size);
	key_free(&key);
}

static void every_changed_byte_is_seen(void **state)
{
	const struct world *world = *state;
	struct stat status;
	unsigned char byte, other;
	char path[256];
	off_t at;
	int fd;

	entry_path(world, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &status) == 0);
	for (at = 0; at < status.st_size; at++) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		other = byte ^ 0x10;
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		if (found(world))
			fail_msg("byte %lld may be anything", (long long)at);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(found(world), 1);
	for (at = 0; at < status.st_size; at += 7) {
		assert_int_equal(ftruncate(fd, status.st_size - 1 - at), 0);
		assert_int_equal(found(world), 0);
	}
	close(fd);
}

static void spoil_mode(const char *path)
{
	assert_int_equal(chmod(path, 0640), 0);
}

static void spoil_owner(const char *path)
{
	assert_int_equal(chown(path, 1, 1), 0);
}

static void spoil_by_symlink(const char *path)
{
	char elsewhere[300];

	snprintf(elsewhere, sizeof(elsewhere), "%s.elsewhere", path);
	assert_int_equal(rename(path, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, path), 0);
}

static void spoil_by_fifo(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void spoil_by_emptying(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

static void spoil_by_size(const char *path)
{
	assert_int_equal(truncate(path, 1 << 30), 0);
}

static void spoil_by_growing(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(truncate(path, status.st_size + 8), 0);
}

static void what_is_not_ours_is_replaced(void **state)
{
	static void (*const spoils[])(const char *path) = {
		spoil_mode,       spoil_by_symlink, spoil_by_fifo, spoil_by_emptying,
		spoil_by_growing, spoil_by_size,    spoil_owner,
	};
	const struct world *world = *state;
	size_t i, count = sizeof(spoils) / sizeof(spoils[0]) - (geteuid() == 0 ? 0 : 1);
	char path[256];

	entry_path(world, path);
	for (i = 0; i < count; i++) {
		spoils[i](path);
		assert_int_equal(found(world), 0);
		assert_int_equal(
			cache_store(&world->program, &world->key, world->library, world->root), 0);
		assert_int_equal(found(world), 1);
	}
}

static void another_libseccomp_compiles_anew(void **state)
{
	const struct world *world = *state;

	assert_int_equal(truncate(world->library, 1), 0);
	assert_int_equal(found(world), 0);
	assert_int_equal(unlink(world->library), 0);
	assert_int_equal(found(world), 0);
}

static void a_folder_that_others_see_is_left_alone(void **state)
{
	const struct world *world = *state;
	char folder[96];

	snprintf(folder, sizeof(folder), "%s/seccomp", world->root);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(cache_store(&world->program, &world->key, world->library, world->root),
	                 -1);
	assert_int_equal(errno, EACCES);
}

static size_t count_entries(const struct world *world)
{
	struct dirent *entry;
	char folder[96];
	size_t count = 0;
	DIR *stream;

	snprintf(folder, sizeof(folder), "%s/seccomp", world->root);
	stream = opendir(folder);
	assert_non_null(stream);
	while ((entry = readdir(stream)))
		count += entry->d_name[0] != '.';
	closedir(stream);
	return count;
}

static void the_oldest_makes_room(void **state)
{
	const struct world *world = *state;
	struct key key = world->key;
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char path[256];
	int i;

	entry_path(world, path);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	for (i = 1; i < 200; i++) {
		key.hash = (uint64_t)i;
		assert_int_equal(cache_store(&world->program, &key, world->library, world->root),
		                 0);
		assert_true(count_entries(world) <= 128);
	}
	assert_int_equal(count_entries(world), 128);
	assert_int_equal(found(world), 0); /* the first to go */
	assert_int_equal(access(path, F_OK), -1);
}

static void what_is_too_large_is_not_kept(void **state)
{
	const struct world *world = *state;
	struct key key = world->key;
	unsigned char *bytes = calloc(1, 128 << 10);

	key.bytes = bytes;
	key.size = 128 << 10;
	key.hash = 1;
	assert_int_equal(cache_store(&world->program, &key, world->library, world->root), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(count_entries(world), 1);
	free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_stored_is_found),
		TEST(another_profile_is_not),
		TEST(the_same_program_is_shared),
		TEST(every_changed_byte_is_seen),
		TEST(what_is_not_ours_is_replaced),
		TEST(another_libseccomp_compiles_anew),
		TEST(a_folder_that_others_see_is_left_alone),
		TEST(the_oldest_makes_room),
		TEST(what_is_too_large_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
