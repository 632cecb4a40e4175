/* The worker itself: a fork of the shim, or of a keeper. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/log.h"
#include "worker/internal.h"

static int compare_fds(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* The command line is the shim's, whose first word is made ours: who looks for shims by it is not
 * to find workers. */
static void take_name(const char *name)
{
	char *word = program_invocation_name; /* argv[0] itself */
	size_t room = strlen(word), size = strlen(name);

	prctl(PR_SET_NAME, name);
	if (size > room)
		return;
	memcpy(word, name, size);
	memset(word + size, 0, room - size);
}

/* What it must not hold: the ends of other containers' streams, which would not end then, and
 * connections of clients, for as long as it hangs. */
int child_close_others(const int *fds, unsigned fd_count, int line)
{
	int kept[WORKER_FDS_MAX + 2], count = 0, first = 3;

	if (fd_count > WORKER_FDS_MAX)
		return -1;
	for (unsigned i = 0; i < fd_count; i++)
		kept[count++] = fds[i];
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

int child_begin(const char *name, pid_t shim, struct ironbox_error *error)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != shim) /* it was gone before that */
		_exit(EXIT_FAILURE);
	take_name(name);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return error_begin(error, errno, "unblock signals");
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

int child_send(int line, const struct outcome *outcome, const int *fds, unsigned fd_count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * (WORKER_FDS_MAX + 1))];
		struct cmsghdr header;
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)(uintptr_t)outcome, sizeof(*outcome) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd_count > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * fd_count);
	}
	return sendmsg(line, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

_Noreturn void child_end(int line, struct worker_reply *reply, struct outcome *outcome)
{
	int fds[WORKER_FDS_MAX + 1];
	unsigned count = 0;

	memcpy(outcome->numbers, reply->numbers, sizeof(outcome->numbers));
	while (count < reply->fd_count && count < WORKER_FDS_MAX) {
		fds[count] = reply->fds[count];
		count++;
	}
	if (!outcome->failed && reply->size > 0) {
		fds[count] = bytes_to_file(reply);
		outcome->has_bytes = fds[count] >= 0;
		outcome->failed = outcome->lost = !outcome->has_bytes;
		if (outcome->failed)
			error_begin(&outcome->error, errno, "hand back %zu bytes", reply->size);
		else
			count++;
	}
	if (child_send(line, outcome, fds, outcome->failed ? 0 : count) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

_Noreturn void worker_main(const struct worker_request *request, int line, struct shared *shared,
                           pid_t shim)
{
	struct worker_reply reply = { .progress = shared->progress, .made = &shared->made };
	struct outcome outcome = { .failed = false };

	error_reset(&outcome.error);
	if (child_begin("ironbox-worker", shim, &outcome.error) < 0)
		outcome.failed = true;
	else if (child_close_others(request->fds, request->fd_count, line) < 0)
		outcome.failed = error_begin(&outcome.error, errno, "close the shim's fds") < 0;
	else
		outcome.failed = request->run(request->request, &reply, &outcome.error) < 0;
	child_end(line, &reply, &outcome);
}
