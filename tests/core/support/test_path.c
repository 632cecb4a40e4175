/* Paths below a root: the same file that a process sees who calls that root its own (TA7). */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <ironbox/cleanup.h>

#include "support/path.h"

#define TREE "/tmp/ironbox-path" /* in a mount namespace of our own */
#define ROOT TREE "/root"

/* "a/b/" is a directory, "a -> b" a link, all else a file. */
static const char *const nodes[] = {
	"dir/",
	"dir/sub/",
	"dir/sub/deep/",
	"file",
	"dir/file",
	"to-dir -> dir",
	"to-file -> file",
	"absolute -> /dir/sub",
	"up -> ../..",
	"dir/up -> ../..",
	"dot -> .",
	"slash -> dir/",
	"loop -> loop",
	"ping -> pong",
	"pong -> ping",
	"dangling -> nowhere",
	"root -> /",
	"far -> ../../etc",
	"chain -> to-dir",
	"dir/sub/out -> ../../../../dir",
	"file-slash -> file/",
	"secret -> " TREE "/secret",
};

static void make_node(int root_fd, const char *node)
{
	const char *arrow = strstr(node, " -> ");
	char name[PATH_MAX];
	size_t size = arrow ? (size_t)(arrow - node) : strlen(node);

	memcpy(name, node, size);
	name[size] = '\0';
	if (arrow)
		assert_int_equal(symlinkat(arrow + 4, root_fd, name), 0);
	else if (name[size - 1] == '/')
		assert_int_equal(mkdirat(root_fd, name, 0755), 0);
	else
		assert_int_equal(mknodat(root_fd, name, S_IFREG | 0644, 0), 0);
}

static int make_tree(void **state)
{
	int *root_fd = malloc(sizeof(*root_fd));

	umask(0);
	if (!root_fd || (mkdir(TREE, 0700) < 0 && errno != EEXIST) ||
	    mount("path", TREE, "tmpfs", 0, NULL) < 0 || mkdir(ROOT, 0755) < 0 ||
	    mknod(TREE "/secret", S_IFREG | 0644, 0) < 0)
		return -1;
	*root_fd = open(ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		make_node(*root_fd, nodes[i]);
	*state = root_fd;
	return 0;
}

static int remove_tree(void **state)
{
	int *root_fd = *state;

	close(*root_fd);
	free(root_fd);
	return umount2(TREE, MNT_DETACH) | rmdir(TREE);
}

/* What opening gave. */
struct seen {
	int error;
	dev_t device;
	ino_t inode;
	mode_t mode;
};

static struct seen seen_of(int fd)
{
	struct seen seen = { .error = fd < 0 ? errno : 0 };
	struct stat status;

	if (fd < 0)
		return seen;
	assert_int_equal(fstat(fd, &status), 0);
	close(fd);
	seen.device = status.st_dev;
	seen.inode = status.st_ino;
	seen.mode = status.st_mode;
	return seen;
}

static const int all_flags[] = { O_PATH, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY, O_RDONLY,
	                         O_RDONLY | O_NOFOLLOW };
enum { FLAGS = sizeof(all_flags) / sizeof(all_flags[0]), PATHS = 8192 };

static char (*make_paths(size_t *count))[64]
{
	static const char *const parts[] = {
		"dir",      "dir/",     "dir/.",      "dir/sub",  "dir/sub/out",
		"file",     "to-dir",   "to-file",    "up",       "dir/up",
		"absolute", "loop",     "ping",       "dangling", "root",
		"far",      "chain",    "dot",        "slash",    "nowhere",
		"..",       ".",        "/",          "//",       "../..",
		"to-dir/",  "file/",    "file-slash", "secret",   "loop/",
		"chain/.",  "to-file/", "dangling/",  "up/..",    "absolute/deep",
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };
	char(*paths)[64] = calloc(PATHS, sizeof(*paths));

	assert_non_null(paths);
	*count = 1; /* the first is the empty path */
	for (size_t i = 0; i < PARTS; i++) {
		snprintf(paths[(*count)++], 64, "%s", parts[i]);
		for (size_t j = 0; j < PARTS; j++) {
			snprintf(paths[(*count)++], 64, "%s/%s", parts[i], parts[j]);
			snprintf(paths[(*count)++], 64, "/%s//%s/", parts[i], parts[j]);
		}
	}
	assert_true(*count < PATHS);
	return paths;
}

static void as_a_process_in_that_root_sees_it(void **state)
{
	const int *root_fd = *state;
	size_t count, found = 0;
	char(*paths)[64] = make_paths(&count);
	struct seen *theirs = mmap(NULL, PATHS * FLAGS * sizeof(*theirs), PROT_READ | PROT_WRITE,
	                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	assert_true(theirs != MAP_FAILED);
	child = fork();
	if (child == 0) {
		if (chroot(ROOT) < 0 || chdir("/") < 0)
			_exit(1);
		for (size_t i = 0; i < count * FLAGS; i++)
			theirs[i] =
				seen_of(open(paths[i / FLAGS], all_flags[i % FLAGS] | O_CLOEXEC));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < count * FLAGS; i++) {
		struct seen ours = seen_of(
			path_open_in_root(*root_fd, paths[i / FLAGS], all_flags[i % FLAGS], 0));

		if (ours.error != theirs[i].error || ours.device != theirs[i].device ||
		    ours.inode != theirs[i].inode)
			fail_msg("\"%s\", flags %#o: error %d, inode %lu, not error %d, inode %lu",
			         paths[i / FLAGS], all_flags[i % FLAGS], ours.error,
			         (unsigned long)ours.inode, theirs[i].error,
			         (unsigned long)theirs[i].inode);
		found += !ours.error;
	}
	assert_in_range(found, count, count * FLAGS);
	munmap(theirs, PATHS * FLAGS * sizeof(*theirs));
	free(paths);
}

static void names_and_paths_of_the_greatest_length(void **state)
{
	const int *root_fd = *state;
	char path[PATH_MAX + 2];

	memset(path, 'n', NAME_MAX);
	path[NAME_MAX] = '\0';
	assert_int_equal(seen_of(path_open_in_root(*root_fd, path, O_PATH, 0)).error, ENOENT);
	assert_int_equal(seen_of(path_make_directories(*root_fd, path, 0755)).error, 0);
	assert_int_equal(seen_of(path_open_in_root(*root_fd, path, O_PATH, 0)).error, 0);
	path[NAME_MAX] = 'n';
	path[NAME_MAX + 1] = '\0';
	assert_int_equal(seen_of(path_open_in_root(*root_fd, path, O_PATH, 0)).error, ENAMETOOLONG);
	assert_int_equal(seen_of(path_make_directories(*root_fd, path, 0755)).error, ENAMETOOLONG);
	for (size_t i = 0; i < PATH_MAX; i++)
		path[i] = i % 2 ? '/' : '.';
	path[PATH_MAX - 1] = '\0';
	assert_int_equal(seen_of(path_open_in_root(*root_fd, path, O_PATH, 0)).error, 0);
	path[PATH_MAX - 1] = '/';
	path[PATH_MAX] = '\0';
	assert_int_equal(seen_of(path_open_in_root(*root_fd, path, O_PATH, 0)).error, ENAMETOOLONG);
	assert_int_equal(seen_of(path_make_directories(*root_fd, path, 0755)).error, ENAMETOOLONG);
}

static void magic_links_lead_nowhere(void **state)
{
	const int *root_fd = *state;
	cleanup_close int proc_fd = -1;

	(void)root_fd;
	assert_int_equal(mkdirat(*root_fd, "proc", 0755), 0);
	assert_int_equal(mount("proc", ROOT "/proc", "proc", 0, NULL), 0);
	assert_int_equal(seen_of(path_open_in_root(*root_fd, "proc/self/root", O_PATH, 0)).error,
	                 ELOOP);
	assert_int_equal(seen_of(path_open_in_root(*root_fd, "proc/self/cwd/x", O_PATH, 0)).error,
	                 ELOOP);
	assert_int_equal(seen_of(path_make_directories(*root_fd, "proc/self/root/x", 0755)).error,
	                 ELOOP);
	proc_fd = path_open_in_root(*root_fd, "proc/self/exe", O_PATH | O_NOFOLLOW, 0);
	assert_true(proc_fd >= 0); /* the link itself is no way */
	assert_int_equal(fcntl(proc_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(umount2(ROOT "/proc", MNT_DETACH), 0);
}

static const struct made {
	const char *path, *where; /* below the root; NULL: it fails, with */
	int error;
} made[] = {
	{ "x/y/z", "x/y/z", 0 },
	{ "/x/./y//w/", "x/y/w", 0 },
	{ "dir/sub", "dir/sub", 0 },
	{ "to-dir/new", "dir/new", 0 },
	{ "absolute/new", "dir/sub/new", 0 },
	{ "dangling/new", "nowhere/new", 0 },
	{ "up/up/over", "over", 0 },
	{ "far/inside", "etc/inside", 0 },
	{ "secret/inside", "tmp/ironbox-path/secret/inside", 0 },
	{ "dir/../gone/../here", "here", 0 },
	{ "../../../above", "above", 0 },
	{ "/", ".", 0 },
	{ "dir/dangling-up/new", "elsewhere/far/new", 0 },
	{ "many1/new", "end/new", 0 },
	{ "file/x", NULL, ENOTDIR },
	{ "file", NULL, ENOTDIR },
	{ "to-file/x", NULL, ENOTDIR },
	{ "loop/x", NULL, ELOOP },
	{ "ping", NULL, ELOOP },
	{ "growing/x", NULL, ELOOP },
	{ "", NULL, ENOENT },
};

static void directories_are_made_inside(void **state)
{
	const int *root_fd = *state;

	assert_int_equal(symlinkat("../elsewhere/far", *root_fd, "dir/dangling-up"), 0);
	assert_int_equal(symlinkat("many2", *root_fd, "many1"), 0);
	assert_int_equal(symlinkat("/many3", *root_fd, "many2"), 0);
	assert_int_equal(symlinkat("end", *root_fd, "many3"), 0);
	assert_int_equal(symlinkat("growing2/a", *root_fd, "growing"), 0);
	assert_int_equal(symlinkat("growing/a", *root_fd, "growing2"), 0);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		struct seen seen = seen_of(path_make_directories(*root_fd, made[i].path, 0751));
		struct stat status;

		if (seen.error != made[i].error)
			fail_msg("\"%s\": error %d, not %d", made[i].path, seen.error,
			         made[i].error);
		if (seen.error)
			continue;
		if (fstatat(*root_fd, made[i].where, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		    status.st_ino != seen.inode)
			fail_msg("\"%s\" is not %s", made[i].path, made[i].where);
	}
	assert_int_equal(access("/elsewhere", F_OK), -1);
	assert_int_equal(access(TREE "/above", F_OK), -1);
	assert_int_equal(access(TREE "/over", F_OK), -1);
}

static void a_mode_is_that_of_all_that_was_made(void **state)
{
	const int *root_fd = *state;
	struct stat status;

	assert_int_equal(seen_of(path_make_directories(*root_fd, "dir/m/o/d", 0751)).error, 0);
	assert_int_equal(fstatat(*root_fd, "dir/m", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0751);
	assert_int_equal(fstatat(*root_fd, "dir/m/o/d", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0751);
	assert_int_equal(fstatat(*root_fd, "dir", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
}

/* Someone moves the directories out of and into the root, as fast as can be. */
static pid_t start_mover(int root_fd)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	for (;;) {
		renameat(root_fd, "dir/sub", AT_FDCWD, TREE "/moved");
		renameat(AT_FDCWD, TREE "/moved", root_fd, "dir/sub");
		renameat(root_fd, "dir", root_fd, "other");
		renameat(root_fd, "other", root_fd, "dir");
	}
}

/* A hundred and more times, as each is a chance only. */
static void several_make_the_same_directories(void **state)
{
	const int *root_fd = *state;

	for (int round = 0; round < 150; round++) {
		char path[64];
		pid_t makers[4];
		int status;

		snprintf(path, sizeof(path), "same%d/a/b/c/d/e/f/g", round);
		for (size_t i = 0; i < 4; i++) {
			makers[i] = fork();
			assert_true(makers[i] >= 0);
			if (makers[i] == 0)
				_exit(path_make_directories(*root_fd, path, 0755) < 0 ? errno : 0);
		}
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(waitpid(makers[i], &status, 0), makers[i]);
			assert_int_equal(status, 0);
		}
	}
}

static void who_moves_directories_gains_nothing(void **state)
{
	const int *root_fd = *state;
	pid_t mover = start_mover(*root_fd);
	struct stat outside;
	int found = 0;

	assert_int_equal(stat(TREE "/secret", &outside), 0);
	for (int i = 0; i < 30000; i++) {
		struct seen seen = seen_of(path_open_in_root(
			*root_fd, "dir/sub/deep/../../../../secret/../../../file", O_PATH, 0));

		assert_true(seen.error != EAGAIN);
		seen = seen_of(path_open_in_root(*root_fd, "dir/sub/deep/../../../../../../file",
		                                 O_PATH, 0));
		assert_true(seen.error == 0 || seen.error == ENOENT);
		assert_true(seen.error || seen.inode != outside.st_ino);
		found += !seen.error;
	}
	kill(mover, SIGKILL);
	waitpid(mover, NULL, 0);
	assert_true(found > 0);
}

#define IN_A_TREE(test) cmocka_unit_test_setup_teardown(test, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_TREE(as_a_process_in_that_root_sees_it),
		IN_A_TREE(names_and_paths_of_the_greatest_length),
		IN_A_TREE(magic_links_lead_nowhere),
		IN_A_TREE(directories_are_made_inside),
		IN_A_TREE(a_mode_is_that_of_all_that_was_made),
		IN_A_TREE(several_make_the_same_directories),
		IN_A_TREE(who_moves_directories_gains_nothing),
	};

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		perror("a mount namespace of its own");
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
