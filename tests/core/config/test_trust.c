/* Whose files are believed: root's, on a way that is root's alone. */
#include "folder.h"

#include <sched.h>
#include <sys/wait.h>

#define SOMEONE 4242

static void expect_refused(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void expect_refused(const char *path, const char *format, ...)
{
	char expected[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(expected, sizeof(expected), format, arguments);
	va_end(arguments);
	is_refused(path, expected);
}

static void a_file_of_root_is_believed(void **state)
{
	const struct folder *folder = *state;
	cleanup_config struct config config = CONFIG_NONE;

	write_text(folder->ini, "[ironbox]\non_disabled = warn\n");
	config = load(folder->ini);
	assert_int_equal(config.on_disabled, ON_DISABLED_WARN);
}

static void a_file_of_someone_else(void **state)
{
	const struct folder *folder = *state;

	write_text(folder->ini, "");
	assert_int_equal(chown(folder->ini, SOMEONE, 0), 0);
	expect_refused(folder->ini, "%s: owned by user 4242 and not by root", folder->ini);
}

static void a_file_that_others_may_write(void **state)
{
	static const mode_t modes[] = { 0664, 0646, 0666, 0602, 0620, 01666 };
	const struct folder *folder = *state;

	write_text(folder->ini, "");
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(folder->ini, modes[i]), 0);
		expect_refused(folder->ini, "%s: others than root may write to it (mode %04o)",
		               folder->ini, modes[i]);
	}
}

static void a_folder_that_others_may_write(void **state)
{
	const struct folder *folder = *state;
	char path[256], inner[128];

	snprintf(inner, sizeof(inner), "%s/inner", folder->path);
	snprintf(path, sizeof(path), "%s/ironbox.ini", inner);
	assert_int_equal(mkdir(inner, 0755), 0);
	write_text(path, "");
	assert_int_equal(chmod(inner, 0775), 0);
	expect_refused(path, "%s: others than root may write to it (mode 0775)", inner);
	/* also when it is further up */
	assert_int_equal(chmod(inner, 0755), 0);
	assert_int_equal(chmod(folder->path, 0757), 0);
	expect_refused(path, "%s: others than root may write to it (mode 0757)", folder->path);
	/* in a sticky one nobody but root can replace what root's is */
	assert_int_equal(chmod(folder->path, 01777), 0);
	{
		cleanup_config struct config config = load(path);

		assert_string_equal(config.path, path);
	}
	assert_int_equal(chmod(folder->path, 0755), 0);
	assert_int_equal(chown(folder->path, SOMEONE, 0), 0);
	expect_refused(path, "%s: owned by user 4242 and not by root", folder->path);
	assert_int_equal(chown(folder->path, 0, 0), 0);
}

static void a_relative_path(void **state)
{
	const struct folder *folder = *state;
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(here >= 0);
	write_text(folder->ini, "");
	assert_int_equal(chdir(folder->path), 0);
	{
		cleanup_config struct config plain = load("ironbox.ini");
		cleanup_config struct config dotted = load(".//./ironbox.ini");

		assert_string_equal(plain.path, "ironbox.ini");
		assert_string_equal(dotted.path, ".//./ironbox.ini");
	}
	assert_int_equal(chown(folder->path, SOMEONE, 0), 0);
	expect_refused("ironbox.ini", "%s: owned by user 4242 and not by root", folder->path);
	expect_refused("./ironbox.ini", "%s: owned by user 4242 and not by root", folder->path);
	assert_int_equal(fchdir(here), 0);
	close(here);
}

static void what_is_no_file(void **state)
{
	const struct folder *folder = *state;
	char other[256];

	expect_refused(folder->ini, "open %s: No such file or directory", folder->ini);
	assert_int_equal(mkdir(folder->ini, 0755), 0);
	expect_refused(folder->ini, "%s: not a regular file", folder->ini);
	assert_int_equal(rmdir(folder->ini), 0);
	assert_int_equal(mkfifo(folder->ini, 0600), 0);
	alarm(10);
	expect_refused(folder->ini, "%s: not a regular file", folder->ini);
	alarm(0);
	assert_int_equal(unlink(folder->ini), 0);
	snprintf(other, sizeof(other), "%s/other", folder->path);
	write_text(other, "");
	assert_int_equal(symlink("other", folder->ini), 0);
	expect_refused(folder->ini, "%s: a symbolic link, which is not followed", folder->ini);
}

/* Links on the way are followed where root made them, and what they lead to is looked at. */
static void symlinks_on_the_way(void **state)
{
	const struct folder *folder = *state;
	char real[128], link[128], path[256], file[256];

	snprintf(real, sizeof(real), "%s/real", folder->path);
	snprintf(link, sizeof(link), "%s/link", folder->path);
	snprintf(path, sizeof(path), "%s/../link/./ironbox.ini", link);
	snprintf(file, sizeof(file), "%s/ironbox.ini", real);
	assert_int_equal(mkdir(real, 0755), 0);
	write_text(file, "");
	assert_int_equal(symlink("real", link), 0);
	{
		cleanup_config struct config config = load(path);

		assert_string_equal(config.path, path);
	}
	assert_int_equal(lchown(link, SOMEONE, 0), 0);
	expect_refused(path, "%s: owned by user 4242 and not by root", link);
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink(real, link), 0); /* absolute this time */
	assert_int_equal(chown(real, SOMEONE, 0), 0);
	expect_refused(path, "%s: owned by user 4242 and not by root", real);
}

static void paths_are_checked_by_themselves(void **state)
{
	const struct folder *folder = *state;
	char link[128], around[512], expected[512];
	ERROR_NONE(error);

	assert_int_equal(config_check_trusted_path(folder->path, &error), 0);
	assert_int_equal(config_check_trusted_path("/", &error), 0);
	assert_int_equal(config_check_trusted_path("//../..", &error), 0);
	snprintf(link, sizeof(link), "%s/missing", folder->path);
	assert_int_equal(config_check_trusted_path(link, &error), -1);
	snprintf(expected, sizeof(expected), "check who may write to %s: No such file or directory",
	         link);
	assert_string_equal(error_text(&error), expected);
	snprintf(link, sizeof(link), "%s/loop", folder->path);
	assert_int_equal(symlink("loop", link), 0);
	assert_int_equal(config_check_trusted_path(link, &error), -1);
	snprintf(expected, sizeof(expected),
	         "check who may write to %s: Too many levels of symbolic links", link);
	assert_string_equal(error_text(&error), expected);
	snprintf(around, sizeof(around), "%s/loop/%0300d", folder->path, 1);
	assert_int_equal(config_check_trusted_path(around, &error), -1);
}

/* A path of 300 bytes in one name, and one of more than PATH_MAX. */
static void long_paths(void **state)
{
	char path[6000];
	ERROR_NONE(error);

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[301] = '\0';
	assert_int_equal(config_check_trusted_path(path, &error), -1);
	assert_string_equal(error_text(&error), "check who may write to /: File name too long");
	path[301] = 'a';
	path[5999] = '\0';
	assert_int_equal(config_check_trusted_path(path, &error), -1);
	assert_non_null(strstr(error_text(&error), "File name too long"));
}

static void fds_are_checked(void **state)
{
	const struct folder *folder = *state;
	char expected[256];
	int fd = open(folder->path, O_PATH | O_CLOEXEC);
	ERROR_NONE(error);

	assert_true(fd >= 0);
	assert_int_equal(config_check_trusted(fd, "plugins", &error), 0);
	assert_int_equal(chmod(folder->path, 0777), 0);
	assert_int_equal(config_check_trusted(fd, "plugins", &error), -1);
	snprintf(expected, sizeof(expected),
	         "plugins: others than root may write to it (mode 0777)");
	assert_string_equal(error_text(&error), expected);
	close(fd);
	assert_int_equal(config_check_trusted(-1, "plugins", &error), -1);
	assert_string_equal(error_text(&error), "stat plugins: Bad file descriptor");
}

/* Runs a function as root of a user namespace with this uid_map; it returns the exit status. */
static int in_user_namespace(const char *uid_map, int (*run)(const struct folder *folder),
                             const struct folder *folder)
{
	int ready[2], status;
	char path[64], byte = 0;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ready[0]);
		if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "", 1) != 1)
			_exit(101);
		/* till the parent has written the map: then 0 is an id that we may take */
		for (int i = 0; i < 1000 && setresuid(0, 0, 0) < 0; i++)
			usleep(1000);
		_exit(getuid() == 0 ? run(folder) : 102);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", child);
	write_text(path, uid_map);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

/* Root of the host is nobody there; what we may not write is believed. */
static int load_as_nobody(const struct folder *folder)
{
	struct config config = CONFIG_NONE;
	struct stat status;
	ERROR_NONE(error);

	if (stat(folder->ini, &status) < 0 || status.st_uid != 65534)
		return 103;
	if (config_load(&config, folder->ini, &error) < 0)
		return 1;
	config_free(&config);
	return 0;
}

static void hosts_root_seen_from_a_user_namespace(void **state)
{
	const struct folder *folder = *state;
	const char *map = "0 100000 65536\n";

	write_text(folder->ini, "");
	assert_int_equal(in_user_namespace(map, load_as_nobody, folder), 0);
	assert_int_equal(chmod(folder->ini, 0646), 0);
	assert_int_equal(in_user_namespace(map, load_as_nobody, folder), 1);
	assert_int_equal(chmod(folder->ini, 0644), 0);
	assert_int_equal(in_user_namespace(map, load_as_nobody, folder), 0);
	assert_int_equal(chmod(folder->path, 0757), 0);
	assert_int_equal(in_user_namespace(map, load_as_nobody, folder), 1);
}

/* Where root of the host is mapped, nobody is nobody. */
static void someone_unmapped_is_not_root(void **state)
{
	const struct folder *folder = *state;

	write_text(folder->ini, "");
	assert_int_equal(chown(folder->ini, SOMEONE, 0), 0);
	assert_int_equal(in_user_namespace("0 0 1\n1 100000 65536\n", load_as_nobody, folder), 1);
	assert_int_equal(in_user_namespace("1 100000 65536\n0 0 1\n", load_as_nobody, folder), 1);
}

static int load_mapped(const struct folder *folder)
{
	struct config config = CONFIG_NONE;
	ERROR_NONE(error);

	if (config_load(&config, folder->ini, &error) < 0)
		return 1;
	config_free(&config);
	return 0;
}

static void root_that_is_mapped(void **state)
{
	const struct folder *folder = *state;

	write_text(folder->ini, "");
	assert_int_equal(in_user_namespace("0 0 1\n1 100000 65536\n", load_mapped, folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_of_root_is_believed),
		TEST(a_file_of_someone_else),
		TEST(a_file_that_others_may_write),
		TEST(a_folder_that_others_may_write),
		TEST(a_relative_path),
		TEST(what_is_no_file),
		TEST(symlinks_on_the_way),
		TEST(paths_are_checked_by_themselves),
		TEST(long_paths),
		TEST(fds_are_checked),
		TEST(hosts_root_seen_from_a_user_namespace),
		TEST(someone_unmapped_is_not_root),
		TEST(root_that_is_mapped),
	};

	if (geteuid() != 0) {
		fprintf(stderr,
		        "test_trust: makes files that are someone else's: run it as root\n");
		return 1;
	}
	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
