/* The line between runtime and init, with an init that is an enemy: it says what it likes, in any
 * order, with as many fds, and is gone in the end. The runtime neither hangs nor keeps an fd. */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "paper_host.h"
#include "support/channel.h"

/* A packet of the enemy's own making: type, stage, size and fds as the next bytes say. */
static bool send_packet(int fd, struct input *input)
{
	uint8_t kinds = input_byte(input), bytes[8192];
	uint32_t header[2] = { kinds & 0x10 ? input_number(input) : kinds & 0xf,
		               input_byte(input) % 4 };
	size_t size = (size_t)input_byte(input) << (kinds & 0x20 ? 5 : 0);
	int spare = private_folder(), fds[3] = { spare, spare, spare };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(fds))];
	} control = { 0 };
	size_t count = (kinds >> 6) * sizeof(int);
	struct iovec part = { bytes, sizeof(header) + size };
	struct msghdr packet = { .msg_iov = &part, .msg_iovlen = 1 };

	memset(bytes, 'm', sizeof(bytes));
	memcpy(bytes, header, sizeof(header));
	for (size_t i = 0; i < size && input->left; i++)
		bytes[sizeof(header) + i] = input_byte(input);
	if (header[1] == 3) /* shorter than a header */
		part.iov_len = size % 8;
	if (count) {
		packet.msg_control = control.space;
		packet.msg_controllen = CMSG_SPACE(count);
		CMSG_FIRSTHDR(&packet)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&packet)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&packet)->cmsg_len = CMSG_LEN(count);
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&packet)), fds, count);
	}
	return sendmsg(fd, &packet, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void check_message(const struct message *message)
{
	CHECK(message->size <= CHANNEL_BYTES_MAX, "%u bytes", message->size);
	CHECK(message->fd == -1 || fcntl(message->fd, F_GETFD) == FD_CLOEXEC, "fd %d", message->fd);
	ironbox_close_at_end(&message->fd);
}

/* What the runtime does: waits for one type or the other, takes what stages sent, answers. */
static void listen_to(struct channel *channel, struct input *input)
{
	static const enum message_type types[] = { MESSAGE_CLONED, MESSAGE_MOUNTED, MESSAGE_READY,
		                                   MESSAGE_CONSOLE };
	struct message message = { .fd = -1 };
	uint8_t what = input_byte(input);
	ERROR_NONE(error);
	int result;

	if (what < 0x60) {
		result = channel_await(channel, types[what % 4], &message, &error);
		CHECK(result <= 0, "%d", result);
		if (result == 0)
			CHECK(message.type == types[what % 4], "%u", message.type);
	} else if (what < 0x80) {
		result = channel_await(channel, types[what % 4], NULL, &error) - 1;
	} else if (what < 0xc0) {
		result = channel_take(channel, what % 4, &message, &error) - 1;
		if (result == 0)
			CHECK(message.type == MESSAGE_STAGE && message.stage == what % 4,
			      "%u of %u", message.type, message.stage);
		else if (result == -2)
			CHECK(error_is_told(&error), "failed without a word");
	} else {
		result = channel_send(channel, MESSAGE_HOOKS_DONE, &error) - 1;
		CHECK(result == -2 && error_is_told(&error), "there was nobody");
	}
	if (result == 0)
		check_message(&message);
	else if (error_is_told(&error))
		paper_host_check_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct channel ours, theirs;
	unsigned fds = 0, packets = input_byte(&input), rounds;
	ERROR_NONE(error);

	private_folder();
	fds = count_fds();
	CHECK(channel_pair(&ours, &theirs, &error) == 0, "%s", error_text(&error));
	for (rounds = input_byte(&input) % 32; packets > 0; packets--)
		if (!send_packet(theirs.fd, &input))
			break;
	channel_close(&theirs);
	for (rounds += 2; rounds > 0; rounds--)
		listen_to(&ours, &input);
	channel_close(&ours);
	CHECK(count_fds() == fds, "%u fds more", count_fds() - fds);
	return 0;
}
