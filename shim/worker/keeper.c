/* A process that is kept, so that what it has opened need not be opened again. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/log.h"
#include "worker/internal.h"

struct keeper {
	struct workers *workers;
	struct keeper *next;
	pid_t pid; /* 0: it was reaped */
	int fd;    /* our end of the line to it; -1: nobody wants it any more */
};

/* What is asked of it, in front of the bytes. Both sides are forks of one program: an address of
 * code is the same in both. */
struct order {
	kept_function *run;
	size_t size;
};

enum { LINE_FD, SHARED_FD, ORDER_FDS };

union order_control {
	char bytes[CMSG_SPACE(sizeof(int) * ORDER_FDS)];
	struct cmsghdr header;
};

/* ---- in the keeper ---- */

struct kept {
	int fd;
	pid_t shim;
	void *place;
	struct ironbox_error error; /* why there is no place */
};

static _Noreturn void kept_worker(const struct kept *kept, const struct order *order,
                                  const void *bytes, const int fds[ORDER_FDS])
{
	struct worker_reply reply = { .progress = NULL };
	struct outcome outcome = { .failed = true };
	struct shared *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fds[SHARED_FD], 0);
	char none;

	error_reset(&outcome.error);
	if (shared == MAP_FAILED)
		_exit(EXIT_FAILURE);
	shared->pid = getpid(); /* by which we are known from here on */
	if (recv(fds[LINE_FD], &none, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
		_exit(EXIT_FAILURE); /* too late: nobody waits */
	close(fds[SHARED_FD]);
	close(kept->fd);
	reply.progress = shared->progress;
	reply.made = &shared->made;
	if (child_begin("ironbox-worker", kept->shim, &outcome.error) == 0)
		outcome.failed = order->run(kept->place, &kept->error, bytes, order->size, &reply,
		                            &outcome.error) < 0;
	child_end(fds[LINE_FD], &reply, &outcome);
}

/* The next order: 0, or -1 when there are no more. */
static int take_order(int from, struct order *order, void *bytes, int fds[ORDER_FDS])
{
	union order_control control;
	struct iovec parts[] = { { order, sizeof(*order) }, { bytes, KEPT_BYTES_MAX } };
	struct msghdr message = { .msg_iov = parts,
		                  .msg_iovlen = 2,
		                  .msg_control = &control,
		                  .msg_controllen = sizeof(control) };
	ssize_t got;

	do
		got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < (ssize_t)sizeof(*order) || order->size != (size_t)got - sizeof(*order) ||
	    message.msg_controllen != CMSG_SPACE(sizeof(int) * ORDER_FDS))
		return -1;
	memcpy(fds, CMSG_DATA(&control.header), sizeof(int) * ORDER_FDS);
	return 0;
}

/* In the place of the worker that there is not, whose line would end without a word. */
static void tell_not_forked(int line, int code)
{
	struct outcome outcome = { .failed = true };

	error_reset(&outcome.error);
	error_begin(&outcome.error, code, "fork a worker");
	(void)child_send(line, &outcome, NULL, 0);
}

static void fork_worker(const struct kept *kept, const struct order *order, const void *bytes,
                        const int fds[ORDER_FDS])
{
	/* a child of the shim's, as all its workers are; its end is told by our own exit signal,
	 * SIGCHLD: clone(2) */
	long pid = syscall(SYS_clone, CLONE_PARENT, NULL, NULL, NULL, NULL);

	if (pid == 0)
		kept_worker(kept, order, bytes, fds);
	if (pid < 0)
		tell_not_forked(fds[LINE_FD], errno);
	close(fds[LINE_FD]);
	close(fds[SHARED_FD]);
}

static _Noreturn void keeper_main(const struct keeper_request *request, struct kept *kept)
{
	char *bytes = malloc(KEPT_BYTES_MAX);
	struct order order;
	int fds[ORDER_FDS];

	error_reset(&kept->error);
	if (!bytes || child_begin("ironbox-keeper", kept->shim, &kept->error) < 0 ||
	    child_close_others(NULL, 0, kept->fd) < 0)
		_exit(EXIT_FAILURE);
	kept->place = request->open(request->request, &kept->error);
	while (take_order(kept->fd, &order, bytes, fds) == 0)
		fork_worker(kept, &order, bytes, fds);
	_exit(EXIT_SUCCESS);
}

/* ---- in the loop ---- */

struct keeper *keeper_start(struct workers *workers, const struct keeper_request *request,
                            struct ironbox_error *error)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	struct kept kept = { .shim = getpid() };
	int pair[2];

	if (!keeper || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		error_begin(error, errno, "%s: make a line to it", request->what);
		free(keeper);
		return NULL;
	}
	keeper->workers = workers;
	keeper->fd = pair[0];
	kept.fd = pair[1];
	keeper->pid = fork();
	if (keeper->pid == 0) {
		files_restore(&workers->files);
		keeper_main(request, &kept);
	}
	close(pair[1]);
	if (keeper->pid < 0) {
		error_begin(error, errno, "%s: fork", request->what);
		close(pair[0]);
		free(keeper);
		return NULL;
	}
	keeper->next = workers->keepers;
	workers->keepers = keeper;
	return keeper;
}

int keeper_ask(const struct keeper *keeper, const struct worker_request *request, int line,
               int shared_fd)
{
	struct order order = { request->kept_run, request->size };
	union order_control control = { .bytes = { 0 } };
	struct iovec parts[] = { { &order, sizeof(order) },
		                 { (void *)(uintptr_t)request->bytes, request->size } };
	struct msghdr message = { .msg_iov = parts,
		                  .msg_iovlen = 2,
		                  .msg_control = &control,
		                  .msg_controllen = sizeof(control) };
	const int fds[ORDER_FDS] = { [LINE_FD] = line, [SHARED_FD] = shared_fd };

	if (request->size > KEPT_BYTES_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	return sendmsg(keeper->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -1 : 0;
}

void keeper_kill(const struct workers *workers, const struct keeper *keeper)
{
	for (const struct keeper *at = workers->keepers; at; at = at->next)
		if (at == keeper && at->pid > 0)
			kill(at->pid, SIGKILL); /* our child, and not reaped yet */
}

static void keeper_free(struct keeper *keeper)
{
	struct keeper **at = &keeper->workers->keepers;

	while (*at != keeper)
		at = &(*at)->next;
	*at = keeper->next;
	free(keeper);
}

bool keeper_lives(const struct keeper *keeper)
{
	return keeper->pid > 0;
}

void keeper_end(struct keeper *keeper)
{
	if (!keeper)
		return;
	replace_fd(&keeper->fd, -1);
	if (keeper->pid == 0)
		keeper_free(keeper);
}

bool keepers_reaped(struct workers *workers, pid_t pid)
{
	struct keeper *keeper = workers->keepers;

	while (keeper && keeper->pid != pid)
		keeper = keeper->next;
	if (!keeper)
		return false;
	keeper->pid = 0;
	if (keeper->fd < 0)
		keeper_free(keeper);
	return true;
}
