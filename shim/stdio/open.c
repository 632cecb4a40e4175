/* What containerd named, opened: in a worker, for it may hang. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "stdio/child.h"
#include "stdio/open_file.h"
#include "stdio/uri.h"
#include "support/process_id.h"

struct opening {
	const struct stdio_request *request;
	struct stdio_ends *ends;
	struct uri out, err;
	struct ironbox_error *error;
};

static int open_null(int *fd, struct ironbox_error *error)
{
	*fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? error_begin(error, errno, "open /dev/null") : 0;
}

/* A pipe of the process's, one end ours and O_NONBLOCK. theirs: 0, they read; 1, they write. */
static int open_pipe(const struct opening *opening, int theirs, int *their_fd, int *our_fd)
{
	const struct stdio_request *request = opening->request;
	cleanup_close int their_end = -1, our_end = -1;
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_begin(opening->error, errno, "make a pipe");
	their_end = pipe_fds[theirs];
	our_end = pipe_fds[!theirs];
	/* the two ends are two open files: the process's stays blocking */
	if (fcntl(our_end, F_SETFL, O_NONBLOCK) < 0)
		return error_begin(opening->error, errno, "set up a pipe");
	if ((request->uid != geteuid() || request->gid != getegid()) &&
	    fchown(their_end, request->uid, request->gid) < 0)
		return error_begin(opening->error, errno, "give a pipe to user %u, group %u",
		                   request->uid, request->gid);
	*their_fd = steal_fd(&their_end);
	*our_fd = steal_fd(&our_end);
	return 0;
}

/* ---- where nothing, or a FIFO, was named ---- */

static int open_input(const struct opening *opening)
{
	const struct stdio_request *request = opening->request;
	struct stdio_ends *ends = opening->ends;
	struct uri *uri = malloc(sizeof(*uri));
	cleanup_free void *text = uri;

	if (!uri)
		return error_begin(opening->error, errno, "stdin");
	if (uri_parse(uri, request->in, opening->error) < 0)
		return error_context(opening->error, "stdin");
	if (uri->kind == URI_NONE)
		return request->terminal ? 0 : open_null(&ends->process[0], opening->error);
	if (uri->kind != URI_PATH && uri->kind != URI_FIFO)
		return error_begin(opening->error, 0, "stdin %s: expected a FIFO", uri->path);
	if (open_named_fifo(uri->path, &ends->shim[0], opening->error) < 0)
		return error_context(opening->error, "stdin");
	return request->terminal ? 0 : open_pipe(opening, 0, &ends->process[0], &ends->shim[1]);
}

static int open_nowhere(const struct opening *opening, int index)
{
	return opening->request->terminal
	               ? 0
	               : open_null(&opening->ends->process[1 + index], opening->error);
}

/* The process's pipe, whose reading end is the shim's. */
static int open_output_pipe(const struct opening *opening, int index)
{
	struct stdio_ends *ends = opening->ends;

	return opening->request->terminal ? 0
	                                  : open_pipe(opening, 1, &ends->process[1 + index],
	                                              &ends->shim[2 + 2 * index]);
}

/* ---- where a child of the shim writes ---- */

/* The pipe that it reads. With on_stall = block the process has the other end, and the shim one
 * more reading end, lest the process dies of SIGPIPE should the logger end. Otherwise, and with a
 * terminal, the shim stands in between. */
static int open_logger_pipe(const struct opening *opening, int index, int *logger_fd)
{
	const struct stdio_request *request = opening->request;
	struct stdio_ends *ends = opening->ends;
	cleanup_close int reading = -1, writing = -1;
	char path[32];
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return error_begin(opening->error, errno, "make a pipe");
	reading = pipe_fds[0];
	writing = pipe_fds[1];
	if (request->terminal || request->settings->on_stall != STDIO_BLOCK) {
		if (fcntl(writing, F_SETFL, O_NONBLOCK) < 0)
			return error_begin(opening->error, errno, "set up a pipe");
		ends->shim[3 + 2 * index] = steal_fd(&writing);
		*logger_fd = steal_fd(&reading);
		return open_output_pipe(opening, index);
	}
	if ((request->uid != geteuid() || request->gid != getegid()) &&
	    fchown(writing, request->uid, request->gid) < 0)
		return error_begin(opening->error, errno, "give a pipe to user %u, group %u",
		                   request->uid, request->gid);
	/* an open file of its own: O_NONBLOCK is not the logger's business */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", reading);
	ends->shim[2 + 2 * index] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (ends->shim[2 + 2 * index] < 0)
		return error_begin(opening->error, errno, "open a pipe again");
	ends->process[1 + index] = steal_fd(&writing);
	*logger_fd = steal_fd(&reading);
	return 0;
}

static void note_child(struct stdio_ends *ends, int index, const struct child *child)
{
	ends->loggers[index] = child->pid;
	ends->births[index] = child->birth;
}

static int open_writer(const struct opening *opening, int index, const char *path, int file_fd)
{
	cleanup_close int pipe_fd = -1;
	struct child child;

	if (open_logger_pipe(opening, index, &pipe_fd) < 0 ||
	    child_write_file(pipe_fd, file_fd, path, &child, opening->error) < 0)
		return -1;
	note_child(opening->ends, index, &child);
	return 0;
}

static int open_logger(const struct opening *opening)
{
	struct stdio_ends *ends = opening->ends;
	cleanup_close int out_fd = -1, err_fd = -1;
	struct child child;
	int fds[2];

	if (open_logger_pipe(opening, 0, &out_fd) < 0 || open_logger_pipe(opening, 1, &err_fd) < 0)
		return -1;
	if (opening->request->terminal) /* which has no stderr: an end of file */
		replace_fd(&ends->shim[5], -1);
	fds[0] = out_fd;
	fds[1] = err_fd;
	if (child_run_logger(opening->request, &opening->out, fds, &child, opening->error) < 0)
		return -1;
	note_child(ends, 0, &child);
	if (!opening->request->terminal)
		note_child(ends, 1, &child);
	return 0;
}

/* ---- which of them ---- */

static int open_path(const struct opening *opening, int index, const struct uri *uri)
{
	struct stdio_ends *ends = opening->ends;
	const struct wanted wanted = { .any = uri->kind == URI_PATH,
		                       .patience_ms = opening->request->client_ms };
	cleanup_close int file_fd = -1;

	switch (open_named(uri->path, &wanted, &ends->shim[3 + 2 * index], &file_fd,
	                   opening->error)) {
	case NAMED_NULL:
		return open_nowhere(opening, index);
	case NAMED_FIFO:
		return open_output_pipe(opening, index);
	case NAMED_FILE:
		return open_writer(opening, index, uri->path, file_fd);
	case NAMED_FAILED:
		break;
	}
	return -1;
}

/* Both streams into one file: one pipe, so that what was written in an order stays in it. */
static int share_output(const struct opening *opening)
{
	int *process = opening->ends->process;

	if (opening->request->terminal)
		return 0;
	process[2] = fcntl(process[1], F_DUPFD_CLOEXEC, 3);
	return process[2] < 0 ? error_begin(opening->error, errno, "copy stdout for stderr") : 0;
}

static int open_output(const struct opening *opening, int index, const struct uri *uri)
{
	cleanup_close int file_fd = -1;

	switch (uri->kind) {
	case URI_NONE:
		return open_nowhere(opening, index);
	case URI_PATH:
	case URI_FIFO:
		return open_path(opening, index, uri);
	case URI_FILE:
		file_fd = open_log_file(uri->path, opening->error);
		return file_fd < 0 ? -1 : open_writer(opening, index, uri->path, file_fd);
	case URI_BINARY:
	case URI_BINARY_V2:
		break;
	}
	return error_begin(opening->error, 0, "%s: a logger reads both, so stdout has to name it",
	                   uri->path);
}

/* stdout's scheme decides for both, where it has one. */
static int open_outputs(const struct opening *opening)
{
	const struct uri *out = &opening->out, *err = &opening->err;
	bool same = err->kind == out->kind && err->kind == URI_PATH &&
	            strcmp(out->path, err->path) == 0;

	if (out->kind == URI_BINARY || out->kind == URI_BINARY_V2)
		return open_logger(opening);
	if (open_output(opening, 0, out) < 0)
		return error_context(opening->error, "stdout");
	if (opening->request->terminal)
		return 0;
	if (out->kind == URI_FILE || same)
		return share_output(opening);
	return open_output(opening, 1, err) < 0 ? error_context(opening->error, "stderr") : 0;
}

int stdio_open(const struct stdio_request *request, struct stdio_ends *ends,
               struct ironbox_error *error)
{
	struct opening *opening = calloc(1, sizeof(*opening));
	cleanup_free void *owned = opening;

	*ends = STDIO_ENDS_NONE;
	if (!opening)
		return error_begin(error, errno, "open the streams");
	opening->request = request;
	opening->ends = ends;
	opening->error = error;
	if (uri_parse(&opening->out, request->out, error) < 0)
		return error_context(error, "stdout");
	if (uri_parse(&opening->err, request->err, error) < 0)
		return error_context(error, "stderr");
	if (open_input(opening) < 0 || open_outputs(opening) < 0) {
		stdio_undo(ends);
		return -1;
	}
	return 0;
}

void stdio_close_process(struct stdio_ends *ends)
{
	for (int i = 0; i < 3; i++)
		replace_fd(&ends->process[i], -1);
}

void stdio_undo(struct stdio_ends *ends)
{
	stdio_close_process(ends);
	for (int i = 0; i < STDIO_SHIM_FDS; i++)
		replace_fd(&ends->shim[i], -1);
	for (int i = 0; i < STDIO_LOGGERS; i++) {
		cleanup_close int pidfd = -1;

		if (ends->loggers[i] == 0)
			continue;
		pidfd = process_open_exactly(ends->loggers[i], ends->births[i]);
		if (pidfd >= 0)
			process_signal(pidfd, SIGKILL);
	}
	*ends = STDIO_ENDS_NONE;
}
