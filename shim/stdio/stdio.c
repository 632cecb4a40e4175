/* The three streams of one process, in the loop. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "stdio/internal.h"
#include "support/log.h"
#include "support/time.h"

#define CHECK_MS 50 /* while a logger has to read what a dead process left, and no longer */

static const char *const output_names[] = { "stdout", "stderr" };

static void on_deadline(struct timer *timer);
static void on_check(struct timer *timer);

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* ---- begin ---- */

/* A copy of the master for each direction: epoll(7) knows an open file by its fd. */
static int begin_terminal(struct stdio *stdio, int master_fd, struct ironbox_error *error)
{
	struct stream *output = &stdio->outputs[0], *input = &stdio->in;

	stdio->master_fd = master_fd;
	if (master_fd < 0)
		return 0;
	if (set_nonblocking(master_fd) < 0)
		return error_begin(error, errno, "set up the terminal");
	output->source.fd = fcntl(master_fd, F_DUPFD_CLOEXEC, 3);
	output->source_is_terminal = true;
	output->unwanted = output->target.fd < 0;
	if (input->source.fd >= 0)
		input->target.fd = fcntl(master_fd, F_DUPFD_CLOEXEC, 3);
	input->target_is_terminal = true;
	if (output->source.fd < 0 || (input->source.fd >= 0 && input->target.fd < 0))
		return error_begin(error, errno, "copy the terminal's fd");
	return 0;
}

static int begin_loggers(struct stdio *stdio, const struct stdio_ends *ends,
                         struct ironbox_error *error)
{
	for (int i = 0; i < STDIO_LOGGERS; i++) {
		stdio->outputs[i].logged = ends->loggers[i] != 0;
		if (ends->loggers[i] == 0)
			continue;
		if (i > 0 && ends->loggers[i] == ends->loggers[0]) {
			stdio->loggers[i] = stdio->loggers[0];
			continue;
		}
		stdio->loggers[i] = logger_begin(stdio, ends->loggers[i], ends->births[i], error);
		if (!stdio->loggers[i] && error_is_told(error))
			return -1;
	}
	return 0;
}

static void take_ends(struct stdio *stdio, const struct stdio_ends *ends)
{
	stdio->in.source.fd = ends->shim[0];
	stdio->in.target.fd = ends->shim[1];
	for (int i = 0; i < 2; i++) {
		stdio->outputs[i].source.fd = ends->shim[2 + 2 * i];
		stdio->outputs[i].target.fd = ends->shim[3 + 2 * i];
	}
}

/* Of a pair with one fd, that is a pipe whose other reader is the logger. */
static int watch_first(struct stream *output, struct ironbox_error *error)
{
	if (output->source.fd < 0)
		return 0;
	output->direct = output->target.fd < 0 && !output->source_is_terminal;
	output->source_events = output->direct ? EPOLLHUP : EPOLLIN;
	return loop_watch(output->stdio->loop, &output->source, output->source_events, error);
}

static int begin_streams(struct stdio *stdio, struct ironbox_error *error)
{
	for (int i = 0; i < 2; i++)
		if (watch_first(&stdio->outputs[i], error) < 0)
			return -1;
	if (stdio->in.source.fd < 0)
		return 0;
	stdio->in.source_events = EPOLLIN;
	if (!stdio->in.target_is_terminal) /* that the process closed its end */
		stream_watch_target(&stdio->in, EPOLLERR);
	return loop_watch(stdio->loop, &stdio->in.source, EPOLLIN, error);
}

static struct stdio *stdio_new(const struct stdio_place *place)
{
	struct stdio *stdio = calloc(1, sizeof(*stdio));

	if (!stdio)
		return NULL;
	stdio->loop = place->loop;
	stdio->left = place->left;
	stdio->on_stall = place->settings->on_stall;
	stdio->spill_limit = place->settings->spill_limit;
	stdio->taken_by_client = place->taken_by_client;
	stdio->drained = place->drained;
	stdio->context = place->context;
	stdio->master_fd = -1;
	stdio->deadline = (struct timer){ .due = on_deadline, .context = stdio };
	stdio->check = (struct timer){ .due = on_check, .context = stdio };
	stream_init(&stdio->in, stdio, "stdin");
	for (int i = 0; i < 2; i++)
		stream_init(&stdio->outputs[i], stdio, output_names[i]);
	stdio->name = strdup(place->name);
	if (stdio->on_stall == STDIO_SPILL)
		stdio->spill_folder = strdup(place->settings->spill_folder);
	if (stdio->name && (stdio->on_stall != STDIO_SPILL || stdio->spill_folder))
		return stdio;
	free(stdio->name);
	free(stdio->spill_folder);
	free(stdio);
	return NULL;
}

struct stdio *stdio_begin(const struct stdio_place *place, const struct stdio_ends *ends,
                          int master_fd, struct ironbox_error *error)
{
	struct stdio_ends given = *ends;
	struct stdio *stdio = stdio_new(place);

	if (!stdio) {
		error_begin(error, ENOMEM, "make room for the streams of %s", place->name);
		stdio_undo(&given);
		replace_fd(&master_fd, -1);
		return NULL;
	}
	take_ends(stdio, ends);
	if (begin_terminal(stdio, master_fd, error) < 0 || begin_loggers(stdio, ends, error) < 0 ||
	    begin_streams(stdio, error) < 0) {
		error_context(error, "%s", place->name);
		stdio_end(stdio);
		return NULL;
	}
	for (int i = 0; i < 2; i++)
		if (stdio->outputs[i].logged && !stdio->loggers[i])
			output_orphan(&stdio->outputs[i]); /* it was dead before we came */
	return stdio;
}

/* ---- while it lives ---- */

void stdio_close_input(struct stdio *stdio)
{
	input_close(&stdio->in);
}

int stdio_resize(struct stdio *stdio, uint16_t width, uint16_t height)
{
	const struct winsize size = { .ws_col = width, .ws_row = height };

	return stdio->master_fd < 0 ? 0 : ioctl(stdio->master_fd, TIOCSWINSZ, &size);
}

static bool has_logger(const struct stdio *stdio)
{
	return stdio->loggers[0] || stdio->loggers[1];
}

void stdio_logger_died(struct stdio *stdio, struct logger *logger)
{
	for (int i = 0; i < STDIO_LOGGERS; i++) {
		if (stdio->loggers[i] != logger)
			continue;
		stdio->loggers[i] = NULL;
		output_orphan(&stdio->outputs[i]);
	}
	logger_free(logger);
	stdio_settle(stdio);
}

bool stdio_reaped(struct stdio *stdio, pid_t pid)
{
	for (int i = 0; i < STDIO_LOGGERS; i++) {
		struct logger *logger = stdio->loggers[i];

		if (!logger || logger->pid != pid)
			continue;
		logger->watch.ready(&logger->watch, EPOLLIN);
		return true;
	}
	return false;
}

uint64_t stdio_dropped(const struct stdio *stdio)
{
	return stdio->outputs[0].dropped + stdio->outputs[1].dropped;
}

/* ---- its end ---- */

static void tell_drained(struct stdio *stdio)
{
	stdio->told = true;
	loop_disarm(stdio->loop, &stdio->deadline);
	loop_disarm(stdio->loop, &stdio->check);
	replace_fd(&stdio->master_fd, -1); /* there is nobody to resize it for */
	stdio->drained(stdio->context);
}

void stdio_settle(struct stdio *stdio)
{
	if (stdio->ended && !stdio->told && !has_logger(stdio) &&
	    output_is_given(&stdio->outputs[0]) && output_is_given(&stdio->outputs[1]))
		tell_drained(stdio);
}

void stdio_process_ended(struct stdio *stdio, int timeout_ms)
{
	if (stdio->ended)
		return;
	stdio->ended = true;
	stream_close_source(&stdio->in);
	stream_close_target(&stdio->in);
	loop_arm(stdio->loop, &stdio->deadline, time_now_ms() + timeout_ms);
	for (int i = 0; i < 2; i++)
		if (!stdio->outputs[i].direct && stdio->outputs[i].source.fd >= 0)
			output_run(&stdio->outputs[i]);
	reader_await(stdio);
	stdio_check_loggers(stdio);
	stdio_settle(stdio);
}

static void on_deadline(struct timer *timer)
{
	struct stdio *stdio = timer->context;

	for (int i = 0; i < 2; i++)
		output_cut(&stdio->outputs[i]);
	reader_done(stdio);
	if (!stdio->told)
		tell_drained(stdio);
}

void stdio_check_loggers(struct stdio *stdio)
{
	if (stdio->ended && !stdio->told && has_logger(stdio) && !stdio->check.armed)
		loop_arm(stdio->loop, &stdio->check, time_now_ms());
}

/* Lets a logger see its end of file once it has read all. true: nothing is left for it. */
static bool let_end(struct stream *output)
{
	bool over = output->direct ? output->cut : output->source.fd < 0;
	int pipe_fd = output->direct ? output->source.fd : output->target.fd;

	if (output->source.fd < 0 && output->target.fd < 0)
		return true;
	if (!over || spill_waiting(&output->spill) > 0 || flow_waiting(pipe_fd) > 0)
		return false;
	stream_close_source(output);
	stream_close_target(output);
	return true;
}

/* Most loggers end at their end of file. One that does not, and has read all, is told to. */
static void on_check(struct timer *timer)
{
	struct stdio *stdio = timer->context;
	bool all_read = true;

	for (int i = 0; i < 2; i++)
		all_read &= let_end(&stdio->outputs[i]);
	if (all_read && stdio->loggers_may_end) {
		for (int i = 0; i < STDIO_LOGGERS; i++)
			if (stdio->loggers[i])
				logger_terminate(stdio->loggers[i]);
		return;
	}
	stdio->loggers_may_end = all_read;
	loop_arm(stdio->loop, timer, time_now_ms() + (all_read ? 2 * CHECK_MS : CHECK_MS));
}

void stdio_keep_loggers(struct stdio *stdio)
{
	if (stdio->loggers[1] && stdio->loggers[1] != stdio->loggers[0])
		logger_free(stdio->loggers[1]);
	if (stdio->loggers[0])
		logger_free(stdio->loggers[0]);
	stdio->loggers[0] = stdio->loggers[1] = NULL;
}

void stdio_end(struct stdio *stdio)
{
	if (!stdio)
		return;
	loop_disarm(stdio->loop, &stdio->deadline);
	loop_disarm(stdio->loop, &stdio->check);
	loop_disarm(stdio->loop, &stdio->look);
	stream_end(&stdio->in);
	for (int i = 0; i < 2; i++)
		stream_end(&stdio->outputs[i]);
	for (int i = 0; i < STDIO_LOGGERS; i++)
		if (stdio->loggers[i])
			logger_leave(stdio->loggers[i]); /* twice, where it is of both */
	replace_fd(&stdio->master_fd, -1);
	free(stdio->name);
	free(stdio->spill_folder);
	free(stdio);
}

/* ---- seen from inside ---- */

static void describe(const struct stream *stream, FILE *out)
{
	fprintf(out, "  %s:", stream->name);
	if (stream->lingers)
		fprintf(out, " ended, %llu bytes wait for a client",
		        (unsigned long long)flow_waiting(stream->target.fd));
	else if (stream->source.fd < 0 && stream->target.fd < 0)
		fputs(" closed", out);
	else if (stream->direct)
		fputs(" a logger reads it", out);
	else
		fprintf(out, " %s, %llu bytes wait, %llu in a file",
		        stream->source_is_terminal || stream->target_is_terminal ? "terminal"
		                                                                 : "pipe",
		        (unsigned long long)flow_waiting(stream->source.fd),
		        (unsigned long long)spill_waiting(&stream->spill));
	if (stream->stalled_ms > 0)
		fprintf(out, ", not read for %lld s",
		        (long long)(time_now_ms() - stream->stalled_ms) / 1000);
	fprintf(out, ", %llu moved, %llu dropped\n", (unsigned long long)stream->moved,
	        (unsigned long long)stream->dropped);
}

void stdio_describe(const struct stdio *stdio, FILE *out)
{
	describe(&stdio->in, out);
	for (int i = 0; i < 2; i++)
		describe(&stdio->outputs[i], out);
}
