/*
 * wait-many SOCKET ID COUNT: so many Waits for a container by one connection, and a Kill behind
 * them. Prints whether that was done, how many of the Waits had their answer, and how many were
 * refused.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages/task.pb-c.h"
#include "ttrpc/ttrpc.h"

#define PATIENCE_MS 30000

struct answers {
	unsigned came, refused;
	enum ttrpc_code last;
};

static void on_answer(void *context, enum ttrpc_code code, const char *text, const uint8_t *payload,
                      size_t size)
{
	struct answers *answers = context;

	(void)payload;
	(void)size;
	answers->came++;
	answers->last = code;
	if (code != TTRPC_OK && !answers->refused++)
		printf("%d: %s\n", (int)code, text);
}

static void call(struct ttrpc_client *client, const char *method, const ProtobufCMessage *request,
                 struct answers *answers)
{
	uint8_t packed[1024];
	size_t size = protobuf_c_message_pack(request, packed);

	if (ttrpc_client_call(client, "containerd.task.v2.Task", method, packed, size, PATIENCE_MS,
	                      on_answer, answers) == 0)
		return;
	perror(method);
	exit(EXIT_FAILURE);
}

static void await(struct ttrpc_client *client, const struct answers *answers, unsigned count)
{
	while (answers->came < count) {
		struct pollfd poller = { .fd = ttrpc_client_fd(client), .events = POLLIN };

		poll(&poller, 1, 1000);
		ttrpc_client_serve(client);
	}
}

int main(int argc, char **argv)
{
	Containerd__Task__V2__WaitRequest wait = CONTAINERD__TASK__V2__WAIT_REQUEST__INIT;
	Containerd__Task__V2__KillRequest kill = CONTAINERD__TASK__V2__KILL_REQUEST__INIT;
	struct ttrpc_client *client = argc == 4 ? ttrpc_client_new(argv[1]) : NULL;
	struct answers waits = { .came = 0 }, other = { .came = 0 };
	unsigned count = client ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

	if (!client)
		return EXIT_FAILURE;
	wait.id = kill.id = argv[2];
	kill.signal = SIGKILL;
	for (unsigned i = 0; i < count; i++)
		call(client, "Wait", &wait.base, &waits);
	call(client, "Kill", &kill.base, &other);
	await(client, &other, 1);
	await(client, &waits, count);
	printf("Kill %s, %u waited, %u refused\n", other.last == TTRPC_OK ? "done" : "refused",
	       count - waits.refused, waits.refused);
	ttrpc_client_free(client);
	return EXIT_SUCCESS;
}
