/* A child that writes for us, from the loop's side. How it is made: open_logger.c, open_file.c. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "stdio/internal.h"
#include "support/process_id.h"
#include "support/time.h"

#define KILL_AFTER_MS 3000

static void on_death(struct watch *watch, uint32_t events)
{
	struct logger *logger = watch->context;
	struct stdio *stdio = logger->stdio;

	(void)events;
	if (stdio)
		stdio_logger_died(stdio, logger);
	else
		logger_free(logger);
}

static void on_kill(struct timer *timer)
{
	struct logger *logger = timer->context;

	process_signal(logger->watch.fd, SIGKILL);
	logger_free(logger);
}

struct logger *logger_begin(struct stdio *stdio, pid_t pid, uint64_t birth,
                            struct ironbox_error *error)
{
	cleanup_close int pidfd = process_open_exactly(pid, birth);
	struct logger *logger;

	if (pidfd < 0 && errno != ESRCH)
		error_begin(error, errno, "open logger %d", (int)pid);
	if (pidfd < 0)
		return NULL;
	logger = calloc(1, sizeof(*logger));
	if (!logger) {
		error_begin(error, errno, "make room for a logger");
		return NULL;
	}
	*logger = (struct logger){
		.stdio = stdio,
		.loop = stdio->loop,
		.left = stdio->left,
		.pid = pid,
		.watch = { .fd = steal_fd(&pidfd), .ready = on_death, .context = logger },
		.timer = { .due = on_kill, .context = logger },
	};
	if (loop_watch(logger->loop, &logger->watch, EPOLLIN, error) < 0) {
		logger_free(logger);
		return NULL;
	}
	return logger;
}

void logger_terminate(struct logger *logger)
{
	process_signal(logger->watch.fd, SIGTERM); /* ESRCH: it is dead, on_death comes */
}

void logger_leave(struct logger *logger)
{
	if (!logger->stdio)
		return;
	logger->stdio = NULL;
	logger->next = logger->left->first;
	logger->left->first = logger;
	logger_terminate(logger);
	loop_arm(logger->loop, &logger->timer, time_now_ms() + KILL_AFTER_MS);
}

static void tell_gone(struct stdio_left *left)
{
	void (*gone)(void *context) = left->gone;

	if (!gone || left->first)
		return;
	left->gone = NULL;
	gone(left->context);
}

static void unlink_left(struct logger *logger)
{
	struct logger **at = &logger->left->first;

	while (*at && *at != logger)
		at = &(*at)->next;
	if (*at)
		*at = logger->next;
}

void logger_free(struct logger *logger)
{
	struct stdio_left *left = logger->left;

	unlink_left(logger);
	loop_disarm(logger->loop, &logger->timer);
	loop_unwatch(logger->loop, &logger->watch);
	replace_fd(&logger->watch.fd, -1);
	free(logger);
	tell_gone(left);
}

void stdio_await_left(struct stdio_left *left, void (*gone)(void *context), void *context)
{
	left->gone = gone;
	left->context = context;
	tell_gone(left);
}
