/* The state directory: STATE_ROOT/ID, 0700. That it is there is what owns the id; who changes the
 * container holds a flock(2) on it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/id.h"
#include "support/file.h"
#include "support/process_id.h"
#include "support/progress.h"
#include "support/time.h"

#define STATE_FILE_NEW  ".state.json.new"
#define STATE_VERSION   1
#define STATE_SIZE_MAX  (1 << 20)
#define LOCK_TIMEOUT_MS 30000

const char *const container_status_names[] = { "creating", "created", "running", "paused",
	                                       "stopped" };

/* Ours, and no one else's to write: else somebody could put states of his own there. A container's
 * own is nobody else's to look into, either (CVE-2024-25621); above it callers make what they like.
 */
static int check_private(int fd, const char *path, mode_t forbidden, struct ironbox_error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_begin(error, errno, "look at %s", path);
	if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || status.st_mode & forbidden)
		return error_begin(error, 0,
		                   "%s: not a directory that only uid %u can %s (owner %u, mode "
		                   "%04o)",
		                   path, geteuid(), forbidden & 044 ? "look into" : "write",
		                   status.st_uid, status.st_mode & 07777);
	return 0;
}

/* Root's callers choose its state root, and know what they do. An ordinary user's comes from his
 * environment: nobody else may be able to put another folder in its place. */
static int check_way(const struct runtime *runtime, struct ironbox_error *error)
{
	if (!runtime->rootless || config_check_trusted_path(runtime->state_root, error) == 0)
		return 0;
	return error_context(error, "state root %s", runtime->state_root);
}

static int make_parents(const char *path)
{
	char folder[1024];
	char *slash;

	if (strlen(path) >= sizeof(folder)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, path, strlen(path) + 1);
	for (slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0755) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(folder, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

static int fail_state_root(const struct runtime *runtime, struct ironbox_error *error)
{
	const char *path = runtime->state_root;
	int code = errno;
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
		return error_begin(error, 0,
		                   "state root %s: a symbolic link, which is not followed", path);
	if (runtime->rootless && (code == EACCES || code == ENOENT))
		return error_begin(
			error, code,
			"open the state root %s (XDG_RUNTIME_DIR or --root names another)", path);
	return error_begin(error, code, "open the state root %s", path);
}

static int open_state_root(struct container *container, bool make, struct ironbox_error *error)
{
	const char *path = container->runtime->state_root;
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	container->root_directory_fd = open(path, flags);
	if (container->root_directory_fd < 0 && errno == ENOENT && make && make_parents(path) == 0)
		container->root_directory_fd = open(path, flags);
	if (container->root_directory_fd < 0)
		return fail_state_root(container->runtime, error);
	if (check_private(container->root_directory_fd, path, 022, error) < 0)
		return -1;
	return check_way(container->runtime, error);
}

/* LOCK_NB with a deadline, so that one verb that hangs is a clear error for the next. */
static int lock_directory(const struct container *container, int kind, struct ironbox_error *error)
{
	struct timespec pause = { .tv_nsec = 2000000 };
	int waited_ms, fd = container->directory_fd;

	for (waited_ms = 0; waited_ms < LOCK_TIMEOUT_MS; waited_ms += 2) {
		if (flock(fd, kind | LOCK_NB) == 0)
			return 0;
		progress_write(container->pipeline.progress, "another command works on it", NULL);
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_begin(error, errno, "lock the container's state");
		nanosleep(&pause, NULL);
	}
	return error_begin(error, 0, "another command has been working on it for %d s",
	                   LOCK_TIMEOUT_MS / 1000);
}

/* The words that callers match; the code is for ours. */
static int does_not_exist(struct ironbox_error *error)
{
	error_begin(error, 0, "container does not exist");
	error->code = ENOENT;
	return -1;
}

static bool is_removed(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink == 0;
}

static int open_directory(struct container *container, bool lock, struct ironbox_error *error)
{
	container->directory_fd = openat(container->root_directory_fd, container->id,
	                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (container->directory_fd < 0 && errno == ENOENT)
		return does_not_exist(error);
	if (container->directory_fd < 0)
		return error_begin(error, errno, "open the container's state");
	if (check_private(container->directory_fd, container->id, 077, error) < 0)
		return -1;
	if (!lock)
		return 0;
	if (lock_directory(container, LOCK_EX, error) < 0)
		return -1;
	/* removed while we waited for who held the lock */
	return is_removed(container->directory_fd) ? does_not_exist(error) : 0;
}

int state_await_unlocked(struct container *container, struct ironbox_error *error)
{
	if (lock_directory(container, LOCK_SH, error) < 0)
		return -1;
	flock(container->directory_fd, LOCK_UN); /* can't fail on an fd of ours */
	return is_removed(container->directory_fd) ? does_not_exist(error) : 0;
}

static int begin(struct container *container, const struct runtime *runtime, const char *id,
                 struct ironbox_error *error)
{
	container->runtime = runtime;
	container->pipeline.progress = runtime->progress;
	if (id_check(id, error) < 0)
		return -1;
	container->id = strdup(id);
	return container->id ? 0 : error_begin(error, errno, "keep the id");
}

static int make_directory(struct container *container, struct ironbox_error *error)
{
	if (mkdirat(container->root_directory_fd, container->id, 0700) == 0)
		return 0;
	if (errno == EEXIST)
		return error_begin(error, 0, "container with given ID already exists");
	return error_begin(error, errno, "make the state directory %s/%s",
	                   container->runtime->state_root, container->id);
}

int state_make(struct container *container, const struct runtime *runtime, const char *id,
               struct ironbox_error *error)
{
	if (begin(container, runtime, id, error) < 0 || open_state_root(container, true, error) < 0)
		return -1;
	for (;;) {
		if (make_directory(container, error) < 0)
			return -1;
		if (open_directory(container, true, error) == 0)
			break;
		if (error->code != ENOENT) {
			unlinkat(container->root_directory_fd, id, AT_REMOVEDIR); /* if empty */
			return -1;
		}
		/* a `delete --force` came before our lock, and took it for what is left of one */
		replace_fd(&container->directory_fd, -1);
		error_reset(error);
	}
	/* a delete and another create may have come in between: then this is that one's */
	if (faccessat(container->directory_fd, CONFIG_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return error_begin(error, 0, "container with given ID already exists");
	container->made = true;
	return 0;
}

int state_open(struct container *container, const struct runtime *runtime, const char *id,
               bool lock, struct ironbox_error *error)
{
	if (begin(container, runtime, id, error) < 0)
		return -1;
	if (open_state_root(container, false, error) < 0)
		return error->code == ENOENT ? does_not_exist(error) : -1;
	return open_directory(container, lock, error);
}

static bool is_within(json_int_t number, json_int_t least, json_int_t most)
{
	return number >= least && number <= most;
}

/* All of it or nothing: a pid that is cut to its lower bits would be another process's. */
static int parse_state(struct container_state_file *state, const json_t *root)
{
	json_int_t version, pid, start_time, owner, flags;
	const char *oci_version, *bundle, *rootfs, *created;
	int poststart, poststop, no_new_keyring = 0; /* those of before do not say */

	if (json_unpack_ex((json_t *)(uintptr_t)root, NULL, 0,
	                   "{s:I, s:I, s:I, s:I, s:b, s:b, s?b, s:I, s:s, s:s, s:s, s:s}",
	                   "version", &version, "pid", &pid, "startTime", &start_time, "ownerUid",
	                   &owner, "poststart", &poststart, "poststop", &poststop, "noNewKeyring",
	                   &no_new_keyring, "stageFlags", &flags, "ociVersion", &oci_version,
	                   "bundle", &bundle, "rootfs", &rootfs, "created", &created) < 0 ||
	    version != STATE_VERSION || !is_within(pid, 1, INT32_MAX) || start_time < 0 ||
	    !is_within(owner, 0, UINT32_MAX) || !is_within(flags, 0, UINT32_MAX))
		return -1;
	state->pid = (pid_t)pid;
	state->start_time = (uint64_t)start_time;
	state->owner = (uid_t)owner;
	state->has_poststart_hooks = poststart;
	state->has_poststop_hooks = poststop;
	state->no_new_keyring = no_new_keyring;
	state->stage_flags = (uint32_t)flags;
	state->oci_version = strdup(oci_version);
	state->bundle = strdup(bundle);
	state->rootfs = strdup(rootfs);
	state->created = strdup(created);
	return state->oci_version && state->bundle && state->rootfs && state->created ? 0 : -1;
}

/* As runc sees it, whose words callers match; or it has gone since its directory was opened. */
static int does_not_exist_yet(const struct container *container, struct ironbox_error *error)
{
	if (is_removed(container->directory_fd))
		return does_not_exist(error);
	error_begin(error, 0,
	            "container does not exist: its creation is under way, or was cut off (delete "
	            "removes what is left of it)");
	error->code = ENOENT;
	return -1;
}

int state_read(struct container *container, struct ironbox_error *error)
{
	cleanup_close int fd = openat(container->directory_fd, STATE_FILE,
	                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *text = NULL;
	size_t size = 0;
	json_t *root;
	int result;

	if (fd < 0 && errno == ENOENT)
		return does_not_exist_yet(container, error);
	if (fd < 0)
		return error_begin(error, errno, "open %s/%s/%s", container->runtime->state_root,
		                   container->id, STATE_FILE);
	text = file_read(fd, STATE_SIZE_MAX, &size);
	if (!text)
		return error_begin(error, errno, "read %s/%s/%s", container->runtime->state_root,
		                   container->id, STATE_FILE);
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	result = root ? parse_state(&container->state, root) : -1;
	json_decref(root);
	if (result < 0)
		return error_begin(error, 0,
		                   "%s/%s/%s is cut off, or not of this version of ironbox",
		                   container->runtime->state_root, container->id, STATE_FILE);
	return 0;
}

int state_prepare(struct container *container, struct ironbox_error *error)
{
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	char created[TIME_TEXT_SIZE];
	struct timespec now;
	json_t *root;

	clock_gettime(CLOCK_REALTIME, &now);
	time_format(created, &now, 1); /* as runc tells it */
	root = json_pack("{s:i, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:b, s:b, s:b, s:I}",
	                 "version", STATE_VERSION, "id", container->id, "ociVersion",
	                 spec_text(&container->spec, "ociVersion"), "pid",
	                 (json_int_t)container->pid, "startTime", (json_int_t)container->start_time,
	                 "bundle", container->bundle, "rootfs", container->rootfs, "created",
	                 created, "ownerUid", (json_int_t)geteuid(), "poststart",
	                 (int)spec_asks(&container->spec, "hooks.poststart"), "poststop",
	                 (int)spec_asks(&container->spec, "hooks.poststop"), "noNewKeyring",
	                 (int)container->state.no_new_keyring, "stageFlags",
	                 (json_int_t)container->state.stage_flags);
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	if (!text)
		return error_begin(error, 0, "write %s: a path that is not UTF-8, or no memory",
		                   STATE_FILE);
	fd = openat(container->directory_fd, STATE_FILE_NEW,
	            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || file_write_all(fd, text, strlen(text)) < 0)
		return error_begin(error, errno, "write %s/%s/%s", container->runtime->state_root,
		                   container->id, STATE_FILE_NEW);
	return 0;
}

int state_commit(struct container *container, struct ironbox_error *error)
{
	if (renameat(container->directory_fd, STATE_FILE_NEW, container->directory_fd, STATE_FILE) <
	    0)
		return error_begin(error, errno, "rename %s/%s/%s", container->runtime->state_root,
		                   container->id, STATE_FILE_NEW);
	return 0;
}

int state_read_spec(struct container *container, struct ironbox_error *error)
{
	if (container->spec.root)
		return 0;
	return spec_load(&container->spec, SPEC_CONFIG, container->directory_fd, CONFIG_FILE,
	                 error);
}

/* A temporary file of a writer that was killed. Nothing but files of ours is ever in here. */
static int remove_rests(int directory_fd)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!directory) {
		ironbox_close_at_end(&fd);
		return -1;
	}
	while ((entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(directory_fd, entry->d_name, 0); /* rmdir will tell */
	closedir(directory);
	return 0;
}

int state_remove(struct container *container, struct ironbox_error *error)
{
	/* the record last: who is killed in between leaves what the next delete goes by */
	static const char *const files[] = { START_FIFO, STARTED_FIFO, STATE_FILE, CONFIG_FILE,
		                             RECORD_FILE };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (unlinkat(container->directory_fd, files[i], 0) < 0 && errno != ENOENT)
			return error_begin(error, errno, "remove %s/%s/%s",
			                   container->runtime->state_root, container->id, files[i]);
	if (unlinkat(container->root_directory_fd, container->id, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOTEMPTY && remove_rests(container->directory_fd) == 0 &&
	    unlinkat(container->root_directory_fd, container->id, AT_REMOVEDIR) == 0)
		return 0;
	return error_begin(error, errno, "remove %s/%s", container->runtime->state_root,
	                   container->id);
}

enum container_status state_status(struct container *container)
{
	if (container->state.pid == 0)
		return STATUS_CREATING;
	if (container->pidfd < 0)
		container->pidfd =
			process_open_exactly(container->state.pid, container->state.start_time);
	if (container->pidfd < 0)
		return STATUS_STOPPED;
	container->pid = container->state.pid;
	if (faccessat(container->directory_fd, START_FIFO, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return STATUS_CREATED;
	return STATUS_RUNNING;
}
