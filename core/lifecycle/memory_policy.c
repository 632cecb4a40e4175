#include "lifecycle/memory_policy.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NODES_MAX 1024

struct node_mask {
	unsigned long words[NODES_MAX / (8 * sizeof(unsigned long))];
};

static const struct policy_word {
	const char *word;
	int value;
} modes[] = {
	{ "MPOL_DEFAULT", MPOL_DEFAULT },
	{ "MPOL_PREFERRED", MPOL_PREFERRED },
	{ "MPOL_BIND", MPOL_BIND },
	{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE },
	{ "MPOL_LOCAL", MPOL_LOCAL },
	{ "MPOL_PREFERRED_MANY", 5 },       /* Linux 5.15 */
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 },  /* Linux 6.9 */
	{ NULL, 0 },
}, flags[] = {
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 }, /* Linux 5.12 */
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
	{ NULL, 0 },
};

static int value_of(const struct policy_word *table, const char *word)
{
	for (; table->word; table++)
		if (!strcmp(table->word, word))
			return table->value;
	return -1;
}

static void set_range(struct node_mask *mask, unsigned long from, unsigned long to)
{
	const size_t bits = 8 * sizeof(mask->words[0]);

	for (; from <= to; from++)
		mask->words[from / bits] |= 1UL << from % bits;
}

/* "0-3,7" */
static int parse_nodes(const char *text, struct node_mask *mask, struct ironbox_error *error)
{
	const char *at = text;
	char *end;

	while (*at) {
		unsigned long from = strtoul(at, &end, 10), to = from;

		if (end != at && *end == '-') {
			at = end + 1;
			to = strtoul(at, &end, 10);
		}
		if (end == at || (*end && *end != ',') || to < from || to >= NODES_MAX)
			return error_begin(error, 0,
			                   "linux.memoryPolicy.nodes: \"%s\" is no list of nodes",
			                   text);
		set_range(mask, from, to);
		at = *end ? end + 1 : end;
	}
	return 0;
}

int memory_policy_set(const struct spec *spec, struct ironbox_error *error)
{
	const char *mode_word = spec_text(spec, "linux.memoryPolicy.mode");
	const char *nodes = spec_text(spec, "linux.memoryPolicy.nodes");
	const struct ironbox_value *words = spec_at(spec, "linux.memoryPolicy.flags");
	struct node_mask mask = { 0 };
	int mode, flag;
	size_t i;

	if (!spec_asks(spec, "linux.memoryPolicy"))
		return 0;
	mode = mode_word ? value_of(modes, mode_word) : -1;
	if (mode < 0)
		return error_begin(error, 0, "linux.memoryPolicy.mode: %s is no mode",
		                   mode_word ? mode_word : "(none)");
	for (i = 0; i < value_count(words); i++) {
		const char *word = value_text(value_item(words, i, NULL));

		flag = word ? value_of(flags, word) : -1;
		if (flag < 0)
			return error_begin(error, 0, "linux.memoryPolicy.flags[%zu]: no such flag",
			                   i);
		mode |= flag;
	}
	if (nodes && parse_nodes(nodes, &mask, error) < 0)
		return -1;
	if (syscall(SYS_set_mempolicy, mode, nodes && *nodes ? mask.words : NULL,
	            nodes && *nodes ? NODES_MAX : 0) < 0)
		return error_begin(error, errno, "linux.memoryPolicy: set_mempolicy");
	return 0;
}
