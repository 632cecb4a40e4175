#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/lifecycle.h"
#include "support/file.h"
#include "support/log.h"
#include "support/time.h"
#include "worker/stuck.h"

#define BYTES_MAX (4 << 20) /* as much as a ttrpc frame holds */

/* What the loop can still read when the worker is dead. */
struct shared {
	char progress[PROGRESS_SIZE];
	pid_t made;
};

struct worker {
	struct workers *workers;
	struct worker *next;
	char what[96];
	pid_t pid;
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

/* What crosses the line, beside the fds. */
struct outcome {
	bool failed;
	bool has_bytes; /* the last fd is a file of them */
	struct ironbox_error error;
	int64_t numbers[4];
};

/* ---- in the worker ---- */

static int compare_fds(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* What it must not hold: the ends of other containers' streams, which would not end then, and
 * connections of clients, for as long as it hangs. */
static int close_others(const struct worker_request *request, int line)
{
	int kept[WORKER_FDS_MAX + 2], count = 0, first = 3;

	if (request->fd_count > WORKER_FDS_MAX)
		return -1;
	for (unsigned i = 0; i < request->fd_count; i++)
		kept[count++] = request->fds[i];
	kept[count++] = line;
	if (process_log.fd >= 0)
		kept[count++] = process_log.fd;
	qsort(kept, (size_t)count, sizeof(kept[0]), compare_fds);
	for (int i = 0; i < count; i++) {
		if (kept[i] > first && close_range((unsigned)first, (unsigned)kept[i] - 1, 0) < 0)
			return -1;
		if (kept[i] >= first)
			first = kept[i] + 1;
	}
	return close_range((unsigned)first, ~0U, 0);
}

static int become_worker(const struct worker_request *request, int line, pid_t shim,
                         struct ironbox_error *error)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != shim) /* it was gone before that */
		_exit(EXIT_FAILURE);
	prctl(PR_SET_NAME, "ironbox-worker");
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return error_begin(error, errno, "unblock signals");
	if (close_others(request, line) < 0)
		return error_begin(error, errno, "close the shim's fds");
	return 0;
}

/* The bytes as a file in memory, which the loop can read without waiting for us. */
static int bytes_to_file(const struct worker_reply *reply)
{
	cleanup_close int fd = memfd_create("reply", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, reply->bytes, reply->size) < 0)
		return -1;
	return steal_fd(&fd);
}

static void send_outcome(int line, struct outcome *outcome, const int *fds, unsigned fd_count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * (WORKER_FDS_MAX + 1))];
		struct cmsghdr header;
	} control = { .bytes = { 0 } };
	struct iovec part = { outcome, sizeof(*outcome) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd_count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * fd_count);
	}
	/* an error: then nobody is there to hear it */
	if (sendmsg(line, &message, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

static _Noreturn void worker_main(const struct worker_request *request, int line,
                                  struct shared *shared, pid_t shim)
{
	struct worker_reply reply = { .progress = shared->progress, .made = &shared->made };
	struct outcome outcome = { .failed = false };
	int fds[WORKER_FDS_MAX + 1];
	unsigned count = 0;

	error_reset(&outcome.error);
	if (become_worker(request, line, shim, &outcome.error) < 0 ||
	    request->run(request->request, &reply, &outcome.error) < 0)
		outcome.failed = true;
	memcpy(outcome.numbers, reply.numbers, sizeof(outcome.numbers));
	while (count < reply.fd_count && count < WORKER_FDS_MAX) {
		fds[count] = reply.fds[count];
		count++;
	}
	if (!outcome.failed && reply.size > 0) {
		fds[count] = bytes_to_file(&reply);
		outcome.has_bytes = fds[count] >= 0;
		outcome.failed = !outcome.has_bytes;
		if (outcome.failed)
			error_begin(&outcome.error, errno, "hand back %zu bytes", reply.size);
		else
			count++;
	}
	send_outcome(line, &outcome, fds, outcome.failed ? 0 : count);
	_exit(EXIT_SUCCESS);
}

/* ---- in the loop ---- */

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
		while (count > 0)
			close(fds[--count]);
		return 0;
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

static void on_line(struct watch *watch, uint32_t events)
{
	struct worker *worker = watch->context;
	struct worker_reply reply = { .fd_count = 0 };
	struct outcome outcome;
	int result = take_outcome(watch->fd, &outcome, &reply);

	(void)events;
	if (result < 0)
		return;
	if (result == 0) {
		/* it died without a word: what of, its end in workers_reaped tells */
		loop_unwatch(worker->workers->loop, watch);
		return;
	}
	worker->spoke = true;
	if (!outcome.failed && outcome.has_bytes && !reply.bytes) {
		outcome.failed = true;
		error_begin(&outcome.error, errno, "%s: take its answer", worker->what);
	} else if (outcome.failed) {
		error_accept(&outcome.error);
	}
	answer(worker, &reply, outcome.failed ? &outcome.error : NULL);
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

static void on_deadline(struct timer *timer)
{
	struct worker *worker = timer->context;
	char where[512], at[PROGRESS_SIZE + 64];
	ERROR_NONE(error);

	tell_progress(worker, at, sizeof(at));
	stuck_describe(worker->pid, where, sizeof(where));
	error_begin(&error, ETIMEDOUT, "%s: not done after %.1f s%s; %s", worker->what,
	            worker->deadline_ms / 1000.0, at, where);
	log_write(IRONBOX_LOG_ERROR, "%s", error_text(&error));
	kill(worker->pid, SIGKILL); /* our child, and not reaped yet: it is that one */
	answer_failed(worker, &error);
}

static void worker_free(struct worker *worker)
{
	munmap(worker->shared, sizeof(*worker->shared));
	free(worker);
}

/* NULL with errno. */
static struct worker *worker_new(struct workers *workers, const struct worker_request *request)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->shared = mmap(NULL, sizeof(*worker->shared), PROT_READ | PROT_WRITE,
	                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (worker->shared == MAP_FAILED) {
		free(worker);
		return NULL;
	}
	*worker = (struct worker){
		.workers = workers,
		.shared = worker->shared,
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

/* The loop's side first, and all that can fail of it, so that nothing has to be taken back. */
static int begin(struct worker *worker, const struct worker_request *request,
                 struct ironbox_error *error)
{
	struct workers *workers = worker->workers;
	cleanup_close int line = -1;
	int pair[2];
	pid_t shim = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_begin(error, errno, "%s: make a socket pair", request->what);
	worker->watch.fd = pair[0];
	line = pair[1];
	if (loop_watch(workers->loop, &worker->watch, EPOLLIN, error) < 0)
		return error_context(error, "%s", request->what);
	worker->pid = fork();
	if (worker->pid == 0)
		worker_main(request, line, worker->shared, shim);
	if (worker->pid < 0) {
		loop_unwatch(workers->loop, &worker->watch);
		return error_begin(error, errno, "%s: fork a worker", request->what);
	}
	return 0;
}

int worker_start(struct workers *workers, const struct worker_request *request,
                 struct ironbox_error *error)
{
	struct worker *worker = worker_new(workers, request);

	if (!worker)
		return error_begin(error, errno, "%s: make room for a worker", request->what);
	if (begin(worker, request, error) < 0) {
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

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	worker = *at;
	if (!worker)
		return false;
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
		visit(context, worker->what, progress, worker->pid, now_ms - worker->begun_ms);
	}
}
