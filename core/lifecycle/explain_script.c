#include "lifecycle/explain_script.h"

#include <string.h>

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

void script_read(struct script *script, const void *bytes, size_t size)
{
	char line[SCRIPT_LINE_MAX + 1] = { 0 };
	size_t end, start = 2, stop;

	*script = (struct script){ .kind = SCRIPT_NONE };
	if (size > SCRIPT_LINE_MAX)
		size = SCRIPT_LINE_MAX;
	if (size < 2 || memcmp(bytes, "#!", 2) != 0)
		return;
	memcpy(line, bytes, size);
	/* the kernel's last byte is a NUL where no end of line is */
	end = strcspn(line, "\n");
	while (is_blank(line[start]))
		start++;
	stop = start + strcspn(line + start, " \t\n");
	if (start >= end) {
		script->kind = SCRIPT_NAMES_NONE;
		return;
	}
	/* a NUL ends it too: that of a file which ends here, or one within */
	if (stop >= SCRIPT_LINE_MAX) {
		script->kind = SCRIPT_TOO_LONG;
		return;
	}
	memcpy(script->interpreter, line + start, stop - start);
	script->ends_in_cr = line[stop - 1] == '\r';
	script->kind = SCRIPT_NAMES;
}

bool script_is_text(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	size_t i;

	for (i = 0; i < size; i++)
		if ((at[i] < ' ' && !strchr("\t\n\r\f", at[i])) || at[i] == 0x7f || at[i] == 0)
			return false;
	return size > 0;
}
