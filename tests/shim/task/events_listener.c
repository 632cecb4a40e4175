/*
 * events-listener SOCKET: takes the place of containerd for a shim's events. Each is a line:
 * "TOPIC field=value …".
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"
#include "messages/events.pb-c.h"
#include "messages/forward.pb-c.h"
#include "ttrpc/ttrpc.h"

static const ProtobufCMessageDescriptor *const events[] = {
	&containerd__events__task_create__descriptor,
	&containerd__events__task_start__descriptor,
	&containerd__events__task_exit__descriptor,
	&containerd__events__task_delete__descriptor,
	&containerd__events__task_oom__descriptor,
	&containerd__events__task_exec_added__descriptor,
	&containerd__events__task_exec_started__descriptor,
	&containerd__events__task_paused__descriptor,
	&containerd__events__task_resumed__descriptor,
	&containerd__events__task_checkpointed__descriptor,
};

static void print_event(const Google__Protobuf__Any *any)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i]->name, any->type_url) == 0) {
			ProtobufCMessage *event = protobuf_c_message_unpack(
				events[i], NULL, any->value.len, any->value.data);

			if (event)
				message_print(event, stdout, ' ');
			protobuf_c_message_free_unpacked(event, NULL);
		}
}

static void on_forward(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Services__Events__Ttrpc__V1__ForwardRequest *request = given;
	Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;

	(void)context;
	printf("%s ", request->envelope->topic);
	print_event(request->envelope->event);
	puts("");
	ttrpc_reply(call, &empty.base);
}

static const struct ttrpc_method methods[] = {
	{ .service = "containerd.services.events.ttrpc.v1.Events",
	  .method = "Forward",
	  .request = &containerd__services__events__ttrpc__v1__forward_request__descriptor,
	  .handle = on_forward },
	{ .service = NULL },
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 16) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct ttrpc_server *server;

	if (argc != 2)
		return EXIT_FAILURE;
	setvbuf(stdout, NULL, _IOLBF, 0);
	server = ttrpc_server_new(listen_at(argv[1]), methods, NULL);
	while (server) {
		struct pollfd poller = { .fd = ttrpc_server_fd(server), .events = POLLIN };

		poll(&poller, 1, 1000);
		ttrpc_server_serve(server);
	}
	return EXIT_FAILURE;
}
