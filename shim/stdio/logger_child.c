/* binary://: a program that reads a container's output, with root's rights. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "stdio/child.h"
#include "support/process_id.h"
#include "support/quote.h"
#include "support/time.h"

#define READY_MS 10000

/* Whether an entry of [stdio] loggers names the program: its path, or the folder that it is in;
 * with "?KEY" behind it only if the URI's first key is KEY. */
static bool is_named(const char *entry, size_t size, const struct uri *uri)
{
	const char *key = memchr(entry, '?', size);
	size_t path_size = key ? (size_t)(key - entry) : size;
	size_t folder_size = (size_t)(strrchr(uri->path, '/') - uri->path);

	if (key) {
		size_t key_size = size - path_size - 1;

		if (!uri->arguments[1] || strlen(uri->arguments[1]) != key_size ||
		    strncmp(uri->arguments[1], key + 1, key_size) != 0)
			return false;
	}
	while (path_size > 1 && entry[path_size - 1] == '/')
		path_size--;
	if (path_size != strlen(uri->path) && path_size != folder_size)
		return false;
	return strncmp(entry, uri->path, path_size) == 0;
}

static int check_named(const struct stdio_settings *settings, const struct uri *uri,
                       struct ironbox_error *error)
{
	static const char blanks[] = " \t";

	for (const char *at = settings->loggers + strspn(settings->loggers, blanks); *at;) {
		size_t size = strcspn(at, blanks);

		if (is_named(at, size, uri))
			return 0;
		at += size + strspn(at + size, blanks);
	}
	return error_begin(error, 0,
	                   "not among [stdio] loggers of ironbox.ini, which would have to say: "
	                   "loggers = %s %s",
	                   settings->loggers, QUOTE(uri->path));
}

/* What nobody but root can change is what runs: then the path is as good as the file. */
static int check_program(const struct uri *uri, struct ironbox_error *error)
{
	cleanup_close int fd = open(uri->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_begin(error, errno, "open");
	if (S_ISLNK(status.st_mode))
		return error_begin(error, ELOOP, "a symbolic link, which is not followed");
	if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
		return error_begin(error, EACCES, "not a program");
	return config_check_trusted_path(uri->path, error);
}

struct logger_start {
	const struct uri *uri;
	char *environment[3];
	int fds[3];   /* its 3, 4, 5 */
	int error_fd; /* closed by execve(2), or errno comes through it */
};

static _Noreturn void logger_main(const struct logger_start *start)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), error_fd = start->error_fd, code;

	if (null_fd >= 0 && dup2(null_fd, STDERR_FILENO) == STDERR_FILENO &&
	    child_settle(start->fds, 3, &error_fd) == 0)
		execve(start->uri->path, start->uri->arguments, start->environment);
	code = errno;
	/* what can't be told ends in an exit without a word, as a logger's own failure does */
	(void)!write(error_fd, &code, sizeof(code));
	_exit(EXIT_FAILURE);
}

/* execve(2) closes the pipe's other end: it works, or errno comes. */
static int await_exec(int fd, struct ironbox_error *error)
{
	int code = 0;
	ssize_t size = read(fd, &code, sizeof(code));

	if (size < 0)
		return error_begin(error, errno, "wait for it to run");
	return size == 0 ? 0 : error_begin(error, code, "run it");
}

static int await_ready(int fd, enum uri_kind kind, struct ironbox_error *error)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int64_t deadline_ms = time_now_ms() + READY_MS;
	char byte;
	int result;

	do {
		int64_t left_ms = deadline_ms - time_now_ms();

		result = poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (result < 0 && errno == EINTR);
	if (result < 0)
		return error_begin(error, errno, "wait till it is ready");
	if (result == 0)
		return error_begin(error, 0, "not ready after %d s", READY_MS / 1000);
	if (read(fd, &byte, 1) != 1 && kind == URI_BINARY_V2)
		return error_begin(error, 0, "it ended, or closed fd 5, without being ready");
	return 0;
}

static int start_logger(const struct logger_start *start, struct child *child,
                        struct ironbox_error *error)
{
	cleanup_close int pidfd = -1, ready_fd = -1, ready_end = -1, error_fd = -1, error_end = -1;
	struct logger_start with_lines = *start;
	int ready[2], errors[2];

	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_begin(error, errno, "make a pipe");
	ready_fd = ready[0];
	ready_end = ready[1];
	if (pipe2(errors, O_CLOEXEC) < 0)
		return error_begin(error, errno, "make a pipe");
	error_fd = errors[0];
	error_end = errors[1];
	with_lines.fds[2] = ready_end;
	with_lines.error_fd = error_end;
	child->pid = child_clone(&pidfd);
	if (child->pid == 0)
		logger_main(&with_lines);
	if (child->pid < 0)
		return error_begin(error, errno, "clone3");
	child->birth = process_start_time(child->pid, NULL);
	replace_fd(&ready_end, -1);
	replace_fd(&error_end, -1);
	if (await_exec(error_fd, error) == 0 && await_ready(ready_fd, start->uri->kind, error) == 0)
		return 0;
	process_signal(pidfd, SIGKILL); /* harmless if it is dead; the shim reaps it */
	return -1;
}

int child_run_logger(const struct stdio_request *request, const struct uri *uri,
                     const int pipe_fds[2], struct child *child, struct ironbox_error *error)
{
	char id[300], namespace[300];
	struct logger_start start = {
		.uri = uri,
		.environment = { id, namespace, NULL },
		.fds = { pipe_fds[0], pipe_fds[1], -1 },
	};

	snprintf(id, sizeof(id), "CONTAINER_ID=%s", request->container_id);
	snprintf(namespace, sizeof(namespace), "CONTAINER_NAMESPACE=%s", request->namespace);
	if (check_named(request->settings, uri, error) < 0 || check_program(uri, error) < 0 ||
	    start_logger(&start, child, error) < 0)
		return error_context(error, "logger %s", QUOTE(uri->path));
	return 0;
}
