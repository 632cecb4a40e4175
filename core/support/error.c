/* Errors as text that grows from its end to its front, without a single allocation. */
#include "support/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_reset(struct ironbox_error *error)
{
	error->code = 0;
	error->start = ERROR_TEXT_MAX - 1;
	error->text[ERROR_TEXT_MAX - 1] = '\0';
}

/* What begins an error may be a path as long as its author likes: the words around it have room. */
#define CONTEXT_ROOM 256

/* Puts size bytes in front; where the room ends, the front of them is cut off. */
static void put_in_front(struct ironbox_error *error, const char *bytes, size_t size)
{
	if (size > error->start) {
		bytes += size - error->start;
		size = error->start;
	}
	error->start -= (uint32_t)size;
	memcpy(error->text + error->start, bytes, size);
}

/* A name from an image may hold anything; a log line may not. */
static void replace_control_bytes(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

/* At most `room` bytes of it; what does not fit is cut at its end. */
__attribute__((format(printf, 3, 0))) static void
put_formatted(struct ironbox_error *error, size_t room, const char *format, va_list arguments)
{
	char line[ERROR_TEXT_MAX];

	vsnprintf(line, room, format, arguments);
	replace_control_bytes(line);
	put_in_front(error, line, strlen(line));
}

int error_begin(struct ironbox_error *error, int code, const char *format, ...)
{
	va_list arguments;

	error_reset(error);
	error->code = code;
	if (code) {
		/* constant data, no locale, no malloc: also right in a cloned child; glibc 2.32 */
		const char *words = strerrordesc_np(code);

		put_in_front(error, words ? words : "unknown error",
		             strlen(words ? words : "unknown error"));
		put_in_front(error, ": ", 2);
	}
	va_start(arguments, format);
	put_formatted(error, ERROR_TEXT_MAX - CONTEXT_ROOM, format, arguments);
	va_end(arguments);
	return -1;
}

int error_context(struct ironbox_error *error, const char *format, ...)
{
	va_list arguments;

	put_in_front(error, ": ", 2);
	va_start(arguments, format);
	put_formatted(error, ERROR_TEXT_MAX, format, arguments);
	va_end(arguments);
	return -1;
}

void error_accept(struct ironbox_error *error)
{
	error->text[ERROR_TEXT_MAX - 1] = '\0';
	if (error->start >= ERROR_TEXT_MAX)
		error->start = ERROR_TEXT_MAX - 1;
	replace_control_bytes(error->text + error->start);
	if (!error_is_told(error))
		put_in_front(error, "an error without words", strlen("an error without words"));
}
