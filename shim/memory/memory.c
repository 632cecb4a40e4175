#include "memory/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "memory/look.h"
#include "support/log.h"
#include "support/time.h"

#define LOOK_DEADLINE_MS 3000

/* The pauses between looks after one wake. cgroup v1 wakes us before it kills; v2 also for a limit
 * that was only touched, many times a second under pressure: nothing is heard between two looks. */
static const int pauses_ms[] = { 10, 40, 160, 640, 640 };
#define PAUSE_COUNT (sizeof(pauses_ms) / sizeof(pauses_ms[0]))

struct memory_watch {
	struct loop *loop;
	struct workers *workers;
	struct memory_watching watching;
	char *id; /* what watching.id points to */
	struct memory_ends ends;
	struct watch watch;
	struct timer timer;         /* armed: the fd is not watched till then */
	unsigned looks;             /* since the wake, without a kill */
	bool looking;               /* a worker runs, or its callers are told */
	bool ended;                 /* freed when that is done */
	bool last;                  /* init is dead: what is waited for, and no more */
	struct memory_look *wanted; /* which somebody waits for */
};

static void free_watch(struct memory_watch *watch)
{
	loop_disarm(watch->loop, &watch->timer);
	loop_unwatch(watch->loop, &watch->watch);
	replace_fd(&watch->ends.watch_fd, -1);
	replace_fd(&watch->ends.kmsg_fd, -1);
	free(watch->id);
	free(watch);
}

static void warn(const struct memory_watch *watch, const struct ironbox_error *error)
{
	log_write(IRONBOX_LOG_WARNING, "%s: watch its memory: %s", watch->id, error_text(error));
}

/* ---- in the worker ---- */

static int run_look(const void *request, struct worker_reply *reply, struct ironbox_error *error)
{
	const struct memory_watch *watch = request;
	const struct look asked = { watch->watching.oom_kills, watch->watching.container,
		                    &watch->ends };
	uint64_t kills;

	reply->bytes = malloc(LOOK_WORDS_SIZE);
	if (!reply->bytes)
		return error_begin(error, errno, "look");
	if (look(&asked, &kills, reply->bytes, error) < 0)
		return -1;
	reply->numbers[0] = (int64_t)kills;
	reply->size = strlen(reply->bytes); /* 0: nothing to tell */
	return 0;
}

/* ---- in the loop ---- */

static bool drain(const struct memory_watch *watch)
{
	char drained[1024];
	bool had = false;

	while (watch->ends.watch_fd >= 0 &&
	       read(watch->ends.watch_fd, drained, sizeof(drained)) > 0)
		had = true;
	return had;
}

static void begin_look(struct memory_watch *watch);

/* Until it wakes us again. */
static void rest(struct memory_watch *watch)
{
	ERROR_NONE(error);

	watch->looks = 0;
	if (loop_watch(watch->loop, &watch->watch, EPOLLIN, &error) < 0)
		warn(watch, &error);
}

static void pause_then_look(struct memory_watch *watch)
{
	int pause_ms = pauses_ms[watch->looks < PAUSE_COUNT ? watch->looks : PAUSE_COUNT - 1];

	watch->looks++;
	loop_arm(watch->loop, &watch->timer, time_now_ms() + pause_ms);
}

static void tell_begun(struct memory_watch *watch)
{
	struct memory_look **at = &watch->wanted;

	while (*at && !watch->ended) {
		struct memory_look *look = *at;

		if (!look->begun) {
			at = &look->next;
			continue;
		}
		*at = look->next;
		look->looked(look->context);
		at = &watch->wanted; /* it may have asked for another */
	}
}

/* What it found is told first; whoever is told may end the watch. */
static void on_looked(void *context, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct memory_watch *watch = context;

	if (error && !watch->ended)
		warn(watch, error);
	if (!error)
		watch->ends.oom_kills = (uint64_t)reply->numbers[0];
	if (!error && reply->size > 0 && !watch->ended) {
		char words[LOOK_WORDS_SIZE];

		snprintf(words, sizeof(words), "%.*s", (int)reply->size,
		         (const char *)reply->bytes);
		watch->looks = 0;
		watch->watching.killed(watch->watching.context, words);
	}
	tell_begun(watch);
	watch->looking = false;
	if (watch->ended)
		free_watch(watch);
	else if (watch->wanted)
		begin_look(watch); /* the one that ran may have been too early */
	else if (!watch->last)
		pause_then_look(watch);
}

static void begin_look(struct memory_watch *watch)
{
	char what[64];
	const struct worker_request request = {
		.what = what,
		.deadline_ms = LOOK_DEADLINE_MS,
		.run = run_look,
		.request = watch,
		.fds = &watch->ends.kmsg_fd,
		.fd_count = watch->ends.kmsg_fd >= 0,
		.done = on_looked,
		.context = watch,
	};
	ERROR_NONE(error);

	snprintf(what, sizeof(what), "look at the memory of %s", watch->id);
	watch->looking = true;
	for (struct memory_look *wanted = watch->wanted; wanted; wanted = wanted->next)
		wanted->begun = true;
	if (worker_start(watch->workers, &request, &error) < 0)
		on_looked(watch, &(struct worker_reply){ .size = 0 }, &error);
}

static void on_wake(struct watch *fd_watch, uint32_t events)
{
	struct memory_watch *watch = fd_watch->context;

	(void)events;
	loop_unwatch(watch->loop, &watch->watch);
	drain(watch);
	begin_look(watch);
}

static void on_pause_over(struct timer *timer)
{
	struct memory_watch *watch = timer->context;

	if (drain(watch) || watch->looks <= PAUSE_COUNT - 1)
		begin_look(watch);
	else
		rest(watch);
}

struct memory_watch *memory_watch_begin(struct loop *loop, struct workers *workers,
                                        const struct memory_watching *watching,
                                        const struct memory_ends *ends, struct ironbox_error *error)
{
	struct memory_watch *watch = calloc(1, sizeof(*watch));
	char *id = strdup(watching->id);
	cleanup_close int watch_fd = ends->watch_fd, kmsg_fd = ends->kmsg_fd;

	if (!watch || !id) {
		error_begin(error, errno, "watch the memory of %s", watching->id);
		free(watch);
		free(id);
		return NULL;
	}
	*watch = (struct memory_watch){
		.loop = loop,
		.workers = workers,
		.watching = *watching,
		.id = id,
		.ends = *ends,
		.watch = { .fd = watch_fd, .ready = on_wake, .context = watch },
		.timer = { .due = on_pause_over, .context = watch },
	};
	watch->watching.id = id;
	steal_fd(&watch_fd);
	steal_fd(&kmsg_fd);
	if (watch->watch.fd < 0 || loop_watch(loop, &watch->watch, EPOLLIN, error) == 0)
		return watch;
	error_context(error, "watch the memory of %s", watching->id);
	free_watch(watch);
	return NULL;
}

/* Nothing wakes us till it is done. */
static void want(struct memory_watch *watch, struct memory_look *look)
{
	look->begun = false;
	look->next = watch->wanted;
	watch->wanted = look;
	loop_disarm(watch->loop, &watch->timer);
	loop_unwatch(watch->loop, &watch->watch);
	if (!watch->looking)
		begin_look(watch);
}

/* No wake that was not looked into. */
static bool is_quiet(const struct memory_watch *watch)
{
	return !drain(watch) && !watch->looking && !watch->timer.armed;
}

void memory_watch_look(struct memory_watch *watch, struct memory_look *look)
{
	if (watch->ends.watch_fd < 0) {
		look->looked(look->context);
		return;
	}
	if (is_quiet(watch))
		watch->looks = PAUSE_COUNT; /* this one look */
	want(watch, look);
}

void memory_watch_last_look(struct memory_watch *watch, bool ended_well, struct memory_look *look)
{
	watch->last = true;
	if (watch->ends.watch_fd < 0 || (is_quiet(watch) && ended_well)) {
		loop_unwatch(watch->loop, &watch->watch);
		look->looked(look->context);
		return;
	}
	want(watch, look);
}

void memory_watch_end(struct memory_watch *watch)
{
	if (!watch)
		return;
	if (!watch->looking) {
		free_watch(watch);
		return;
	}
	loop_disarm(watch->loop, &watch->timer);
	loop_unwatch(watch->loop, &watch->watch);
	watch->ended = true;
}
