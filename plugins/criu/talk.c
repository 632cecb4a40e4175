/* talk.c: messages to criu and back, one packet each. criu is root's and ours, but it has read
 * images that need not be: its answers are looked at as anybody's. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define MESSAGE_MAX (256 * 1024)

static int send_message(const struct ironbox_stage *stage, const struct criu_process *process,
                        const Criu__Request *request, struct ironbox_error *error)
{
	size_t size = criu__request__get_packed_size(request);
	cleanup_free uint8_t *bytes = malloc(size ? size : 1);

	if (!bytes)
		return stage->host->fail(error, ENOMEM, "make a message for criu");
	criu__request__pack(request, bytes);
	if (send(process->socket_fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		return stage->host->fail(error, errno, "send to criu");
	return 0;
}

/* What it wrote before it had a log, in one line. */
static void read_output(const struct criu_process *process, char *text, size_t size)
{
	ssize_t got = pread(process->output_fd, text, size - 1, 0);
	size_t i, length = got < 0 ? 0 : (size_t)got;

	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	for (i = 0; i < length; i++)
		if ((unsigned char)text[i] < ' ')
			text[i] = ' ';
}

static int explain_death(const struct ironbox_stage *stage, const struct criu_process *process,
                         struct ironbox_error *error)
{
	char output[512];

	read_output(process, output, sizeof(output));
	return stage->host->fail(error, 0, "criu ended without an answer%s%s",
	                         output[0] ? ": " : "", output);
}

/* 1: there is something to read; -1: its time is up, or it is dead. */
static int await(const struct ironbox_stage *stage, const struct criu_process *process,
                 struct ironbox_error *error)
{
	const struct criu *criu = stage->data;
	struct pollfd polled[] = {
		{ .fd = process->socket_fd, .events = POLLIN },
		{ .fd = process->pidfd, .events = POLLIN },
	};
	struct timespec now;
	int64_t end_ms = 0, left_ms = -1;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (criu->timeout)
		end_ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000 + criu->timeout * 1000LL;
	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (end_ms)
			left_ms = end_ms - (now.tv_sec * 1000LL + now.tv_nsec / 1000000);
		if (end_ms && left_ms <= 0)
			return stage->host->fail(error, 0,
			                         "criu has said nothing for %u s ([criu] timeout)",
			                         criu->timeout);
		if (poll(polled, 2, end_ms ? (int)(left_ms < 60000 ? left_ms : 60000) : -1) < 0 &&
		    errno != EINTR)
			return stage->host->fail(error, errno, "wait for criu");
		if (polled[0].revents & POLLIN)
			return 1;
		if (polled[0].revents || polled[1].revents)
			return explain_death(stage, process, error);
	}
}

static int take_fd(struct msghdr *message)
{
	struct cmsghdr *control;
	int fd = -1;

	for (control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control))
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
		    control->cmsg_len == CMSG_LEN(sizeof(fd)))
			memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	return fd;
}

/* The next answer, the caller's to free. *fd: what came with it, or -1. */
static Criu__Response *receive(const struct ironbox_stage *stage,
                               const struct criu_process *process, int *fd,
                               struct ironbox_error *error)
{
	cleanup_free uint8_t *bytes = malloc(MESSAGE_MAX);
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { .iov_base = bytes, .iov_len = MESSAGE_MAX };
	struct msghdr message = { .msg_iov = &part,
		                  .msg_iovlen = 1,
		                  .msg_control = control,
		                  .msg_controllen = sizeof(control) };
	Criu__Response *response;
	ssize_t size;

	*fd = -1;
	if (!bytes) {
		stage->host->fail(error, ENOMEM, "make room for criu's answer");
		return NULL;
	}
	if (await(stage, process, error) < 0)
		return NULL;
	size = recvmsg(process->socket_fd, &message, MSG_CMSG_CLOEXEC);
	if (size == 0) {
		explain_death(stage, process, error);
		return NULL;
	}
	if (size < 0) {
		stage->host->fail(error, errno, "receive criu's answer");
		return NULL;
	}
	*fd = take_fd(&message);
	response = message.msg_flags & MSG_TRUNC
	                   ? NULL
	                   : criu__response__unpack(NULL, (size_t)size, bytes);
	if (!response) {
		replace_fd(fd, -1);
		stage->host->fail(error, 0, "criu's answer is no message of its protocol");
	}
	return response;
}

int talk_version(struct ironbox_stage *stage, const struct criu_process *process,
                 struct ironbox_error *error)
{
	const struct criu *criu = stage->data;
	Criu__Request request = CRIU__REQUEST__INIT;
	Criu__Response *response;
	int fd, number = 0;

	request.type = CRIU__REQUEST_TYPE__VERSION;
	request.has_keep_open = request.keep_open = true;
	if (send_message(stage, process, &request, error) < 0)
		return -1;
	response = receive(stage, process, &fd, error);
	if (!response)
		return stage->host->context(error, "%s", criu->path);
	ironbox_close_at_end(&fd);
	if (response->type == CRIU__REQUEST_TYPE__VERSION && response->success && response->version)
		number = response->version->major_number * 10000 +
		         response->version->minor_number * 100 +
		         (response->version->has_sublevel ? response->version->sublevel : 0);
	criu__response__free_unpacked(response, NULL);
	if (number >= CRIU_OLDEST)
		return 0;
	if (number <= 0)
		return stage->host->fail(error, 0, "%s does not tell its version", criu->path);
	return stage->host->fail(error, 0, "%s is version %d.%d, and %d.%d is needed", criu->path,
	                         number / 10000, number / 100 % 100, CRIU_OLDEST / 10000,
	                         CRIU_OLDEST / 100 % 100);
}

static int acknowledge(const struct ironbox_stage *stage, const struct criu_process *process,
                       struct ironbox_error *error)
{
	Criu__Request request = CRIU__REQUEST__INIT;

	request.type = CRIU__REQUEST_TYPE__NOTIFY;
	request.has_notify_success = request.notify_success = true;
	return send_message(stage, process, &request, error);
}

static int hear(struct ironbox_stage *stage, const struct criu_process *process,
                const Criu__Notification *notification, int fd, const struct listener *listener,
                struct ironbox_error *error)
{
	const char *script = notification && notification->script ? notification->script : "";
	pid_t pid = notification && notification->has_pid ? notification->pid : 0;

	stage->host->log(stage, IRONBOX_LOG_DEBUG, "criu: %s", script);
	if (!listener)
		ironbox_close_at_end(&fd);
	else if (listener->notified(stage, script, pid, fd, error) < 0)
		return -1; /* no answer: criu would go on, "must not fail" (criu(8), pre-resume) */
	return acknowledge(stage, process, error);
}

/* criu's own words: what it kept for us, or what its log tells. */
static int refused(const struct ironbox_stage *stage, const Criu__Response *response,
                   const struct images *images, struct ironbox_error *error)
{
	char line[400], words[400] = "";

	images_last_error(images, line, sizeof(line));
	if (response->error_message)
		snprintf(words, sizeof(words), "%s", response->error_message);
	words[strcspn(words, "\n")] = '\0';
	if (!words[0] && !line[0] && response->has_error_number)
		snprintf(words, sizeof(words), "%s", strerror(abs(response->error_number)));
	return stage->host->fail(error, 0, "criu: %s (its log is %s/%s)",
	                         words[0]  ? words
	                         : line[0] ? line
	                                   : "it says no, and not why",
	                         images->work_path, images->log);
}

/* 1: it goes on; 0: done; -1. */
static int take_answer(struct ironbox_stage *stage, const struct criu_process *process,
                       Criu__RequestType type, const struct images *images,
                       const struct listener *listener, struct ironbox_error *error)
{
	int fd, result;
	Criu__Response *response = receive(stage, process, &fd, error);

	if (!response)
		return -1;
	if (response->type == CRIU__REQUEST_TYPE__NOTIFY && response->success) {
		result = hear(stage, process, response->notify, fd, listener, error) < 0 ? -1 : 1;
		fd = -1; /* hear's */
	} else if (!response->success) {
		result = refused(stage, response, images, error);
	} else if (response->type != type) {
		result = stage->host->fail(error, 0, "criu answers what it was not asked (type %d)",
		                           (int)response->type);
	} else {
		result = 0;
	}
	ironbox_close_at_end(&fd);
	criu__response__free_unpacked(response, NULL);
	return result;
}

int talk_request(struct ironbox_stage *stage, struct criu_process *process, Criu__RequestType type,
                 struct request *request, const struct images *images,
                 const struct listener *listener, struct ironbox_error *error)
{
	Criu__Request message = CRIU__REQUEST__INIT;
	int result = 1;

	message.type = type;
	message.opts = &request->options;
	if (send_message(stage, process, &message, error) < 0)
		return -1;
	while (result > 0)
		result = take_answer(stage, process, type, images, listener, error);
	/* a pre-dump waits for the dump, and ends when we hang up */
	process->done = result == 0;
	return result;
}
