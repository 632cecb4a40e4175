/*
 * The end of a process is told when its client has taken what the process wrote: containerd's
 * clients (ctr, CRI) close their FIFOs once they hear of the end, whatever is still in them.
 *
 * It is not held back for a client that is not there, nor for one that takes nothing for a while;
 * nor for what others, which have the process's pipes, write on and on: see on_deadline.
 */
#include "stdio/internal.h"
#include "support/time.h"

#define QUIET_MS       1000
#define FIRST_PAUSE_MS 1
#define LAST_PAUSE_MS  16

static void on_look(struct timer *timer);

/* Of a pipe no event tells that it is empty. */
static uint64_t waiting(const struct stream *output)
{
	bool nobody_there = output->lingers && output->source.fd >= 0;

	if (output->target.fd < 0 || output->logged || nobody_there)
		return 0;
	return flow_waiting(output->target.fd) +
	       (output->lingers ? 0
	                        : spill_waiting(&output->spill) + flow_waiting(output->source.fd));
}

/* Grows when a client takes something. */
static uint64_t taken(const struct stream *output)
{
	return output->moved - spill_waiting(&output->spill) - flow_waiting(output->target.fd);
}

static void look(struct stdio *stdio)
{
	const struct stream *outputs = stdio->outputs;
	uint64_t now_taken = taken(&outputs[0]) + taken(&outputs[1]);
	int64_t now_ms = time_now_ms();

	if (stdio->taken != now_taken)
		stdio->quiet_since_ms = now_ms;
	stdio->taken = now_taken;
	if (waiting(&outputs[0]) + waiting(&outputs[1]) == 0 ||
	    now_ms - stdio->quiet_since_ms >= QUIET_MS) {
		reader_done(stdio);
		return;
	}
	loop_arm(stdio->loop, &stdio->look, now_ms + stdio->pause_ms);
	if (stdio->pause_ms < LAST_PAUSE_MS)
		stdio->pause_ms *= 2;
}

static void on_look(struct timer *timer)
{
	look(timer->context);
}

void reader_await(struct stdio *stdio)
{
	stdio->look = (struct timer){ .due = on_look, .context = stdio };
	stdio->pause_ms = FIRST_PAUSE_MS;
	stdio->quiet_since_ms = time_now_ms();
	look(stdio);
}

void reader_done(struct stdio *stdio)
{
	if (stdio->all_taken)
		return;
	stdio->all_taken = true;
	loop_disarm(stdio->loop, &stdio->look);
	stdio->taken_by_client(stdio->context);
}
