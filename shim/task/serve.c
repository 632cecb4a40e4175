#include "task/serve.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/log.h"
#include "task/inspect.h"
#include "task/methods.h"
#include "task/reap.h"
#include "task/shutdown.h"

#define FLUSH_ANSWERS_MS 500

/* ---- what wakes us ---- */

static void serve_again(struct shim *shim)
{
	int64_t deadline = ttrpc_server_deadline(shim->server);

	if (deadline < 0)
		loop_disarm(&shim->loop, &shim->server_timer);
	else
		loop_arm(&shim->loop, &shim->server_timer, deadline);
}

static void on_request(struct watch *watch, uint32_t events)
{
	struct shim *shim = watch->context;

	(void)events;
	ttrpc_server_serve(shim->server);
	publisher_hurry(shim->publisher); /* who calls us is containerd */
	serve_again(shim);
}

static void on_server_deadline(struct timer *timer)
{
	struct shim *shim = timer->context;

	ttrpc_server_serve(shim->server);
	serve_again(shim);
}

static void on_signal(struct watch *watch, uint32_t events)
{
	struct shim *shim = watch->context;
	struct signalfd_siginfo info;

	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == sizeof(info))
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap_children(shim);
			break;
		case SIGUSR1:
			inspect(shim);
			break;
		default: /* SIGTERM, SIGINT: the containers live on, as with a shim that was killed
		          */
			log_write(IRONBOX_LOG_INFO, "ends by signal %u", info.ssi_signo);
			shutdown_begin(shim);
		}
}

/* ---- begin and end ---- */

static int open_signals(struct shim *shim, struct ironbox_error *error)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGCHLD, SIG_DFL) == SIG_ERR) /* ignored, it would leave nothing to wait for */
		return error_begin(error, errno, "block signals");
	shim->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (shim->signal_fd < 0)
		return error_begin(error, errno, "make a signalfd");
	shim->signal_watch = (struct watch){
		.fd = shim->signal_fd,
		.ready = on_signal,
		.context = shim,
	};
	return loop_watch(&shim->loop, &shim->signal_watch, EPOLLIN, error);
}

static int open_server(struct shim *shim, int listen_fd, struct ironbox_error *error)
{
	shim->server = ttrpc_server_new(listen_fd, task_service, shim);
	if (!shim->server)
		return error_begin(error, errno, "serve the socket");
	shim->server_timer = (struct timer){ .due = on_server_deadline, .context = shim };
	shim->server_watch = (struct watch){
		.fd = ttrpc_server_fd(shim->server),
		.ready = on_request,
		.context = shim,
	};
	return loop_watch(&shim->loop, &shim->server_watch, EPOLLIN, error);
}

static int begin(struct shim *shim, const struct serve_settings *settings,
                 struct ironbox_error *error)
{
	shim->namespace = strdup(settings->namespace);
	shim->socket_path = strdup(settings->socket_path);
	shim->sandbox.group = strdup(settings->id);
	if (!shim->namespace || !shim->socket_path || !shim->sandbox.group)
		return error_begin(error, ENOMEM, "begin");
	/* what workers make is ours once they have ended */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_begin(error, errno, "become the reaper of orphans");
	if (loop_open(&shim->loop, error) < 0)
		return -1;
	shim->workers.loop = &shim->loop;
	files_raise(&shim->workers.files);
	shim->publisher =
		publisher_new(&shim->loop, settings->ttrpc_address, settings->namespace, error);
	if (!shim->publisher || open_signals(shim, error) < 0)
		return -1;
	return open_server(shim, settings->listen_fd, error);
}

static void shim_close(struct shim *shim)
{
	while (shim->sandbox.tasks) {
		struct task *task = shim->sandbox.tasks;

		task->jobs = 0; /* no worker will be heard any more */
		task_remove(task);
	}
	ttrpc_server_free(shim->server);
	if (shim->publisher)
		publisher_free(shim->publisher);
	loop_unwatch(&shim->loop, &shim->signal_watch);
	replace_fd(&shim->signal_fd, -1);
	loop_close(&shim->loop);
	free(shim->namespace);
	free(shim->socket_path);
	free(shim->sandbox.group);
	free(shim);
}

int shim_serve(const struct serve_settings *settings, struct ironbox_error *error)
{
	struct shim *shim = calloc(1, sizeof(*shim));
	int result;

	if (!shim)
		return error_begin(error, ENOMEM, "serve %s", settings->id);
	shim->version = STATE_VERSION;
	shim->loop = LOOP_NONE;
	shim->signal_fd = -1;
	shim->server_watch.fd = -1;
	shim->signal_watch.fd = -1;
	process_log.debug = settings->debug;
	/* give back what is freed: a shim idles for months */
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 64 << 10);
	mallopt(M_TOP_PAD, 16 << 10);

	result = begin(shim, settings, error);
	malloc_trim(0);
	if (result == 0)
		result = loop_run(&shim->loop, error);
	if (result == 0)
		ttrpc_server_flush(shim->server, FLUSH_ANSWERS_MS);
	shutdown_leave_socket(shim);
	shim_close(shim);
	return result < 0 ? error_context(error, "serve %s", settings->id) : 0;
}
