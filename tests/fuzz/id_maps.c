/* linux.uidMappings: triples of numbers, small ones or any, against all pairs of ids' ends. */
#include <jansson.h>
#include <string.h>

#include "harness.h"
#include "idmap.h"
#include "paper_host.h"

#define RANGES_MAX 400

struct range {
	uint64_t container, host, size;
};

static const char *fact(const struct paper_host *paper, const char *path)
{
	(void)paper;
	return strcmp(path, "/proc/sys/user/max_user_namespaces") == 0 ? "127\n" : NULL;
}

static bool meet(uint64_t one, uint64_t one_size, uint64_t other, uint64_t other_size)
{
	uint64_t from = one > other ? one : other;
	uint64_t until = one + one_size < other + other_size ? one + one_size : other + other_size;

	return from < until;
}

static size_t digits(uint64_t number)
{
	char text[24];

	return (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
}

/* user_namespaces(7): at most 340 lines in a page of text, no id twice on either side, none beyond
 * the last (4294967294), and somebody is root. */
static bool is_right(const struct range *ranges, size_t count)
{
	bool has_root = false;
	size_t text = 0;

	for (size_t i = 0; i < count; i++) {
		const struct range *range = &ranges[i];

		if (range->size == 0 || range->container + range->size > UINT32_MAX ||
		    range->host + range->size > UINT32_MAX)
			return false;
		for (size_t j = 0; j < i; j++)
			if (meet(ranges[j].container, ranges[j].size, range->container,
			         range->size) ||
			    meet(ranges[j].host, ranges[j].size, range->host, range->size))
				return false;
		has_root = has_root || range->container == 0;
		text += digits(range->container) + digits(range->host) + digits(range->size) + 3;
	}
	return has_root && count <= 340 && text < 4096;
}

static char *document_of(const struct range *ranges, size_t count)
{
	json_t *list = json_array(), *document;
	char *text;

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_pack("{s:I, s:I, s:I}", "containerID",
		                                      (json_int_t)ranges[i].container, "hostID",
		                                      (json_int_t)ranges[i].host, "size",
		                                      (json_int_t)ranges[i].size));
	document = json_pack("{s:s, s:{s:s}, s:{s:O, s:o}}", "ociVersion", "1.0.2", "root", "path",
	                     "/", "linux", "uidMappings", list, "gidMappings", list);
	text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	CHECK(text, "no memory");
	return text;
}

static size_t read_ranges(struct range *ranges, struct input *input)
{
	bool small = input_byte(input) & 1;
	size_t count = 0;

	for (; input->left && count < RANGES_MAX; count++)
		ranges[count] = (struct range){
			.container = small ? input_byte(input) : input_number(input),
			.host = small ? input_byte(input) : input_number(input),
			.size = small ? input_byte(input) & 15 : input_number(input),
		};
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct range ranges[RANGES_MAX];
	size_t count = read_ranges(ranges, &input);
	struct namespaces namespaces = { .made = CLONE_NEWUSER };
	cleanup_free char *text = document_of(ranges, count);
	struct paper_host paper;
	bool taken;

	paper_host_begin(&paper, &namespaces);
	paper.fact = fact;
	CHECK(paper_host_parse(&paper, SPEC_CONFIG, text, strlen(text)), "%s", text);
	taken = idmap_validate(&paper.stage, &paper.error) == 0;
	CHECK(taken == is_right(ranges, count), "%s: %s", text,
	      taken ? "taken" : error_text(&paper.error));
	if (!taken)
		paper_host_check_error(&paper.error);
	namespaces.made = 0; /* without the namespace they say nothing that could be done */
	if (count > 0)
		CHECK(idmap_validate(&paper.stage, &paper.error) < 0, "%s", text);
	paper_host_end(&paper);
	return 0;
}
