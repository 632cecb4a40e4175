/* One line a message, as runc's callers read it. */
#include "support/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/time.h"
#include "support/utf8.h"

struct log process_log = { .fd = -1 };

static const char *const level_names[] = { "error", "warning", "info", "debug" };

/* Appends text as the inside of a quoted JSON string; Go's %q, which logfmt uses, is near enough.
 * A byte that is no UTF-8, of a name in an image, becomes a replacement character. */
static size_t put_quoted(char *line, size_t size, size_t at, const char *text)
{
	while (*text && at + 8 < size) {
		unsigned char byte = (unsigned char)*text;
		size_t length = utf8_size(text);

		if (byte == '"' || byte == '\\')
			line[at++] = '\\';
		if (byte < ' ' || !length) {
			at += (size_t)snprintf(line + at, size - at, "\\u%04x",
			                       length ? byte : 0xfffd);
			length = 1;
		} else {
			memcpy(line + at, text, length);
			at += length;
		}
		text += length;
	}
	return at;
}

void log_write(enum ironbox_log_level level, const char *format, ...)
{
	int saved = errno;
	char text[2048], line[4096], now[TIME_TEXT_SIZE];
	struct timespec time;
	va_list arguments;
	size_t at;

	if (process_log.fd == LOG_NOWHERE || (level == IRONBOX_LOG_DEBUG && !process_log.debug))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	clock_gettime(CLOCK_REALTIME, &time);
	time_format(now, &time, 0);

	if (process_log.json)
		at = (size_t)snprintf(line, sizeof(line), "{\"level\":\"%s\",\"msg\":\"",
		                      level_names[level]);
	else
		at = (size_t)snprintf(line, sizeof(line), "time=\"%s\" level=%s msg=\"", now,
		                      level_names[level]);
	at = put_quoted(line, sizeof(line) - 64, at, text);
	if (process_log.json)
		at += (size_t)snprintf(line + at, sizeof(line) - at, "\",\"time\":\"%s\"}\n", now);
	else
		at += (size_t)snprintf(line + at, sizeof(line) - at, "\"\n");
	/* a log that can't be written has nowhere to say so */
	if (write(process_log.fd < 0 ? STDERR_FILENO : process_log.fd, line, at) < 0)
		errno = saved;
	errno = saved;
}
