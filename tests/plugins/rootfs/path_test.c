/* path.c against a tree that a hostile image could have: what is opened is what a process that is
 * chroot(2)ed there would open (TA7), and what is made is made inside. Needs root, for chroot. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "internal.h"

struct image {
	char path[64];
	int host_fd; /* holds root and outside */
	int root_fd;
};

static int setup(void **state)
{
	struct image *image = calloc(1, sizeof(*image));

	strcpy(image->path, "/tmp/rootfs-path-XXXXXX");
	assert_non_null(mkdtemp(image->path));
	image->host_fd = open(image->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(image->host_fd, "root", 0755), 0);
	assert_int_equal(mkdirat(image->host_fd, "outside", 0755), 0);
	image->root_fd = openat(image->host_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(image->root_fd, "a", 0755), 0);
	assert_int_equal(mkdirat(image->root_fd, "a/b", 0755), 0);
	close(openat(image->root_fd, "a/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	static const struct {
		const char *name, *text;
	} links[] = {
		{ "absolute", "/a/b" },
		{ "relative", "a/b" },
		{ "up", "../../../../a" },
		{ "out", "../outside" },
		{ "loop", "loop" },
		{ "loop1", "loop2" },
		{ "loop2", "loop1" },
		{ "dangling", "/made/by/us" },
		{ "a/climb", "../../outside" },
		{ "slash", "/" },
		{ "file", "a/file" },
		{ "proc", "/proc/self/root" },
		{ "chain", "absolute/../../up/b" },
		{ "dangling2", "a/../../../dangling/more" },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_int_equal(symlinkat(links[i].text, image->root_fd, links[i].name), 0);
	*state = image;
	return 0;
}

static int teardown(void **state)
{
	struct image *image = *state;
	pid_t pid;
	int status;

	close(image->host_fd);
	close(image->root_fd);
	pid = fork();
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", image->path, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	free(image);
	return 0;
}

/* What a process in the tree finds: the inode, or -errno. */
static long chroot_finds(const struct image *image, const char *path, int flags)
{
	int pipes[2];
	long found = 0;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct stat status;
		int fd = -1;

		if (fchdir(image->root_fd) == 0 && chroot(".") == 0)
			fd = open(path, flags | O_CLOEXEC);
		found = fd < 0 || fstat(fd, &status) < 0 ? -errno : (long)status.st_ino;
		_exit(write(pipes[1], &found, sizeof(found)) != sizeof(found));
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &found, sizeof(found)), sizeof(found));
	close(pipes[0]);
	waitpid(pid, NULL, 0);
	return found;
}

static long finds(int fd)
{
	struct stat status;
	long found = fd < 0 || fstat(fd, &status) < 0 ? -errno : (long)status.st_ino;

	if (fd >= 0)
		close(fd);
	return found;
}

static void as_a_chroot_does(void **state)
{
	static const char *const paths[] = {
		"/",          ".",         "a",
		"/a",         "//a//b//",  "a/",
		"a/.",        "a/./b/..",  "..",
		"../..",      "/../a",     "a/../../a/b",
		"absolute",   "absolute/", "absolute/..",
		"relative/.", "up",        "up/b",
		"out",        "out/",      "loop",
		"loop1/x",    "dangling",  "a/climb",
		"a/climb/",   "slash",     "slash/slash/a",
		"file",       "file/",     "file/x",
		"a/file",     "a/file/",   "a/file/.",
		"nothing",    "nothing/",  "a/nothing/b",
		"chain",      "chain/..",  "dangling2",
		"out/../a",
	};
	char name[NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct image *image = *state;

		print_message("%s\n", paths[i]);
		assert_int_equal(finds(path_in_root(image->root_fd, paths[i], O_PATH)),
		                 chroot_finds(image, paths[i], O_PATH));
		assert_int_equal(finds(path_in_root(image->root_fd, paths[i], O_PATH | O_NOFOLLOW)),
		                 chroot_finds(image, paths[i], O_PATH | O_NOFOLLOW));
	}
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(finds(path_in_root(((struct image *)*state)->root_fd, name, O_PATH)),
	                 -ENAMETOOLONG);
}

static void no_link_is_followed_where_none_may_be(void **state)
{
	const struct image *image = *state;
	static const char *const paths[] = { "absolute", "relative", "up/b", "out",  "loop",
		                             "dangling", "slash/a",  "file", "chain" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(finds(path_without_links(image->root_fd, paths[i], O_PATH)),
		                 -ELOOP);
	assert_true(finds(path_without_links(image->root_fd, "/a/b/../file", O_PATH)) > 0);
}

/* What is missing, and where it is then found by its plain name. */
static const struct {
	const char *path, *made;
	bool directory;
} missing[] = {
	{ "/new", "new", true },
	{ "/new2/", "new2", true },
	{ "/x/y/z", "x/y/z", true },
	{ "/f/g/h", "f/g/h", false },
	{ "a/new", "a/new", false },
	{ "/absolute/new", "a/b/new", true },
	{ "/relative/new/er", "a/b/new/er", true },
	{ "/up/new3", "a/new3", true },
	{ "/out/x", "outside/x", true },
	{ "/a/climb/y", "outside/y", false },
	{ "/dangling", "made/by/us", true },
	{ "/dangling/below", "made/by/us/below", false },
	{ "/dangling2/deep", "made/by/us/more/deep", true },
	{ "/slash/s", "s", false },
};

static void what_is_missing_is_made_inside(void **state)
{
	const struct image *image = *state;

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		struct stat made;
		int fd = path_make(image->root_fd, missing[i].path, missing[i].directory);

		print_message("%s\n", missing[i].path);
		assert_true(fd >= 0);
		assert_int_equal(
			fstatat(image->root_fd, missing[i].made, &made, AT_SYMLINK_NOFOLLOW), 0);
		assert_int_equal(finds(fd), made.st_ino);
		assert_int_equal(S_ISDIR(made.st_mode), missing[i].directory);
		assert_int_equal(made.st_mode & 07777, 0755);
	}
	/* and nothing outside */
	assert_int_equal(unlinkat(image->host_fd, "outside", AT_REMOVEDIR), 0);
	assert_int_equal(mkdirat(image->host_fd, "outside", 0755), 0);
}

static void what_cannot_be_made(void **state)
{
	const struct image *image = *state;
	static const struct {
		const char *path;
		int code;
	} paths[] = {
		{ "/loop/x", ELOOP },
		{ "/loop1", ELOOP },
		{ "/file/x", ENOTDIR },
		{ "/a/file/x/y", ENOTDIR },
	};
	char name[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		print_message("%s\n", paths[i].path);
		assert_int_equal(finds(path_make(image->root_fd, paths[i].path, true)),
		                 -paths[i].code);
	}
	memset(name, 'n', sizeof(name) - 1);
	name[0] = '/';
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(finds(path_make(image->root_fd, name, true)), -ENAMETOOLONG);
	name[NAME_MAX + 2] = '\0';
	assert_int_equal(finds(path_make(image->root_fd, name, true)), -ENAMETOOLONG);
}

static void below_goes_by_the_words(void **state)
{
	static const struct {
		const char *path, *name, *below;
	} table[] = {
		{ "/proc", "proc", "" },
		{ "//proc//", "proc", "" },
		{ "/./proc/.", "proc", "" },
		{ "/proc/self", "proc", "self" },
		{ "/process", "proc", NULL },
		{ "/pro", "proc", NULL },
		{ "/", "", "" },
		{ "//./", "", "" },
		{ "/x", "", NULL },
		{ "proc/x", "proc", "x" },
		{ "/a/proc", "proc", NULL },
		{ "/.proc", "proc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *below = path_below(table[i].path, table[i].name);

		print_message("%s\n", table[i].path);
		assert_int_equal(!below, !table[i].below);
		if (below)
			assert_string_equal(below, table[i].below);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(as_a_chroot_does, setup, teardown),
		cmocka_unit_test_setup_teardown(no_link_is_followed_where_none_may_be, setup,
		                                teardown),
		cmocka_unit_test_setup_teardown(what_is_missing_is_made_inside, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_made, setup, teardown),
		cmocka_unit_test(below_goes_by_the_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
