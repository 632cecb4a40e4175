#include "support/quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define CUT "…"

/* Bytes of the well-formed UTF-8 sequence at `at`, or 0; *point gets what it stands for. */
static size_t decode(const unsigned char *at, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length, i;

	*point = at[0];
	if (at[0] < 0x80)
		return 1;
	length = at[0] >= 0xf8 ? 0 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 0;
	*point = at[0] & (length == 2 ? 0x1f : length == 3 ? 0x0f : 0x07);
	for (i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80) /* the NUL at the end is none either */
			return 0;
		*point = *point << 6 | (at[i] & 0x3f);
	}
	if (length == 0 || *point < least[length] || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return length;
}

/* C0 and C1, and Unicode's line ends and marks of direction. */
static bool is_harmful(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
	       (point >= 0x200e && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

/* What stands for one byte that can't stand for itself. */
static size_t escape(char text[8], unsigned char byte)
{
	const char *const letters = "\nn\tt\rr\\\\", *found = byte ? strchr(letters, byte) : NULL;

	if (found && (found - letters) % 2 == 0)
		return (size_t)snprintf(text, 8, "\\%c", found[1]);
	return (size_t)snprintf(text, 8, "\\x%02x", byte);
}

const char *quote(char *out, size_t size, const char *name)
{
	const unsigned char *at = (const unsigned char *)name;
	size_t used = 0, fits = 0; /* fits: where a cut leaves room for its sign */

	while (*at) {
		uint32_t point;
		size_t taken = decode(at, &point), length = taken;
		char text[8];

		if (taken == 0 || is_harmful(point) || point == '\\') {
			taken = 1;
			length = escape(text, *at);
		} else {
			memcpy(text, at, length);
		}
		if (used + length >= size) {
			memcpy(out + fits, CUT, sizeof(CUT));
			return out;
		}
		memcpy(out + used, text, length);
		used += length;
		if (used + sizeof(CUT) <= size)
			fits = used;
		at += taken;
	}
	out[used] = '\0';
	return out;
}
