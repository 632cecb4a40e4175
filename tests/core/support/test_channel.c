/* The line between runtime and init, and an other end that does not keep to it. */
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <ironbox/cleanup.h>

#include "support/channel.h"

struct line {
	struct channel ours, theirs;
	int fds_before;
};

static int setup(void **state)
{
	struct line *line = calloc(1, sizeof(*line));
	ERROR_NONE(error);

	assert_non_null(line);
	line->fds_before = count_open_fds();
	assert_int_equal(channel_pair(&line->ours, &line->theirs, &error), 0);
	*state = line;
	return 0;
}

/* No fd that came over the line may be left, whatever the other end did. */
static int teardown(void **state)
{
	struct line *line = *state;
	int left;

	channel_close(&line->ours);
	channel_close(&line->theirs);
	left = count_open_fds() - line->fds_before;
	free(line);
	return left;
}

static void send_raw(const struct line *line, const void *bytes, size_t size)
{
	assert_int_equal(send(line->theirs.fd, bytes, size, 0), (ssize_t)size);
}

static void await_fails(struct line *line, enum message_type type, const char *text)
{
	ERROR_NONE(error);

	assert_int_equal(channel_await(&line->ours, type, NULL, &error), -1);
	assert_string_equal(error_text(&error), text);
}

static void messages_come_as_they_were_sent(void **state)
{
	struct line *line = *state;
	unsigned char bytes[CHANNEL_BYTES_MAX];
	struct message message;
	ERROR_NONE(error);

	memset(bytes, 'b', sizeof(bytes));
	assert_int_equal(channel_send(&line->theirs, MESSAGE_READY, &error), 0);
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, &message, &error), 0);
	assert_int_equal(message.size, 0);
	assert_int_equal(message.fd, -1);
	assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_STAGE, 7, bytes, sizeof(bytes),
	                                    -1, &error),
	                 0);
	assert_int_equal(channel_take(&line->ours, 7, &message, &error), 1);
	assert_int_equal(message.stage, 7);
	assert_int_equal(message.size, sizeof(bytes));
	assert_memory_equal(message.bytes, bytes, sizeof(bytes));
	assert_int_equal(channel_take(&line->ours, 7, &message, &error), 0);
	assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_STAGE, 7, bytes,
	                                    sizeof(bytes) + 1, -1, &error),
	                 -1);
	assert_int_equal(error.code, EMSGSIZE);
}

static void what_comes_early_is_kept_in_its_order(void **state)
{
	struct line *line = *state;
	struct message message;
	ERROR_NONE(error);

	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_STAGE, i % 2, &i,
		                                    sizeof(i), -1, &error),
		                 0);
	assert_int_equal(channel_send(&line->theirs, MESSAGE_MOUNTED, &error), 0);
	assert_int_equal(channel_send(&line->theirs, MESSAGE_READY, &error), 0);
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, NULL, &error), 0);
	assert_int_equal(channel_await(&line->ours, MESSAGE_MOUNTED, NULL, &error), 0);
	for (uint32_t stage = 2; stage-- > 0;)
		for (uint32_t i = stage, got; i < 20; i += 2) {
			assert_int_equal(channel_take(&line->ours, stage, &message, &error), 1);
			memcpy(&got, message.bytes, sizeof(got));
			assert_int_equal(got, i);
		}
	assert_int_equal(channel_take(&line->ours, 0, &message, &error), 0);
}

static void fds_cross_and_are_closed_on_exec(void **state)
{
	struct line *line = *state;
	cleanup_close int sent_fd = memfd_create("sent", MFD_CLOEXEC);
	struct stat sent, received;
	struct message message;
	ERROR_NONE(error);

	assert_int_equal(
		channel_send_bytes(&line->theirs, MESSAGE_CONSOLE, 0, NULL, 0, sent_fd, &error), 0);
	assert_int_equal(channel_await(&line->ours, MESSAGE_CONSOLE, &message, &error), 0);
	assert_true(message.fd >= 0 && message.fd != sent_fd);
	assert_int_equal(fcntl(message.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(sent_fd, &sent) | fstat(message.fd, &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	close(message.fd);
	/* nobody asked for these: teardown counts */
	for (int i = 0; i < 3; i++)
		assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_STAGE, 1, "x", 1,
		                                    sent_fd, &error),
		                 0);
	assert_int_equal(
		channel_send_bytes(&line->theirs, MESSAGE_READY, 0, NULL, 0, sent_fd, &error), 0);
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, NULL, &error), 0);
}

static void more_fds_than_one_end_the_conversation(void **state)
{
	struct line *line = *state;
	uint32_t header[2] = { MESSAGE_READY, 0 };
	int fds[3] = { 0, 1, 2 };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(fds))];
	} control = { 0 };
	struct iovec part = { header, sizeof(header) };
	struct msghdr packet = { .msg_iov = &part,
		                 .msg_iovlen = 1,
		                 .msg_control = control.space,
		                 .msg_controllen = sizeof(control.space) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&packet);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(rights), fds, sizeof(fds));
	for (size_t count = 2; count <= 3; count++) {
		rights->cmsg_len = CMSG_LEN(count * sizeof(int));
		packet.msg_controllen = CMSG_SPACE(count * sizeof(int));
		assert_int_equal(sendmsg(line->theirs.fd, &packet, 0), sizeof(header));
		await_fails(line, MESSAGE_READY,
		            "receive a message between runtime and init: Protocol error");
	}
}

static void what_is_cut_or_too_long_ends_the_conversation(void **state)
{
	static const size_t sizes[] = { 1, 4, 7, 8 + CHANNEL_BYTES_MAX + 1, 60000 };
	struct line *line = *state;
	unsigned char bytes[60000] = { MESSAGE_READY };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		send_raw(line, bytes, sizes[i]);
		await_fails(line, MESSAGE_READY,
		            "receive a message between runtime and init: Protocol error");
	}
}

static void an_error_is_made_ours(void **state)
{
	struct line *line = *state;
	ERROR_NONE(theirs);
	ERROR_NONE(ours);

	error_begin(&theirs, ENOENT, "open it");
	assert_int_equal(channel_send(&line->theirs, MESSAGE_MOUNTED, &ours), 0);
	assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_ERROR, 0, &theirs,
	                                    sizeof(theirs), -1, &ours),
	                 0);
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, NULL, &ours), -1);
	assert_string_equal(error_text(&ours), "open it: No such file or directory");
	assert_int_equal(ours.code, ENOENT);
}

static void an_error_of_wild_bytes_is_an_error_still(void **state)
{
	struct line *line = *state;
	unsigned char bytes[8 + sizeof(struct ironbox_error)];
	uint32_t header[2] = { MESSAGE_ERROR, 0 };
	ERROR_NONE(error);

	memset(bytes, 0xfe, sizeof(bytes));
	memcpy(bytes, header, sizeof(header));
	send_raw(line, bytes, sizeof(bytes));
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, NULL, &error), -1);
	assert_string_equal(error_text(&error), "an error without words");
	send_raw(line, bytes, sizeof(bytes) - 1);
	await_fails(line, MESSAGE_READY, "receive init's error: Protocol error");
	send_raw(line, bytes, sizeof(header));
	await_fails(line, MESSAGE_READY, "receive init's error: Protocol error");
}

static void types_that_nobody_knows_are_waited_past(void **state)
{
	struct line *line = *state;
	uint32_t header[2] = { UINT32_MAX, UINT32_MAX };
	ERROR_NONE(error);

	send_raw(line, header, sizeof(header));
	assert_int_equal(channel_send(&line->theirs, MESSAGE_READY, &error), 0);
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, NULL, &error), 0);
}

static void an_end_without_a_word(void **state)
{
	struct line *line = *state;
	struct message message;
	ERROR_NONE(error);

	assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_STAGE, 3, "x", 1, -1, &error),
	                 0);
	channel_close(&line->theirs);
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, NULL, &error), -1);
	assert_false(error_is_told(&error));
	assert_int_equal(channel_take(&line->ours, 3, &message, &error), 1); /* it had come */
	assert_int_equal(channel_take(&line->ours, 3, &message, &error), 0);
	assert_int_equal(channel_send(&line->ours, MESSAGE_START, &error), -1); /* and no SIGPIPE */
	assert_string_equal(error_text(&error),
	                    "the process at the other end of the channel is gone");
}

/* The runtime sends and goes on: what init had said before it died is still read. */
static void an_error_is_read_although_the_other_end_died_with_mail_unread(void **state)
{
	struct line *line = *state;
	ERROR_NONE(theirs);
	ERROR_NONE(ours);

	error_begin(&theirs, 0, "the last word");
	assert_int_equal(channel_send(&line->ours, MESSAGE_ATTACHED, &ours), 0);
	assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_ERROR, 0, &theirs,
	                                    sizeof(theirs), -1, &ours),
	                 0);
	channel_close(&line->theirs); /* ours gets ECONNRESET: its message was not read */
	assert_int_equal(channel_await(&line->ours, MESSAGE_READY, NULL, &ours), -1);
	assert_string_equal(error_text(&ours), "the last word");
}

static void send_error(struct line *line, const char *text)
{
	ERROR_NONE(theirs);
	ERROR_NONE(ours);

	error_begin(&theirs, 0, "%s", text);
	assert_int_equal(channel_send_bytes(&line->theirs, MESSAGE_ERROR, 0, &theirs,
	                                    sizeof(theirs), -1, &ours),
	                 0);
}

static void an_error_that_came_while_looking_for_stages_is_not_lost(void **state)
{
	struct line *line = *state;
	struct message message;
	ERROR_NONE(error);

	send_error(line, "came too early");
	channel_close(&line->theirs);
	assert_int_equal(channel_take(&line->ours, 3, &message, &error), 0);
	await_fails(line, MESSAGE_NONE, "came too early");
}

static void a_second_error_takes_the_place_of_the_first(void **state)
{
	struct line *line = *state;
	ERROR_NONE(error);

	send_error(line, "in short");
	assert_int_equal(channel_await(&line->ours, MESSAGE_NONE, NULL, &error), -1);
	send_error(line, "at length");
	channel_await_more(&line->ours, 60000, &error);
	assert_string_equal(error_text(&error), "at length");
	assert_int_equal(channel_send(&line->theirs, MESSAGE_READY, &error), 0);
	channel_close(&line->theirs);
	error_begin(&error, 0, "the last one");
	channel_await_more(&line->ours, 60000, &error); /* not till the time is over */
	assert_string_equal(error_text(&error), "the last one");
}

static void no_second_error_is_waited_for_without_end(void **state)
{
	struct line *line = *state;
	ERROR_NONE(error);

	error_begin(&error, 0, "in short");
	channel_await_more(&line->ours, 50, &error);
	assert_string_equal(error_text(&error), "in short");
}

#define ON_A_LINE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_LINE(messages_come_as_they_were_sent),
		ON_A_LINE(what_comes_early_is_kept_in_its_order),
		ON_A_LINE(fds_cross_and_are_closed_on_exec),
		ON_A_LINE(more_fds_than_one_end_the_conversation),
		ON_A_LINE(what_is_cut_or_too_long_ends_the_conversation),
		ON_A_LINE(an_error_is_made_ours),
		ON_A_LINE(an_error_of_wild_bytes_is_an_error_still),
		ON_A_LINE(types_that_nobody_knows_are_waited_past),
		ON_A_LINE(an_end_without_a_word),
		ON_A_LINE(an_error_is_read_although_the_other_end_died_with_mail_unread),
		ON_A_LINE(an_error_that_came_while_looking_for_stages_is_not_lost),
		ON_A_LINE(a_second_error_takes_the_place_of_the_first),
		ON_A_LINE(no_second_error_is_waited_for_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
