#include "command/bootstrap.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "messages/bootstrap.pb-c.h"
#include "messages/google.pb-c.h"
#include "support/file.h"
#include "support/time.h"

#define STDIN_MAX   (10UL * 1024 * 1024) /* what containerd's own library takes */
#define STDIN_FIRST 4096

typedef Containerd__Runtime__Bootstrap__V1__BootstrapParams parameters;
typedef Containerd__Runtime__Bootstrap__V1__BootstrapResult result_message;

/* NULL stays for "not said". */
static int keep(char **member, const char *text, struct ironbox_error *error)
{
	if (!*text)
		return 0;
	*member = strdup(text);
	return *member ? 0 : error_begin(error, errno, "keep what stdin says");
}

static int keep_options(struct bootstrap *bootstrap, const Google__Protobuf__Any *any,
                        struct ironbox_error *error)
{
	if (keep(&bootstrap->options_type, any->type_url, error) < 0)
		return -1;
	if (any->value.len == 0)
		return 0;
	bootstrap->options = malloc(any->value.len);
	if (!bootstrap->options)
		return error_begin(error, errno, "keep the runtime's options");
	memcpy(bootstrap->options, any->value.data, any->value.len);
	bootstrap->options_size = any->value.len;
	return 0;
}

/* Among the extensions of BootstrapParams: also strangers' are there. */
static bool are_options(const char *type_url)
{
	const char *slash = strrchr(type_url, '/'), *name = slash ? slash + 1 : type_url;

	return strcmp(name, "containerd.runc.v1.Options") == 0 ||
	       strcmp(name, "runtimeoptions.v1.Options") == 0;
}

static int take_parameters(struct bootstrap *bootstrap, const parameters *message,
                           struct ironbox_error *error)
{
	bootstrap->has_parameters = true;
	/* levels below INFO, 0, say more */
	bootstrap->debug = message->log_level < 0;
	if (keep(&bootstrap->socket_dir, message->socket_dir, error) < 0 ||
	    keep(&bootstrap->ttrpc_address, message->containerd_ttrpc_address, error) < 0 ||
	    keep(&bootstrap->grpc_address, message->containerd_grpc_address, error) < 0)
		return -1;
	for (size_t i = 0; i < message->n_extensions; i++) {
		const Google__Protobuf__Any *value = message->extensions[i]->value;

		if (value && are_options(value->type_url))
			return keep_options(bootstrap, value, error);
	}
	return 0;
}

/* An Any can be read as BootstrapParams too: its two fields have the same types. Only who names
 * this very container means them. */
static int parse_parameters(struct bootstrap *bootstrap, const uint8_t *bytes, size_t size,
                            const struct arguments *arguments, struct ironbox_error *error)
{
	parameters *message =
		containerd__runtime__bootstrap__v1__bootstrap_params__unpack(NULL, size, bytes);
	int result = 0;

	if (message && arguments->id && arguments->namespace &&
	    strcmp(message->instance_id, arguments->id) == 0 &&
	    strcmp(message->namespace_, arguments->namespace) == 0)
		result = take_parameters(bootstrap, message, error);
	if (message)
		containerd__runtime__bootstrap__v1__bootstrap_params__free_unpacked(message, NULL);
	return result;
}

static int parse_options(struct bootstrap *bootstrap, const uint8_t *bytes, size_t size,
                         struct ironbox_error *error)
{
	Google__Protobuf__Any *message = google__protobuf__any__unpack(NULL, size, bytes);
	int result;

	if (!message)
		return error_begin(error, 0,
		                   "stdin: neither the runtime's options nor the parameters of "
		                   "containerd 2.3");
	result = keep_options(bootstrap, message, error);
	google__protobuf__any__free_unpacked(message, NULL);
	return result;
}

int bootstrap_parse(struct bootstrap *bootstrap, const uint8_t *bytes, size_t size,
                    const struct arguments *arguments, struct ironbox_error *error)
{
	*bootstrap = (struct bootstrap){ 0 };
	if (size == 0)
		return 0;
	if (parse_parameters(bootstrap, bytes, size, arguments, error) < 0 ||
	    (!bootstrap->has_parameters && parse_options(bootstrap, bytes, size, error) < 0)) {
		bootstrap_free(bootstrap);
		return -1;
	}
	return 0;
}

/* 1: there are bytes, or the end; 0: nothing came till then; -1 with errno. */
static int await_input(int fd, int64_t until_ms)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };
	int result;

	do {
		int64_t left_ms = until_ms - time_now_ms();

		result = poll(&input, 1, left_ms > 0 ? (int)left_ms : 0);
	} while (result < 0 && errno == EINTR);
	return result;
}

struct input {
	uint8_t *bytes; /* malloc'ed */
	size_t size, room;
};

/* 1: there may be more; 0: that was the end; -1 with errno. */
static int read_some(struct input *input, int fd)
{
	ssize_t count;

	if (input->size == input->room) {
		size_t room = input->room ? 2 * input->room : STDIN_FIRST;
		uint8_t *grown = realloc(input->bytes, room);

		if (!grown)
			return -1;
		input->bytes = grown;
		input->room = room;
	}
	count = read(fd, input->bytes + input->size, input->room - input->size);
	if (count <= 0)
		return count == 0 ? 0 : -1;
	input->size += (size_t)count;
	if (input->size <= STDIN_MAX)
		return 1;
	errno = EFBIG;
	return -1;
}

static int read_to_end(struct input *input, int fd, int timeout_ms, struct ironbox_error *error)
{
	int64_t until_ms = time_now_ms() + timeout_ms;
	int result;

	do {
		result = await_input(fd, until_ms);
		if (result == 0) {
			error_begin(error, 0, "stdin: not at its end after %d s",
			            timeout_ms / 1000);
			error->code = ETIMEDOUT; /* its words are of connections */
			return -1;
		}
		if (result > 0)
			result = read_some(input, fd);
	} while (result > 0);
	if (result < 0 && errno == EFBIG)
		return error_begin(error, 0, "stdin: more than 10 MiB");
	return result < 0 ? error_begin(error, errno, "read stdin") : 0;
}

int bootstrap_read(struct bootstrap *bootstrap, int fd, int timeout_ms,
                   const struct arguments *arguments, struct ironbox_error *error)
{
	struct input input = { 0 };
	int result;

	*bootstrap = (struct bootstrap){ 0 };
	if (isatty(fd)) /* somebody tries it by hand, and has nothing to say */
		return 0;
	result = read_to_end(&input, fd, timeout_ms, error);
	if (result == 0)
		result = bootstrap_parse(bootstrap, input.bytes, input.size, arguments, error);
	free(input.bytes);
	return result;
}

void bootstrap_free(struct bootstrap *bootstrap)
{
	free(bootstrap->socket_dir);
	free(bootstrap->ttrpc_address);
	free(bootstrap->grpc_address);
	free(bootstrap->options_type);
	free(bootstrap->options);
	*bootstrap = (struct bootstrap){ 0 };
}

/*
 * Version 2 of the task service, though we serve both. For a pod's other containers containerd then
 * calls `start` and `delete` as for its first; with 3 it would skip both, and when a shim died
 * nobody would clean up after these.
 */
static int answer_message(int fd, const char *address)
{
	result_message message = CONTAINERD__RUNTIME__BOOTSTRAP__V1__BOOTSTRAP_RESULT__INIT;
	cleanup_free char *own_address = strdup(address);
	cleanup_free uint8_t *bytes = NULL;
	char protocol[] = "ttrpc";
	size_t size;

	message.version = 2;
	message.address = own_address;
	message.protocol = protocol;
	size = containerd__runtime__bootstrap__v1__bootstrap_result__get_packed_size(&message);
	bytes = malloc(size);
	if (!own_address || !bytes)
		return -1;
	containerd__runtime__bootstrap__v1__bootstrap_result__pack(&message, bytes);
	return file_write_all(fd, bytes, size);
}

int bootstrap_answer(const struct bootstrap *bootstrap, int fd, const char *address,
                     struct ironbox_error *error)
{
	/* all of 1.6 to 2.2 take the address alone; 1.7 takes it with its blanks */
	int result = bootstrap->has_parameters ? answer_message(fd, address)
	                                       : file_write_all(fd, address, strlen(address));

	return result < 0 ? error_begin(error, errno, "answer containerd on stdout") : 0;
}
