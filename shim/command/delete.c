/*
 * containerd calls it whenever it lost the connection to a shim, also after a clean end, and gives
 * it five seconds. The bundle may be half made or gone, the shim killed, the container alive.
 *
 * What the removal runs (plugins, their umounts) may hang, so that is done by a child; whether it
 * comes to its end or not, there is an answer in time.
 */
#include "command/delete.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "cli/startup.h"
#include "command/served.h"
#include "command/socket.h"
#include "lifecycle/lifecycle.h"
#include "messages/task.pb-c.h"
#include "support/file.h"
#include "support/log.h"
#include "support/process_id.h"
#include "task/bundle.h"
#include "worker/stuck.h"

#define DEADLINE_MS 4000
#define EXIT_KILLED 137 /* 128 + SIGKILL: what containerd is told when nobody knows better */
#define MOUNTS_MAX  64  /* one on the other */
#define ADDRESS_MAX 256

/* What the child shares with us. */
struct removal {
	char progress[PROGRESS_SIZE];
	struct ironbox_error error;
};

/* The bundle beside the one that we run in, if it is not said: containerd runs us in the bundle,
 * or in another of the same pod. -1: there is none, *error is told if that is a failure. */
static int open_bundle(const struct arguments *arguments, struct ironbox_error *error)
{
	cleanup_free char *beside = NULL;
	const char *path = arguments->bundle;
	int fd;

	if (!path || !*path) {
		if (asprintf(&beside, "../%s", arguments->id) < 0)
			return error_begin(error, errno, "name the bundle");
		path = beside;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return error_begin(error, errno, "open the bundle %s", path);
	return fd;
}

/* What the shim wrote there, or else what it would have written of a container without options. */
static int read_record(struct bundle_record *record, int bundle_fd, const char *namespace,
                       struct ironbox_error *error)
{
	ERROR_NONE(why);

	*record = (struct bundle_record){ 0 };
	if (bundle_fd >= 0 && bundle_record_read(bundle_fd, record, &why) < 0 && why.code != ENOENT)
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(&why));
	if (!record->state_root)
		record->state_root = bundle_state_root(NULL, namespace);
	return record->state_root ? 0 : error_begin(error, errno, "name the state root");
}

/* With the ini of its own; an ini that is broken by now must not keep what is to go: the modules
 * that made a container are named in its state. */
static int open_runtime(struct startup *startup, const struct bundle_record *record,
                        struct ironbox_error *error)
{
	struct global_options globals = {
		.root = record->state_root,
		.config = record->config_path,
		.rootless = "auto",
		.cgroup_manager = "cgroupfs",
	};
	ERROR_NONE(why);

	if (startup_runtime(startup, &globals, &why) == 0)
		return 0;
	if (!record->config_path)
		return error_begin(error, 0, "%s", error_text(&why));
	log_write(IRONBOX_LOG_WARNING, "%s; going on with the node's own", error_text(&why));
	globals.config = NULL;
	return startup_runtime(startup, &globals, error);
}

/* Mounts that somebody made on the host's side: [rootfs] host_visible, or containerd itself. Only
 * the last name is followed by nobody: the bundle is root's. */
static int unmount_rootfs(int bundle_fd, struct ironbox_error *error)
{
	if (bundle_fd < 0)
		return 0;
	if (fchdir(bundle_fd) < 0)
		return error_begin(error, errno, "chdir to the bundle");
	for (unsigned i = 0; i < MOUNTS_MAX; i++)
		if (umount2("rootfs", MNT_DETACH | UMOUNT_NOFOLLOW) < 0) {
			if (errno == EINVAL || errno == ENOENT || errno == ENOTDIR)
				return 0; /* no mount */
			return error_begin(error, errno, "unmount the bundle's rootfs");
		}
	return error_begin(error, 0, "unmount the bundle's rootfs: more than %d mounts",
	                   MOUNTS_MAX);
}

static int remove_all(const struct arguments *arguments, const struct bundle_record *record,
                      int bundle_fd, struct removal *removal)
{
	cleanup_startup struct startup startup = { .config = CONFIG_NONE };
	ERROR_NONE(unmounting);
	int result = open_runtime(&startup, record, &removal->error);

	startup.runtime.progress = removal->progress;
	if (result == 0)
		result = container_delete(&startup.runtime, arguments->id, true, &removal->error);
	/* whatever came of it: what is unmounted holds no disk busy */
	if (unmount_rootfs(bundle_fd, &unmounting) == 0)
		return result;
	if (result == 0)
		removal->error = unmounting;
	else
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(&unmounting));
	return -1;
}

static int await_child(pid_t pid, struct removal *removal, struct ironbox_error *error)
{
	cleanup_close int pidfd = process_open(pid);
	char where[256];
	int status = 0;

	if (pidfd < 0)
		return error_begin(error, errno, "open a pidfd");
	if (!process_wait_dead(pidfd, DEADLINE_MS)) {
		removal->progress[PROGRESS_SIZE - 1] = '\0';
		stuck_describe(pid, where, sizeof(where));
		kill(pid, SIGKILL); /* not waited for: it may sit where no signal reaches it */
		return error_begin(error, 0, "not done after %d s%s%s; %s", DEADLINE_MS / 1000,
		                   *removal->progress ? ", at " : "", removal->progress, where);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	error_accept(&removal->error);
	*error = removal->error;
	if (!error_is_told(error))
		error_begin(error, 0, "the process that does it ended with status %#x", status);
	return -1;
}

static int remove_in_child(const struct arguments *arguments, const struct bundle_record *record,
                           int bundle_fd, struct ironbox_error *error)
{
	struct removal *removal = mmap(NULL, sizeof(*removal), PROT_READ | PROT_WRITE,
	                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;
	pid_t pid;

	if (removal == MAP_FAILED)
		return error_begin(error, errno, "map a page");
	error_reset(&removal->error);
	pid = fork();
	if (pid == 0)
		_exit(remove_all(arguments, record, bundle_fd, removal) < 0 ? EXIT_FAILURE
		                                                            : EXIT_SUCCESS);
	result = pid < 0 ? error_begin(error, errno, "fork") : await_child(pid, removal, error);
	munmap(removal, sizeof(*removal));
	return result;
}

/* A shim that was killed leaves its socket; of a pod's, whichever container goes first. */
static void remove_socket(int bundle_fd)
{
	cleanup_close int fd = bundle_fd < 0
	                               ? -1
	                               : openat(bundle_fd, "address",
	                                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *address = NULL;
	struct shim_socket socket;
	size_t size;
	ERROR_NONE(error);

	address = fd < 0 ? NULL : file_read(fd, ADDRESS_MAX, &size);
	if (address && socket_of_address(&socket, address) == 0 &&
	    !is_served(socket.name.sun_path) && socket_remove_stale(&socket, &error) < 0)
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(&error));
}

static int print_response(const struct bundle_record *record, struct ironbox_error *error)
{
	Containerd__Task__V2__DeleteResponse response = CONTAINERD__TASK__V2__DELETE_RESPONSE__INIT;
	Google__Protobuf__Timestamp exited_at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	struct timespec time = record->exited_at;
	uint8_t bytes[64]; /* two numbers, and a message of two numbers: 34 at most */
	size_t size;

	if (!record->exited)
		clock_gettime(CLOCK_REALTIME, &time);
	exited_at.seconds = time.tv_sec;
	exited_at.nanos = (int32_t)time.tv_nsec;
	response.pid = (uint32_t)record->pid;
	response.exit_status = record->exited ? record->exit_status : EXIT_KILLED;
	response.exited_at = &exited_at;
	size = containerd__task__v2__delete_response__pack(&response, bytes);
	if (file_write_all(STDOUT_FILENO, bytes, size) < 0)
		return error_begin(error, errno, "answer containerd on stdout");
	return 0;
}

int delete_run(const struct arguments *arguments, struct ironbox_error *error)
{
	cleanup_bundle_record struct bundle_record record = { 0 };
	cleanup_close int bundle_fd = open_bundle(arguments, error);

	if (error_is_told(error) ||
	    read_record(&record, bundle_fd, arguments->namespace, error) < 0 ||
	    remove_in_child(arguments, &record, bundle_fd, error) < 0)
		return -1;
	remove_socket(bundle_fd);
	return print_response(&record, error);
}
