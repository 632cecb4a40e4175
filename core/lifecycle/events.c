/* events: statistics at intervals, and the word that the memory ran out. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/container.h"
#include "lifecycle/stats.h"
#include "support/log.h"
#include "support/time.h"

static void put_number(void *context, const char *name, uint64_t value)
{
	stats_put(context, name, value);
}

/* A new object with all that the stages report, or NULL. */
static json_t *collect(struct container *container, struct ironbox_error *error)
{
	json_t *root = json_object();

	if (!root) {
		error_begin(error, ENOMEM, "collect statistics");
		return NULL;
	}
	container->pipeline.on_number = put_number;
	container->pipeline.context = root;
	if (pipeline_run(&container->pipeline, PHASE_STATS, error) == 0)
		return root;
	json_decref(root);
	return NULL;
}

static int open_running(struct container *container, const struct runtime *runtime, const char *id,
                        struct ironbox_error *error)
{
	if (container_open(container, runtime, id, false, error) < 0)
		return -1;
	if (state_status(container) == STATUS_STOPPED)
		return error_begin(error, 0, "container not running");
	return container_load_pipeline(container, "stats", false, error);
}

int container_stats(const struct runtime *runtime, const char *id, char **json,
                    struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	json_t *root;

	if (open_running(&container, runtime, id, error) < 0)
		return error_context(error, "events %s", id);
	root = collect(&container, error);
	if (!root)
		return error_context(error, "events %s", id);
	*json = stats_dump(root);
	json_decref(root);
	return *json ? 0 : error_begin(error, ENOMEM, "events %s", id);
}

/* The fd of the first stage that watches for the end of memory; -1: none. */
static int watch(struct container *container, struct ironbox_error *error)
{
	size_t i;

	for (i = 0; i < container->pipeline.count; i++) {
		struct stage *stage = &container->pipeline.stages[i];

		if (stage->plugin.watch)
			return stage->plugin.watch(&stage->seen, error);
	}
	return -1;
}

struct watcher {
	struct container *container;
	int (*visit)(void *context, const char *type, const char *json);
	void *context;
	json_int_t oom_kills;
};

/* NULL: nobody has counted. */
static const json_t *oom_kills_of(const json_t *stats)
{
	return json_object_get(json_object_get(stats, "memory"), "oomKills");
}

static int visit_stats(struct watcher *watcher, struct ironbox_error *error)
{
	json_t *stats = collect(watcher->container, error);
	cleanup_free char *text = stats ? stats_dump(stats) : NULL;

	json_decref(stats);
	return text ? watcher->visit(watcher->context, "stats", text) : -1;
}

/* 1; 0 with 0 *kills: nobody has counted; -1. */
static int count_oom_kills(struct container *container, json_int_t *kills,
                           struct ironbox_error *error)
{
	json_t *stats = collect(container, error);
	const json_t *found = oom_kills_of(stats);
	int result = found != NULL;

	if (!stats)
		return -1;
	*kills = json_integer_value(found);
	json_decref(stats);
	return result;
}

/* The watched fd says "maybe": only a count that grew is an event. */
static int visit_oom(struct watcher *watcher, struct ironbox_error *error)
{
	json_int_t kills;

	if (count_oom_kills(watcher->container, &kills, error) < 0)
		return -1;
	if (kills <= watcher->oom_kills)
		return 0;
	watcher->oom_kills = kills;
	return watcher->visit(watcher->context, "oom", NULL);
}

/* cgroup v1 wakes us before it kills, so a count that has not grown yet is looked at again. */
#define LOOK_AGAIN_FIRST_MS 5
#define LOOK_AGAIN_LAST_MS  640

struct again {
	int64_t at; /* 0: not to be */
	int64_t pause_ms;
};

static int look(struct watcher *watcher, struct again *again, struct ironbox_error *error)
{
	json_int_t before = watcher->oom_kills;

	if (visit_oom(watcher, error) != 0)
		return -1;
	if (watcher->oom_kills > before || again->pause_ms > LOOK_AGAIN_LAST_MS) {
		again->at = 0;
		return 0;
	}
	again->at = time_now_ms() + again->pause_ms;
	again->pause_ms *= 2;
	return 0;
}

static int serve(struct watcher *watcher, int watch_fd, unsigned interval_ms,
                 struct ironbox_error *error)
{
	int64_t next = time_now_ms() + interval_ms;
	struct again again = { 0 };

	for (;;) {
		struct pollfd polled[] = {
			{ .fd = watcher->container->pidfd, .events = POLLIN },
			{ .fd = watch_fd, .events = POLLIN },
		};
		int64_t left = (again.at && again.at < next ? again.at : next) - time_now_ms();
		char drained[4096];

		if (poll(polled, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return error_begin(error, errno, "poll");
		if (polled[1].revents & POLLIN && read(watch_fd, drained, sizeof(drained)) > 0)
			again = (struct again){ .at = time_now_ms(),
				                .pause_ms = LOOK_AGAIN_FIRST_MS };
		if (again.at && time_now_ms() >= again.at && look(watcher, &again, error) < 0)
			return error_is_told(error) ? -1 : 0;
		if (polled[0].revents) {
			/* its last event may have come with its end */
			visit_oom(watcher, error);
			error_reset(error);
			return 0;
		}
		if (time_now_ms() < next)
			continue;
		if (visit_stats(watcher, error) != 0)
			return error_is_told(error) ? -1 : 0;
		next = time_now_ms() + interval_ms;
	}
}

int container_events(const struct runtime *runtime, const char *id, unsigned interval_ms,
                     int (*visit)(void *context, const char *type, const char *json), void *context,
                     struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	struct watcher watcher = { &container, visit, context, 0 };
	cleanup_close int watch_fd = -1;

	if (open_running(&container, runtime, id, error) < 0)
		return error_context(error, "events %s", id);
	watch_fd = watch(&container, error);
	if (count_oom_kills(&container, &watcher.oom_kills, error) < 0)
		return error_context(error, "events %s", id);
	error_reset(error);
	if (serve(&watcher, watch_fd, interval_ms, error) < 0)
		return error_context(error, "events %s", id);
	return 0;
}

int container_watch_memory(const struct runtime *runtime, const char *id, int *fd,
                           uint64_t *oom_kills, struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	cleanup_close int watch_fd = -1;
	json_int_t kills = 0;

	*fd = -1;
	*oom_kills = 0;
	if (open_running(&container, runtime, id, error) < 0)
		return error_context(error, "watch the memory of %s", id);
	watch_fd = watch(&container, error);
	if (watch_fd < 0) {
		if (error_is_told(error)) /* no controller, say */
			log_write(IRONBOX_LOG_DEBUG, "%s: %s", id, error_text(error));
		error_reset(error);
		return 0;
	}
	/* the fd was first: a kill in between is counted here, and told by the fd again */
	if (fcntl(watch_fd, F_SETFL, O_NONBLOCK) < 0)
		error_begin(error, errno, "make the fd that watches it not block");
	if (error_is_told(error) || count_oom_kills(&container, &kills, error) < 0)
		return error_context(error, "watch the memory of %s", id);
	*oom_kills = (uint64_t)kills;
	*fd = steal_fd(&watch_fd);
	return 0;
}

int container_oom_kills(const struct runtime *runtime, const char *id, uint64_t *oom_kills,
                        struct ironbox_error *error)
{
	cleanup_container struct container container = CONTAINER_NONE;
	json_int_t kills = 0;
	int counted = -1;

	if (container_open(&container, runtime, id, false, error) == 0 &&
	    container_load_pipeline(&container, "stats", false, error) == 0)
		counted = count_oom_kills(&container, &kills, error);
	if (counted < 0)
		return error_context(error, "count what was killed of %s", id);
	if (counted)
		*oom_kills = (uint64_t)kills;
	return counted;
}
