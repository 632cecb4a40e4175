#include "support/utf8.h"

#include <stdint.h>

size_t utf8_size(const char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	/* a first byte above 0xf7, which has no form at all, makes a number above the last */
	uint32_t number = size == 4 ? first & 0x0f : first & (0xffu >> (size + 1));

	if (size <= 1)
		return first ? size : 0;
	for (size_t i = 1; i < size; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80) /* the end of the text is none, too */
			return 0;
		number = number << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (number < least[size] || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff))
		return 0;
	return size;
}
