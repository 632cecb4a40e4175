/* A line of the log: one line, and in JSON's form JSON, whatever an error is about. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/mman.h>

#include "harness.h"
#include "paper_host.h"
#include "support/log.h"

static size_t written(int fd, char *line, size_t size)
{
	ssize_t length = pread(fd, line, size - 1, 0);

	CHECK(length > 0, "nothing was written");
	line[length] = '\0';
	return (size_t)length;
}

static void check_line(bool json, const char *text)
{
	cleanup_close int fd = memfd_create("log", MFD_CLOEXEC);
	char line[8192];
	size_t length;
	json_error_t failure;
	json_t *root;

	process_log = (struct log){ .fd = fd, .json = json };
	errno = ENOTTY;
	log_write(IRONBOX_LOG_WARNING, "%s", text);
	CHECK(errno == ENOTTY, "errno is lost");
	length = written(fd, line, sizeof(line));
	CHECK(strchr(line, '\n') == line + length - 1, "more than a line: %s", line);
	if (!json)
		return;
	root = json_loadb(line, length, JSON_REJECT_DUPLICATES, &failure);
	CHECK(root, "%s: %s", failure.text, line);
	CHECK(strcmp(json_string_value(json_object_get(root, "level")), "warning") == 0, "%s",
	      line);
	json_decref(root);
}

/* An error grows outwards and stays one line. */
static void check_error(const char *text, const char *context, int code)
{
	ERROR_NONE(error);

	error_begin(&error, code, "%s", text);
	error_context(&error, "%s", context);
	paper_host_check_error(&error);
	CHECK(strlen(error_text(&error)) < ERROR_TEXT_MAX, "too long");
	check_line(true, error_text(&error));
}

/* As init sends it: any bytes. */
static void check_accepted(const uint8_t *data, size_t size)
{
	struct ironbox_error error;

	memset(&error, 'e', sizeof(error));
	memcpy(&error, data, size < sizeof(error) ? size : sizeof(error));
	error_accept(&error);
	paper_host_check_error(&error);
	error_context(&error, "create web1");
	paper_host_check_error(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t flags = input_byte(&input);
	cleanup_free char *context = input_text(&input, '\n'), *text = input_rest(&input);

	check_line(flags & 1, text);
	check_error(text, context, flags >> 1);
	check_accepted(data, size);
	return 0;
}
