/*
 * exec-many SOCKET ID COUNT FIRST SPEC: so many execs one after the other, each noted, started,
 * waited for and deleted, as a node's probes do it. Prints what each of these took, in
 * microseconds: the median.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "messages/task.pb-c.h"
#include "ttrpc/ttrpc.h"

#define PATIENCE_MS 60000

static const char *const names[] = { "Exec", "Start", "Wait", "Delete" };
enum { METHODS = 4 };

struct answer {
	bool came;
	enum ttrpc_code code;
};

static void on_answer(void *context, enum ttrpc_code code, const char *text, const uint8_t *payload,
                      size_t size)
{
	struct answer *answer = context;

	(void)payload;
	(void)size;
	answer->came = true;
	answer->code = code;
	if (code != TTRPC_OK)
		fprintf(stderr, "exec-many: %d: %s\n", (int)code, text);
}

static int call(struct ttrpc_client *client, const char *method, const ProtobufCMessage *request)
{
	size_t size = protobuf_c_message_get_packed_size(request);
	uint8_t *packed = malloc(size + 1);
	struct answer answer = { .came = false };

	protobuf_c_message_pack(request, packed);
	if (ttrpc_client_call(client, "containerd.task.v2.Task", method, packed, size, PATIENCE_MS,
	                      on_answer, &answer) < 0)
		return -1;
	free(packed);
	while (!answer.came) {
		struct pollfd poller = { .fd = ttrpc_client_fd(client), .events = POLLIN };

		poll(&poller, 1, 1000);
		ttrpc_client_serve(client);
	}
	return answer.code == TTRPC_OK ? 0 : -1;
}

static int call_exec(struct ttrpc_client *client, char *id, char *exec_id, char *spec)
{
	Containerd__Task__V2__ExecProcessRequest request =
		CONTAINERD__TASK__V2__EXEC_PROCESS_REQUEST__INIT;
	Google__Protobuf__Any any = GOOGLE__PROTOBUF__ANY__INIT;

	any.value = (ProtobufCBinaryData){ strlen(spec), (uint8_t *)spec };
	request.id = id;
	request.exec_id = exec_id;
	request.spec = &any;
	return call(client, "Exec", &request.base);
}

/* State, Start, Wait and Delete all have the same two fields. */
static int call_plain(struct ttrpc_client *client, const char *method, char *id, char *exec_id)
{
	Containerd__Task__V2__StartRequest request = CONTAINERD__TASK__V2__START_REQUEST__INIT;

	request.id = id;
	request.exec_id = exec_id;
	return call(client, method, &request.base);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int compare(const void *left, const void *right)
{
	int64_t one = *(const int64_t *)left, other = *(const int64_t *)right;

	return (one > other) - (one < other);
}

static int one(struct ttrpc_client *client, char *id, long number, char *spec,
               int64_t took[METHODS])
{
	char exec_id[32];

	snprintf(exec_id, sizeof(exec_id), "many%ld", number);
	for (int i = 0; i < METHODS; i++) {
		int64_t begun = now_us();

		if ((i == 0 ? call_exec(client, id, exec_id, spec)
		            : call_plain(client, names[i], id, exec_id)) < 0)
			return -1;
		took[i] = now_us() - begun;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct ttrpc_client *client = argc == 6 ? ttrpc_client_new(argv[1]) : NULL;
	long count, first;
	int64_t *took[METHODS], each[METHODS];

	if (!client)
		return EXIT_FAILURE;
	count = strtol(argv[3], NULL, 10);
	first = strtol(argv[4], NULL, 10);
	for (int i = 0; i < METHODS; i++)
		took[i] = calloc((size_t)count, sizeof(*took[i]));
	for (long at = 0; at < count; at++) {
		if (one(client, argv[2], first + at, argv[5], each) < 0)
			return EXIT_FAILURE;
		for (int i = 0; i < METHODS; i++)
			took[i][at] = each[i];
	}
	for (int i = 0; i < METHODS; i++) {
		qsort(took[i], (size_t)count, sizeof(*took[i]), compare);
		printf("%s %ld us\n", names[i], (long)took[i][count / 2]);
	}
	return EXIT_SUCCESS;
}
