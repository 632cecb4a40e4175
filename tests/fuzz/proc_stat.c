/* /proc/PID/stat: a command may be called ") Z 1 (". The first byte says whether the line is made
 * up round the name that follows, or is the bytes themselves. */
#include <string.h>

#include "harness.h"
#include "support/process_id.h"

static const char fields[] = " 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	bool is_made_up = input_byte(&input) & 1;
	uint64_t start_time = is_made_up ? input_long(&input) : 0, found;
	char state = '?', line[8192];
	cleanup_free char *text = input_rest(&input);

	if (!is_made_up) {
		process_stat_start_time(text, &state);
		process_stat_start_time(text, NULL);
		return 0;
	}
	snprintf(line, sizeof(line), "12 (%.4000s) S%s %llu 1 2 3\n", text, fields,
	         (unsigned long long)start_time);
	found = process_stat_start_time(line, &state);
	CHECK(found == start_time, "%s: %llu", line, (unsigned long long)found);
	CHECK(state == 'S', "%s: %c", line, state);
	return 0;
}
