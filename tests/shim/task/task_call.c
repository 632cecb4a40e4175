/*
 * task-call [-3] [-t MS] SOCKET METHOD [FIELD=VALUE...]: one call of a shim's task service, by its
 * v2 name or (-3) its v3 name. Prints the answer's fields, one a line; of what was refused
 * "CODE: WORDS", with status 1.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "messages/task.pb-c.h"
#include "ttrpc/ttrpc.h"

#define PATIENCE_MS 30000

static const struct method {
	const char *name;
	const ProtobufCMessageDescriptor *request, *response;
} methods[] = {
#define METHOD(name, request, response)                                                       \
	{                                                                                     \
		name, &containerd__task__v2__##request##__descriptor, &response##__descriptor \
	}
	METHOD("State", state_request, containerd__task__v2__state_response),
	METHOD("Create", create_task_request, containerd__task__v2__create_task_response),
	METHOD("Start", start_request, containerd__task__v2__start_response),
	METHOD("Delete", delete_request, containerd__task__v2__delete_response),
	METHOD("Pids", pids_request, containerd__task__v2__pids_response),
	METHOD("Pause", pause_request, google__protobuf__empty),
	METHOD("Resume", resume_request, google__protobuf__empty),
	METHOD("Checkpoint", checkpoint_task_request, google__protobuf__empty),
	METHOD("Kill", kill_request, google__protobuf__empty),
	METHOD("Exec", exec_process_request, google__protobuf__empty),
	METHOD("ResizePty", resize_pty_request, google__protobuf__empty),
	METHOD("CloseIO", close_iorequest, google__protobuf__empty),
	METHOD("Update", update_task_request, google__protobuf__empty),
	METHOD("Wait", wait_request, containerd__task__v2__wait_response),
	METHOD("Stats", stats_request, containerd__task__v2__stats_response),
	METHOD("Connect", connect_request, containerd__task__v2__connect_response),
	METHOD("Shutdown", shutdown_request, google__protobuf__empty),
	METHOD("Sing", state_request, google__protobuf__empty), /* which nobody has */
#undef METHOD
};

struct answer {
	const struct method *method;
	int status; /* -1: none yet */
};

static void on_answer(void *context, enum ttrpc_code code, const char *text, const uint8_t *payload,
                      size_t size)
{
	struct answer *answer = context;
	ProtobufCMessage *message;

	answer->status = EXIT_FAILURE;
	if (code != TTRPC_OK) {
		printf("%d: %s\n", (int)code, text);
		return;
	}
	message = protobuf_c_message_unpack(answer->method->response, NULL, size, payload);
	if (!message) {
		puts("the answer can't be read");
		return;
	}
	message_print(message, stdout, '\n');
	protobuf_c_message_free_unpacked(message, NULL);
	answer->status = EXIT_SUCCESS;
}

static const struct method *find_method(const char *name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	fprintf(stderr, "task-call: no method %s\n", name);
	exit(EXIT_FAILURE);
}

static int call(const char *path, const char *service, const struct method *method, char **words,
                int timeout_ms)
{
	struct ttrpc_client *client = ttrpc_client_new(path);
	struct answer answer = { method, -1 };
	ProtobufCMessage *request = calloc(1, method->request->sizeof_message);
	uint8_t *packed;
	size_t size;

	protobuf_c_message_init(method->request, request);
	for (; *words; words++)
		if (message_set(request, *words) < 0) {
			fprintf(stderr, "task-call: %s\n", *words);
			return EXIT_FAILURE;
		}
	size = protobuf_c_message_get_packed_size(request);
	packed = malloc(size + 1);
	protobuf_c_message_pack(request, packed);
	if (!client || ttrpc_client_call(client, service, method->name, packed, size, timeout_ms,
	                                 on_answer, &answer) < 0) {
		perror(path);
		return EXIT_FAILURE;
	}
	while (answer.status < 0) {
		struct pollfd poller = { .fd = ttrpc_client_fd(client), .events = POLLIN };

		poll(&poller, 1, 100);
		ttrpc_client_serve(client);
	}
	return answer.status;
}

int main(int argc, char **argv)
{
	const char *service = "containerd.task.v2.Task";
	int option, timeout_ms = PATIENCE_MS;

	while ((option = getopt(argc, argv, "+3t:")) > 0)
		if (option == '3')
			service = "containerd.task.v3.Task";
		else
			timeout_ms = (int)strtol(optarg, NULL, 10);
	if (argc < optind + 2)
		return EXIT_FAILURE;
	return call(argv[optind], service, find_method(argv[optind + 1]), argv + optind + 2,
	            timeout_ms);
}
