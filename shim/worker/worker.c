#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/log.h"
#include "support/time.h"
#include "worker/internal.h"
#include "worker/stuck.h"

#define BYTES_MAX (4 << 20) /* as much as a ttrpc frame holds */

struct worker {
	struct workers *workers;
	struct worker *next;
	char what[96];
	pid_t pid;             /* 0: a keeper forks it, and it says itself: see pid_of */
	struct keeper *keeper; /* NULL: none */
	int64_t begun_ms;
	int deadline_ms;
	struct watch watch; /* of our end of the line */
	struct timer timer;
	struct shared *shared; /* with the worker */
	void (*done)(void *context, struct worker_reply *reply, const struct ironbox_error *error);
	void *context;
	bool answered; /* done was called: it is only waited for */
	bool spoke;    /* … with what it said itself: it has taken back, or handed over, all */
};

static void worker_free(struct worker *worker)
{
	munmap(worker->shared, sizeof(*worker->shared));
	free(worker);
}

/* 0: it is not known yet. */
static pid_t pid_of(const struct worker *worker)
{
	return worker->pid > 0 ? worker->pid : worker->shared->pid;
}

static void answer(struct worker *worker, struct worker_reply *reply,
                   const struct ironbox_error *error)
{
	struct loop *loop = worker->workers->loop;

	worker->answered = true;
	loop_disarm(loop, &worker->timer);
	loop_unwatch(loop, &worker->watch);
	replace_fd(&worker->watch.fd, -1);
	worker->done(worker->context, reply, error);
	free(reply->bytes);
	for (unsigned i = 0; i < reply->fd_count; i++)
		replace_fd(&reply->fds[i], -1);
}

static void answer_failed(struct worker *worker, const struct ironbox_error *error)
{
	answer(worker, &(struct worker_reply){ .fd_count = 0 }, error);
}

static void close_all(const int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
}

/* 1: a message, whose fds are ours; 0: the end; -1: nothing yet. */
static int take_outcome(int line, struct outcome *outcome, struct worker_reply *reply)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * (WORKER_FDS_MAX + 1))];
		struct cmsghdr header;
	} control;
	struct iovec part = { outcome, sizeof(*outcome) };
	struct msghdr message = { .msg_iov = &part,
		                  .msg_iovlen = 1,
		                  .msg_control = &control,
		                  .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(line, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int fds[WORKER_FDS_MAX + 1];
	unsigned count = 0;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	if (message.msg_controllen > 0 && control.header.cmsg_type == SCM_RIGHTS) {
		count = (unsigned)((control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(&control.header), sizeof(int) * count);
	}
	if (got != sizeof(*outcome)) {
		close_all(fds, count);
		return 0;
	}
	if (message.msg_flags & MSG_CTRUNC) { /* unix(7): we had no fds left for them */
		close_all(fds, count);
		outcome->failed = outcome->lost = true;
		error_reset(&outcome->error);
		error_begin(&outcome->error, EMFILE, "take what came of it");
		return 1;
	}
	if (outcome->has_bytes && count > 0) {
		cleanup_close int file_fd = fds[--count];

		if (lseek(file_fd, 0, SEEK_SET) == 0)
			reply->bytes = file_read(file_fd, BYTES_MAX, &reply->size);
	}
	reply->fd_count = count;
	memcpy(reply->fds, fds, sizeof(int) * count);
	memcpy(reply->numbers, outcome->numbers, sizeof(reply->numbers));
	return 1;
}

/* A worker that nobody will reap: it was never forked, or nothing is known of it. */
static void forget(struct worker *worker)
{
	struct worker **at = &worker->workers->first;

	while (*at != worker)
		at = &(*at)->next;
	*at = worker->next;
	worker->workers->count--;
	worker_free(worker);
}

/* The line has ended without a word: what of, the worker's own end tells, in workers_reaped. */
static void on_line_end(struct worker *worker)
{
	ERROR_NONE(error);

	loop_unwatch(worker->workers->loop, &worker->watch);
	if (pid_of(worker) > 0)
		return;
	error_begin(&error, 0, "%s: its keeper has ended", worker->what);
	answer(worker, &(struct worker_reply){ .never_ran = true }, &error);
	forget(worker);
}

static void on_line(struct watch *watch, uint32_t events)
{
	struct worker *worker = watch->context;
	struct worker_reply reply = { .fd_count = 0 };
	struct outcome outcome = { .lost = false };
	int result = take_outcome(watch->fd, &outcome, &reply);
	bool forked = pid_of(worker) > 0; /* else it is its keeper's word */

	(void)events;
	if (result < 0)
		return;
	if (result == 0) {
		on_line_end(worker);
		return;
	}
	if (outcome.failed) {
		error_accept(&outcome.error);
	} else if (outcome.has_bytes && !reply.bytes) {
		outcome.failed = outcome.lost = true;
		error_reset(&outcome.error);
		error_begin(&outcome.error, errno, "take what came of it");
	}
	worker->spoke = !outcome.lost;
	if (outcome.lost || !forked)
		error_context(&outcome.error, "%s", worker->what);
	if (outcome.lost)
		memset(reply.numbers, 0, sizeof(reply.numbers)); /* as of one that died */
	answer(worker, &reply, outcome.failed ? &outcome.error : NULL);
	if (!forked)
		forget(worker);
}

/* ", at rootfs: setup", or nothing. */
static void tell_progress(const struct worker *worker, char *text, size_t size)
{
	static const char before[] = ", at ";
	size_t length = strlen(before);

	memcpy(text, before, length + 1);
	progress_read(worker->shared->progress, text + length, size - length);
	if (!text[length])
		text[0] = '\0';
}

/* Of one that its keeper never came to fork there is nothing but the keeper, which hangs. */
static void end_late(struct worker *worker, const struct ironbox_error *error)
{
	pid_t pid = pid_of(worker);

	if (pid > 0)
		kill(pid, SIGKILL); /* our child, and not reaped yet: it is that one */
	else
		keeper_kill(worker->workers, worker->keeper);
	answer_failed(worker, error);
	if (pid == 0)
		forget(worker);
}

static void on_deadline(struct timer *timer)
{
	struct worker *worker = timer->context;
	char where[512] = "its keeper has not come to it", at[PROGRESS_SIZE + 64];
	ERROR_NONE(error);

	tell_progress(worker, at, sizeof(at));
	if (pid_of(worker) > 0)
		stuck_describe(pid_of(worker), where, sizeof(where));
	error_begin(&error, 0, "%s: not done after %.1f s%s; %s", worker->what,
	            worker->deadline_ms / 1000.0, at, where);
	error.code = ETIMEDOUT; /* its words are of connections */
	log_write(IRONBOX_LOG_ERROR, "%s", error_text(&error));
	end_late(worker, &error);
}

/* Memory that the worker and we share: of our own forks it is just there, a keeper's get *fd. */
static struct shared *share(int *fd)
{
	void *shared;

	if (fd) {
		*fd = memfd_create("worker", MFD_CLOEXEC);
		if (*fd < 0 || ftruncate(*fd, sizeof(struct shared)) < 0)
			return NULL;
	}
	shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
	              fd ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, fd ? *fd : -1, 0);
	return shared == MAP_FAILED ? NULL : shared;
}

/* NULL with errno. */
static struct worker *worker_new(struct workers *workers, const struct worker_request *request,
                                 int *shared_fd)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	struct shared *shared = worker ? share(request->keeper ? shared_fd : NULL) : NULL;

	if (!shared) {
		free(worker);
		return NULL;
	}
	*worker = (struct worker){
		.workers = workers,
		.keeper = request->keeper,
		.shared = shared,
		.begun_ms = time_now_ms(),
		.deadline_ms = request->deadline_ms,
		.done = request->done,
		.context = request->context,
		.watch = { .fd = -1, .ready = on_line, .context = worker },
		.timer = { .due = on_deadline, .context = worker },
	};
	snprintf(worker->what, sizeof(worker->what), "%s", request->what);
	return worker;
}

static int make(struct worker *worker, const struct worker_request *request, int line,
                int shared_fd, struct ironbox_error *error)
{
	pid_t shim = getpid();

	if (request->keeper) {
		if (keeper_ask(request->keeper, request, line, shared_fd) == 0)
			return 0;
		return error_begin(error, errno, "%s: ask its keeper", request->what);
	}
	worker->pid = fork();
	if (worker->pid == 0) {
		files_restore(&worker->workers->files);
		worker_main(request, line, worker->shared, shim);
	}
	return worker->pid < 0 ? error_begin(error, errno, "%s: fork a worker", request->what) : 0;
}

/* The loop's side first, and all that can fail of it, so that nothing has to be taken back. */
static int begin(struct worker *worker, const struct worker_request *request, int shared_fd,
                 struct ironbox_error *error)
{
	struct workers *workers = worker->workers;
	cleanup_close int line = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_begin(error, errno, "%s: make a socket pair", request->what);
	worker->watch.fd = pair[0];
	line = pair[1];
	if (loop_watch(workers->loop, &worker->watch, EPOLLIN, error) < 0)
		return error_context(error, "%s", request->what);
	if (make(worker, request, line, shared_fd, error) == 0)
		return 0;
	loop_unwatch(workers->loop, &worker->watch);
	return -1;
}

int worker_start(struct workers *workers, const struct worker_request *request,
                 struct ironbox_error *error)
{
	cleanup_close int shared_fd = -1;
	struct worker *worker = worker_new(workers, request, &shared_fd);

	if (!worker)
		return error_begin(error, errno, "%s: make room for a worker", request->what);
	if (begin(worker, request, shared_fd, error) < 0) {
		replace_fd(&worker->watch.fd, -1);
		worker_free(worker);
		return -1;
	}
	loop_arm(workers->loop, &worker->timer, worker->begun_ms + request->deadline_ms);
	worker->next = workers->first;
	workers->first = worker;
	workers->count++;
	return 0;
}

/* Nobody else knows of it. A number that is no child's of ours may be anyone's by now. */
static void end_what_it_made(const struct worker *worker)
{
	pid_t made = worker->shared->made;
	siginfo_t info;

	if (made > 0 && waitid(P_PID, (id_t)made, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		kill(made, SIGKILL);
}

static void answer_death(struct worker *worker, int status)
{
	struct worker_reply reply = { .fd_count = 0 };
	char at[PROGRESS_SIZE + 64];
	ERROR_NONE(error);

	tell_progress(worker, at, sizeof(at));
	/* its last word may have come together with its death */
	if (worker->watch.fd >= 0)
		on_line(&worker->watch, EPOLLIN);
	if (worker->answered)
		return;
	if (WIFSIGNALED(status))
		error_begin(&error, 0, "%s: its worker died of signal %d%s", worker->what,
		            WTERMSIG(status), at);
	else
		error_begin(&error, 0, "%s: its worker ended without a word", worker->what);
	answer(worker, &reply, &error);
}

bool workers_reaped(struct workers *workers, pid_t pid, int status)
{
	struct worker **at = &workers->first, *worker;

	while (*at && pid_of(*at) != pid)
		at = &(*at)->next;
	worker = *at;
	if (!worker)
		return keepers_reaped(workers, pid);
	*at = worker->next; /* `done` may start others */
	workers->count--;
	if (!worker->answered)
		answer_death(worker, status);
	if (!worker->spoke)
		end_what_it_made(worker);
	worker_free(worker);
	return true;
}

void workers_visit(const struct workers *workers,
                   void (*visit)(void *context, const char *what, const char *progress, pid_t pid,
                                 int64_t age_ms),
                   void *context)
{
	int64_t now_ms = time_now_ms();

	for (const struct worker *worker = workers->first; worker; worker = worker->next) {
		char progress[PROGRESS_SIZE];

		progress_read(worker->shared->progress, progress, sizeof(progress));
		visit(context, worker->what, progress, pid_of(worker), now_ms - worker->begun_ms);
	}
}
