#include "command/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "command/sha256.h"
#include "config/config.h"
#include "support/path.h"
#include "support/quote.h"
#include "support/time.h"

#define FOLDER_MAX   42 /* containerd's own bound for it: sun_path holds it, / and the hash */
#define LOCK_TRY_MS  2
#define LOCK_LAST_MS 10000

/* containerd's filepath.Join of the three, for absolute and clean paths. */
static char *join(const char *containerd, const char *namespace, const char *id)
{
	size_t size;
	char *joined = NULL;

	if (strncmp(containerd, SOCKET_SCHEME, strlen(SOCKET_SCHEME)) == 0)
		containerd += strlen(SOCKET_SCHEME);
	size = strlen(containerd);
	while (size > 0 && containerd[size - 1] == '/')
		size--;
	if (asprintf(&joined, "%.*s/%s/%s", (int)size, containerd, namespace, id) < 0)
		return NULL;
	return joined;
}

int socket_name(struct shim_socket *socket, const char *folder, const char *containerd,
                const char *namespace, const char *id, struct ironbox_error *error)
{
	cleanup_free char *joined = join(containerd, namespace, id);
	char hash[SHA256_HEX_SIZE];

	*socket = SHIM_SOCKET_NONE;
	if (!folder)
		folder = SOCKET_FOLDER;
	if (!joined)
		return error_begin(error, errno, "name the socket");
	if (folder[0] != '/' || strlen(folder) > FOLDER_MAX)
		return error_begin(error, 0,
		                   "folder of sockets %s: not an absolute path of at most %d bytes",
		                   QUOTE(folder), FOLDER_MAX);
	sha256_hex(hash, joined, strlen(joined));
	socket->name.sun_family = AF_UNIX;
	snprintf(socket->name.sun_path, sizeof(socket->name.sun_path), "%s/%s", folder, hash);
	return 0;
}

/* An fd of the folder that the socket is in, which belongs to us, and which nobody else may enter,
 * on a path that nobody else can change. */
static int open_folder(const struct shim_socket *socket, bool make, struct ironbox_error *error)
{
	cleanup_close int root = -1, made = -1, fd = -1;
	char folder[sizeof(socket->name.sun_path)];
	struct stat status;

	memcpy(folder, socket->name.sun_path, sizeof(folder));
	*strrchr(folder, '/') = '\0';
	if (make) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		made = root < 0 ? -1 : path_make_directories(root, folder, 0700);
		if (made < 0)
			return error_begin(error, errno, "make the folder of sockets %s", folder);
	}
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_begin(error, errno, "open the folder of sockets %s", folder);
	if (config_check_trusted_path(folder, error) < 0)
		return error_context(error, "folder of sockets");
	if (status.st_uid != geteuid() || (status.st_mode & 077))
		return error_begin(error, 0,
		                   "folder of sockets %s: expected to be user %u's alone (mode "
		                   "0700), but it is user %u's, mode %04o",
		                   folder, geteuid(), status.st_uid, status.st_mode & 07777);
	return steal_fd(&fd);
}

/* One at a time looks and binds. The lock ends with its fd; each holds it for microseconds, so the
 * wait is bounded only against what must not be: one that is stopped. */
static int lock_folder(int folder_fd, struct ironbox_error *error)
{
	const struct timespec pause = { .tv_nsec = LOCK_TRY_MS * 1000000 };
	int64_t end = time_now_ms() + LOCK_LAST_MS;

	while (flock(folder_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_begin(error, errno, "lock the folder of sockets");
		if (time_now_ms() > end)
			return error_begin(error, 0,
			                   "lock the folder of sockets: another process has held "
			                   "the lock for %d s",
			                   LOCK_LAST_MS / 1000);
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* 1: somebody listens; 0: nobody, *there: but the file is; -1. */
static int find_listener(const struct sockaddr_un *name, bool *there, struct ironbox_error *error)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_begin(error, errno, "make a socket");
	/* EAGAIN: its backlog is full, so it has one */
	if (connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0 || errno == EAGAIN)
		return 1;
	*there = errno == ECONNREFUSED;
	if (errno == ECONNREFUSED || errno == ENOENT)
		return 0;
	return error_begin(error, errno, "connect to %s", name->sun_path);
}

static int listen_there(struct shim_socket *claimed, struct ironbox_error *error)
{
	const struct sockaddr_un *name = &claimed->name;
	cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t mask;
	int result;

	if (fd < 0)
		return error_begin(error, errno, "make a socket");
	mask = umask(0177); /* 0600 from its first moment */
	result = bind(fd, (const struct sockaddr *)name, sizeof(*name));
	umask(mask);
	if (result < 0)
		return error_begin(error, errno, "bind to %s", name->sun_path);
	claimed->claimed = true;
	if (listen(fd, SOMAXCONN) < 0)
		return error_begin(error, errno, "listen on %s", name->sun_path);
	claimed->fd = steal_fd(&fd);
	return 0;
}

int socket_claim(struct shim_socket *claimed, struct ironbox_error *error)
{
	cleanup_close int folder_fd = open_folder(claimed, true, error);
	bool there = false;
	int found;

	if (folder_fd < 0 || lock_folder(folder_fd, error) < 0)
		return -1;
	found = find_listener(&claimed->name, &there, error);
	if (found < 0)
		return -1;
	claimed->living = found > 0;
	if (claimed->living)
		return 0;
	if (there && unlink(claimed->name.sun_path) < 0)
		return error_begin(error, errno, "remove the socket of a shim that is no more, %s",
		                   claimed->name.sun_path);
	if (listen_there(claimed, error) < 0) {
		socket_release(claimed);
		return -1;
	}
	return 0;
}

int socket_remove_stale(const struct shim_socket *stale, struct ironbox_error *error)
{
	cleanup_close int folder_fd = -1;
	bool there = false;
	struct stat status;

	if (lstat(stale->name.sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return 0;
	folder_fd = open_folder(stale, false, error);
	if (folder_fd < 0 || lock_folder(folder_fd, error) < 0 ||
	    find_listener(&stale->name, &there, error) < 0)
		return -1;
	if (there && unlink(stale->name.sun_path) < 0)
		return error_begin(error, errno, "remove the socket %s", stale->name.sun_path);
	return 0;
}

void socket_release(struct shim_socket *released)
{
	if (released->fd >= 0)
		close(released->fd);
	released->fd = -1;
	if (released->claimed)
		unlink(released->name.sun_path);
	released->claimed = false;
}

void socket_address(const struct shim_socket *named, char *address)
{
	snprintf(address, SOCKET_ADDRESS_SIZE, "%s%s", SOCKET_SCHEME, named->name.sun_path);
}

int socket_of_address(struct shim_socket *named, const char *address)
{
	const char *path = address + strlen(SOCKET_SCHEME);

	*named = SHIM_SOCKET_NONE;
	if (strncmp(address, SOCKET_SCHEME, strlen(SOCKET_SCHEME)) != 0 || path[0] != '/' ||
	    strlen(path) >= sizeof(named->name.sun_path))
		return -1;
	named->name.sun_family = AF_UNIX;
	memcpy(named->name.sun_path, path, strlen(path) + 1);
	return 0;
}
