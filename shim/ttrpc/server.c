/* The server: whom it lets in, and who is served next. */
#include "ttrpc/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_AT_ONCE  32
#define ACCEPTS_AT_ONCE 32

static int open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int watch_listener(struct ttrpc_server *server, int operation, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = NULL };

	return epoll_ctl(server->epoll_fd, operation, server->listen_fd, &event);
}

struct ttrpc_server *ttrpc_server_new(int listen_fd, const struct ttrpc_method *methods,
                                      void *context)
{
	struct ttrpc_server *server = calloc(1, sizeof(*server));
	int flags = fcntl(listen_fd, F_GETFL), saved;

	if (!server)
		return NULL;
	server->listen_fd = listen_fd;
	server->methods = methods;
	server->context = context;
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->reserve_fd = open_reserve();
	if (flags >= 0 && fcntl(listen_fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    server->epoll_fd >= 0 && server->reserve_fd >= 0 &&
	    watch_listener(server, EPOLL_CTL_ADD, EPOLLIN) == 0)
		return server;

	saved = errno;
	server->listen_fd = -1; /* still the caller's */
	ttrpc_server_free(server);
	errno = saved;
	return NULL;
}

void ttrpc_server_free(struct ttrpc_server *server)
{
	if (!server)
		return;
	for (struct ttrpc_connection *next, *at = server->connections; at; at = next) {
		next = at->next;
		while (at->calls)
			ttrpc_call_free(at->calls);
		ttrpc_connection_end(at);
	}
	while (server->orphans)
		ttrpc_call_free(server->orphans);
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	if (server->reserve_fd >= 0)
		close(server->reserve_fd);
	free(server);
}

int ttrpc_server_fd(const struct ttrpc_server *server)
{
	return server->epoll_fd;
}

/* No fd is left: a peer that stayed in the queue would wake us without end. */
static bool turn_one_away(struct ttrpc_server *server)
{
	int fd;

	if (server->reserve_fd < 0)
		return false;
	close(server->reserve_fd);
	fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	server->reserve_fd = open_reserve();
	return fd >= 0;
}

static void pause_accepting(struct ttrpc_server *server)
{
	if (watch_listener(server, EPOLL_CTL_MOD, 0) == 0)
		server->accept_again_ms = ttrpc_now_ms() + TTRPC_ACCEPT_PAUSE_MS;
}

static void accept_again(struct ttrpc_server *server)
{
	if (server->reserve_fd < 0)
		server->reserve_fd = open_reserve();
	server->accept_again_ms = 0;
	if (watch_listener(server, EPOLL_CTL_MOD, EPOLLIN) < 0)
		server->accept_again_ms = ttrpc_now_ms() + TTRPC_ACCEPT_PAUSE_MS;
}

static void accept_peers(struct ttrpc_server *server)
{
	for (unsigned i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			if (server->connection_count < TTRPC_CONNECTIONS_MAX &&
			    ttrpc_peer_is_us(fd))
				(void)ttrpc_connection_begin(server, fd); /* else it is closed */
			else
				close(fd);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != ECONNABORTED && errno != EINTR &&
		           !((errno == EMFILE || errno == ENFILE) && turn_one_away(server))) {
			pause_accepting(server);
			return;
		}
	}
}

static int64_t earlier(int64_t one, int64_t other)
{
	return one < 0 || other < one ? other : one;
}

int64_t ttrpc_server_deadline(const struct ttrpc_server *server)
{
	int64_t deadline = server->accept_again_ms ? server->accept_again_ms : -1;

	if (server->timed)
		deadline = earlier(deadline, server->timed->deadline_ms);
	for (const struct ttrpc_connection *at = server->connections; at; at = at->next)
		if (at->reader.begun_ms)
			deadline = earlier(deadline, at->reader.begun_ms + TTRPC_HALF_FRAME_MS);
	return deadline;
}

static void meet_deadlines(struct ttrpc_server *server)
{
	int64_t deadline = ttrpc_server_deadline(server), now;

	if (deadline < 0)
		return;
	now = ttrpc_now_ms();
	if (server->accept_again_ms && server->accept_again_ms <= now)
		accept_again(server);
	ttrpc_calls_meet_deadlines(server, now);
	for (struct ttrpc_connection *next, *at = server->connections; at; at = next) {
		next = at->next;
		if (at->reader.begun_ms && at->reader.begun_ms + TTRPC_HALF_FRAME_MS <= now)
			ttrpc_connection_end(at);
	}
}

void ttrpc_server_serve(struct ttrpc_server *server)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int count = epoll_wait(server->epoll_fd, events, EVENTS_AT_ONCE, 0);

	for (int i = 0; i < count; i++) { /* each of them serves, and ends, itself alone */
		if (events[i].data.ptr)
			ttrpc_connection_serve(events[i].data.ptr, events[i].events);
		else
			accept_peers(server);
	}
	meet_deadlines(server);
}

void ttrpc_server_flush(struct ttrpc_server *server, int timeout_ms)
{
	int64_t end = ttrpc_now_ms() + timeout_ms, now;

	while ((now = ttrpc_now_ms()) <= end) {
		struct pollfd waiting[TTRPC_CONNECTIONS_MAX];
		nfds_t count = 0;

		for (struct ttrpc_connection *at = server->connections; at; at = at->next) {
			if (at->output.first)
				ttrpc_connection_flush(at);
			if (at->output.first && !at->broken)
				waiting[count++] =
					(struct pollfd){ .fd = at->fd, .events = POLLOUT };
		}
		if (!count || (poll(waiting, count, (int)(end - now)) < 0 && errno != EINTR))
			return;
	}
}

void ttrpc_server_pending(const struct ttrpc_server *server,
                          void (*visit)(void *context, const struct ttrpc_call *call),
                          void *context)
{
	for (const struct ttrpc_connection *at = server->connections; at; at = at->next)
		for (const struct ttrpc_call *call = at->calls; call; call = call->next)
			visit(context, call);
	for (const struct ttrpc_call *call = server->orphans; call; call = call->next)
		visit(context, call);
}
