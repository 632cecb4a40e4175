#include "command/served.h"

#include <poll.h>
#include <stddef.h>

#include "ttrpc/ttrpc.h"

#define ASK_MS 500

struct answer {
	bool came;
	enum ttrpc_code code;
};

static void answered(void *context, enum ttrpc_code code, const char *text, const uint8_t *payload,
                     size_t size)
{
	struct answer *answer = context;

	(void)text, (void)payload, (void)size;
	*answer = (struct answer){ .came = true, .code = code };
}

/* Connect of no container: answered by each shim, and changes nothing. */
bool is_served(const char *path)
{
	struct ttrpc_client *client = ttrpc_client_new(path);
	struct answer answer = { .came = false };

	if (!client)
		return false;
	if (ttrpc_client_call(client, "containerd.task.v2.Task", "Connect", NULL, 0, ASK_MS,
	                      answered, &answer) == 0)
		while (!answer.came) {
			struct pollfd poller = { .fd = ttrpc_client_fd(client), .events = POLLIN };

			poll(&poller, 1, ASK_MS);
			ttrpc_client_serve(client);
		}
	ttrpc_client_free(client);
	return answer.came && answer.code != TTRPC_UNAVAILABLE;
}
