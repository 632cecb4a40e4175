/*
 * A stream in the loop. It waits for its source level-triggered while there is room, and for its
 * target edge-triggered while there is none, with the source unwatched: so a full FIFO, or the
 * hang-up of a pipe whose last bytes wait, wakes nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "stdio/internal.h"
#include "support/log.h"
#include "support/time.h"

#define TURNS       16                  /* then others have theirs */
#define TURN_SIZE   ((size_t)1 << 20)   /* as much as a pipe holds */
#define PATIENCE_MS 1000                /* with drop: a reader may be that much behind */
#define BURST_MS    10000               /* between two lines on what was dropped */
#define CUT_SIZE    ((uint64_t)1 << 20) /* what a pipe may hold when its time is up */

static void on_event(struct watch *watch, uint32_t events)
{
	struct stream *stream = watch->context;
	struct stdio *stdio = stream->stdio;

	(void)events;
	if (stream == &stdio->in)
		input_run(stream);
	else
		output_run(stream);
	stdio_settle(stdio);
}

static void on_patience(struct timer *timer)
{
	struct stream *output = timer->context;
	struct stdio *stdio = output->stdio;

	output->dropping = true;
	output_run(output);
	stdio_settle(stdio);
}

void stream_init(struct stream *stream, struct stdio *stdio, const char *name)
{
	*stream = (struct stream){
		.stdio = stdio,
		.name = name,
		.source = { .fd = -1, .ready = on_event, .context = stream },
		.target = { .fd = -1, .ready = on_event, .context = stream },
		.patience = { .due = on_patience, .context = stream },
		.spill = SPILL_NONE,
	};
}

/* What can't be watched (epoll_ctl(2): ENOMEM, ENOSPC) hangs until it is ended: that is said. */
static void watch(struct stream *stream, struct watch *watch, uint32_t *now, uint32_t events)
{
	struct loop *loop = stream->stdio->loop;
	ERROR_NONE(error);

	if (*now == events || watch->fd < 0)
		return;
	*now = events;
	if (events == 0) {
		loop_unwatch(loop, watch);
	} else if (loop_watch(loop, watch, events, &error) < 0) {
		*now = 0;
		log_write(IRONBOX_LOG_ERROR, "%s: %s: %s", stream->stdio->name, stream->name,
		          error_text(&error));
	}
}

void stream_watch_source(struct stream *stream, uint32_t events)
{
	watch(stream, &stream->source, &stream->source_events, events);
}

void stream_watch_target(struct stream *stream, uint32_t events)
{
	watch(stream, &stream->target, &stream->target_events, events);
}

void stream_close_source(struct stream *stream)
{
	stream_watch_source(stream, 0);
	replace_fd(&stream->source.fd, -1);
}

void stream_close_target(struct stream *stream)
{
	stream_watch_target(stream, 0);
	replace_fd(&stream->target.fd, -1);
}

static enum flow move(struct stream *stream, size_t most)
{
	const struct ends ends = {
		.source_fd = stream->source.fd,
		.target_fd = stream->target.fd,
		.source_is_terminal = stream->source_is_terminal,
		.target_is_terminal = stream->target_is_terminal,
	};

	return flow_move(&ends, most, &stream->moved);
}

/* ---- the input ---- */

void input_run(struct stream *input)
{
	enum flow flow = FLOW_MOVED;

	if (input->source.fd < 0)
		return;
	for (int turn = 0; turn < TURNS && flow == FLOW_MOVED; turn++)
		flow = move(input, TURN_SIZE);
	switch (flow) {
	case FLOW_END:
	case FLOW_GONE: /* a client that goes on writing gets EPIPE */
		stream_close_source(input);
		stream_close_target(input);
		break;
	case FLOW_FULL: /* EPOLLERR, that its reader is gone, comes as well */
		stream_watch_source(input, 0);
		stream_watch_target(input, EPOLLOUT | EPOLLET);
		break;
	case FLOW_EMPTY:
	case FLOW_MOVED:
		stream_watch_source(input, EPOLLIN);
		/* a hung-up terminal would wake us without end; a pipe does it once */
		stream_watch_target(input, input->target_is_terminal ? 0 : EPOLLERR);
		break;
	}
}

void input_close(struct stream *input)
{
	char path[32];
	int fd;

	if (input->source.fd < 0)
		return;
	/* Ours is a writing end as well. Opened anew for reading alone it comes to an end of file,
	 * when the client's is closed too. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", input->source.fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		log_write(IRONBOX_LOG_ERROR, "%s: stdin: open its FIFO again: %s",
		          input->stdio->name, strerrordesc_np(errno));
		(void)move(input, TURN_SIZE); /* what is there already */
		stream_close_target(input);
	}
	stream_close_source(input);
	input->source.fd = fd;
	input_run(input);
}

/* ---- an output ---- */

static void tell_dropped(struct stream *output)
{
	int64_t now_ms = time_now_ms();

	if (output->told_ms == 0 || now_ms - output->told_ms >= BURST_MS)
		log_write(IRONBOX_LOG_WARNING,
		          "%s: %s has no reader that keeps up: what comes is dropped (%llu bytes "
		          "so far)",
		          output->stdio->name, output->name, (unsigned long long)output->dropped);
	output->told_ms = now_ms; /* a burst ends with BURST_MS without a drop */
}

static enum flow discard(struct stream *output, size_t most)
{
	uint64_t gone = 0;
	enum flow flow = flow_discard(output->source.fd, most, &gone);

	if (gone == 0 || output->unwanted)
		return flow;
	output->dropped += gone;
	tell_dropped(output);
	return flow;
}

/* The process waits for its reader, but not longer than PATIENCE_MS until that has caught up. */
static enum flow wait_or_drop(struct stream *output, size_t most)
{
	if (output->dropping)
		return discard(output, most);
	if (!output->patience.armed)
		loop_arm(output->stdio->loop, &output->patience, time_now_ms() + PATIENCE_MS);
	return FLOW_FULL;
}

static void caught_up(struct stream *output)
{
	output->stalled_ms = 0;
	output->dropping = false;
	loop_disarm(output->stdio->loop, &output->patience);
}

static enum flow take_into_spill(struct stream *output, size_t most)
{
	struct stdio *stdio = output->stdio;
	enum flow flow = FLOW_FULL;
	ERROR_NONE(error);

	if (output->spill.fd < 0 && !output->no_spill &&
	    spill_open(&output->spill, stdio->spill_folder, &error) < 0) {
		output->no_spill = true;
		log_write(IRONBOX_LOG_ERROR, "%s: spill %s: %s: the process waits instead",
		          stdio->name, output->name, error_text(&error));
	}
	if (output->spill.fd < 0)
		return FLOW_FULL;
	flow = spill_take(&output->spill, output->source.fd, output->source_is_terminal, most,
	                  stdio->spill_limit, &output->moved);
	if (flow == FLOW_FULL && errno != 0) {
		output->no_spill = true; /* what it holds is given back all the same */
		log_write(IRONBOX_LOG_ERROR, "%s: spill %s into a file in %s: %s", stdio->name,
		          output->name, stdio->spill_folder, strerrordesc_np(errno));
	}
	return flow;
}

static enum flow when_full(struct stream *output, size_t most)
{
	if (output->stalled_ms == 0)
		output->stalled_ms = time_now_ms();
	switch (output->stdio->on_stall) {
	case STDIO_BLOCK:
		break;
	case STDIO_SPILL:
		return output->no_spill ? FLOW_FULL : take_into_spill(output, most);
	case STDIO_DROP:
		return wait_or_drop(output, most);
	}
	return FLOW_FULL;
}

/* One step. Of its source no more than `most` is taken. */
static enum flow step(struct stream *output, size_t most)
{
	bool has_source = output->source.fd >= 0;
	enum flow flow;

	if (spill_waiting(&output->spill) > 0) {
		flow = spill_give(&output->spill, output->target.fd);
		return flow == FLOW_FULL && has_source ? when_full(output, most) : flow;
	}
	if (!has_source)
		return FLOW_END;
	if (output->target.fd < 0)
		return discard(output, most);
	flow = move(output, most);
	if (flow == FLOW_EMPTY && output->stalled_ms > 0 && flow_has_room(output->target.fd))
		caught_up(output);
	return flow == FLOW_FULL ? when_full(output, most) : flow;
}

/* The end of the source. What was spilled may still wait. */
static void end_source(struct stream *output)
{
	stream_close_source(output);
	caught_up(output);
	if (spill_waiting(&output->spill) > 0)
		return;
	spill_close(&output->spill);
	if (output->target.fd < 0)
		return;
	if (!output->logged)
		linger_begin(output);
	else if (output->stdio->ended)
		stdio_check_loggers(output->stdio);
	else
		stream_close_target(output);
}

/* Nobody reads it any more, which with FIFOs can't be: we have a reading end. */
static void lose_target(struct stream *output)
{
	output->dropped += spill_waiting(&output->spill);
	spill_close(&output->spill);
	stream_close_target(output);
}

/* A terminal without an open slave may get one again while its process lives: some close theirs
 * and open /dev/console. */
static bool is_only_hung_up(const struct stream *output)
{
	return output->source_is_terminal && !output->stdio->ended;
}

static void wait_for_more(struct stream *output, enum flow flow)
{
	bool spilled = spill_waiting(&output->spill) > 0;

	switch (flow) {
	case FLOW_MOVED: /* level-triggered both: we come again at once */
		stream_watch_source(output, EPOLLIN);
		stream_watch_target(output, spilled ? EPOLLOUT : 0);
		break;
	case FLOW_FULL:
		stream_watch_source(output, 0);
		stream_watch_target(output, EPOLLOUT | EPOLLET);
		break;
	case FLOW_EMPTY:
	case FLOW_END: /* hung up */
	case FLOW_GONE:
		stream_watch_source(output, flow == FLOW_END ? EPOLLIN | EPOLLET : EPOLLIN);
		stream_watch_target(output, spilled ? EPOLLOUT | EPOLLET : 0);
		break;
	}
}

static size_t share(const struct stream *output)
{
	return output->cut && output->rest < TURN_SIZE ? (size_t)output->rest : TURN_SIZE;
}

/* One step, with what it means for the ends. */
static enum flow advance(struct stream *output)
{
	uint64_t before = output->moved + output->dropped;
	enum flow flow;

	if (output->cut && output->rest == 0 && output->source.fd >= 0) {
		end_source(output);
		return FLOW_MOVED;
	}
	flow = step(output, share(output));
	if (output->cut) {
		uint64_t taken = output->moved + output->dropped - before;

		output->rest -= taken < output->rest ? taken : output->rest;
	}
	if (flow == FLOW_GONE) {
		lose_target(output);
		return FLOW_MOVED;
	}
	if (output->source.fd < 0 || (flow == FLOW_END && is_only_hung_up(output)))
		return flow;
	if (flow == FLOW_END || (flow == FLOW_EMPTY && output->cut)) {
		end_source(output);
		return FLOW_MOVED;
	}
	return flow;
}

void output_run(struct stream *output)
{
	enum flow flow = FLOW_MOVED;

	if (output->lingers) {
		linger_look(output);
		return;
	}
	if (output->direct) { /* EPOLLHUP: all writers are gone */
		stream_watch_source(output, 0);
		output->cut = true;
		stdio_check_loggers(output->stdio);
		return;
	}
	for (int turn = 0; turn < TURNS && flow == FLOW_MOVED && !output->lingers; turn++) {
		if (output->source.fd < 0 && spill_waiting(&output->spill) == 0)
			break;
		flow = advance(output);
	}
	if (output->lingers)
		return;
	if (output->source.fd < 0 && output->spill.fd >= 0 && spill_waiting(&output->spill) == 0)
		end_source(output); /* the last of what was spilled is given back */
	else if (output->source.fd >= 0 || output->spill.fd >= 0)
		wait_for_more(output, flow);
}

void output_cut(struct stream *output)
{
	if (output->source.fd < 0 || output->lingers)
		return;
	if (output->direct) { /* the logger has its own */
		stream_close_source(output);
		return;
	}
	output->cut = true;
	output->rest = CUT_SIZE;
	output_run(output);
}

void output_orphan(struct stream *output)
{
	if (output->source.fd < 0 || !output->logged)
		return;
	if (!output->cut && !flow_is_over(output->source.fd))
		log_write(IRONBOX_LOG_ERROR, "%s: the logger of %s has ended before its process",
		          output->stdio->name, output->name);
	if (output->direct)
		output->direct = output->cut = false;
	output_run(output);
}

bool output_is_given(const struct stream *output)
{
	return output->lingers || (output->source.fd < 0 && spill_waiting(&output->spill) == 0);
}

void stream_end(struct stream *stream)
{
	struct stdio *stdio = stream->stdio;

	loop_disarm(stdio->loop, &stream->patience);
	if (stream != &stdio->in && !stream->unwanted) {
		stream->dropped += spill_waiting(&stream->spill);
		linger_look_again(stream);
		if (stream->lingers)
			stream->dropped += flow_waiting(stream->target.fd);
		else if (!stream->direct)
			stream->dropped += flow_waiting(stream->source.fd);
		if (stream->dropped > 0)
			log_write(IRONBOX_LOG_WARNING, "%s: %llu bytes of %s dropped", stdio->name,
			          (unsigned long long)stream->dropped, stream->name);
	}
	spill_close(&stream->spill);
	stream_close_source(stream);
	stream_close_target(stream);
}
