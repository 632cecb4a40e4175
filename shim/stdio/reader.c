/*
 * The end of a process is told when its client has taken what the process wrote: ctr (seen with
 * containerd 1.6) closes its FIFOs once it hears of the end, whatever is still in them.
 *
 * It is not held back for a client that is not there, nor for one that takes nothing for a while;
 * nor for what others, which have the process's pipes, write after its end.
 */
#include "stdio/internal.h"
#include "support/time.h"

#define QUIET_MS       1000
#define FIRST_PAUSE_MS 1
#define LAST_PAUSE_MS  16

static void on_look(struct timer *timer);

/* Of a pipe no event tells that it is empty. */
static bool is_empty(const struct stream *output)
{
	return flow_waiting(output->source.fd) + spill_waiting(&output->spill) +
	               flow_waiting(output->target.fd) ==
	       0;
}

/* Bytes that clients have read. */
static uint64_t taken(const struct stream *output)
{
	return output->moved - spill_waiting(&output->spill) - flow_waiting(output->target.fd);
}

static bool is_taken(const struct stream *output)
{
	if (output->target.fd < 0 || output->logged)
		return true;
	if (output->lingers) /* source is what a client is awaited by: there is none */
		return output->source.fd >= 0 || flow_waiting(output->target.fd) == 0;
	/* a terminal has more than it tells, but comes to its end, with its last process */
	return is_empty(output) ||
	       (!output->source_is_terminal && taken(output) >= output->written);
}

static void look(struct stdio *stdio)
{
	const struct stream *outputs = stdio->outputs;
	uint64_t now_taken = taken(&outputs[0]) + taken(&outputs[1]);
	int64_t now_ms = time_now_ms();

	if (stdio->taken != now_taken)
		stdio->quiet_since_ms = now_ms;
	stdio->taken = now_taken;
	if ((is_taken(&outputs[0]) && is_taken(&outputs[1])) ||
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
	for (int i = 0; i < 2; i++) {
		struct stream *output = &stdio->outputs[i];

		output->written = output->moved + flow_waiting(output->source.fd);
	}
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
