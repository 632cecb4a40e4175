/* Device rules, normalised, and as a BPF program, against an evaluator that just reads the list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "ebpf.h"
#include "paper_host.h"

#define DENY_ALL "{\"allow\": false, \"access\": \"rwm\"}"

struct request {
	char type;
	unsigned char access;
	int64_t major, minor;
};

/* ---- what the list means: for each kind of access the last rule that names it ---- */

static bool matches(const struct device_rule *rule, const struct request *request)
{
	return (rule->type == 'a' || rule->type == request->type) &&
	       (rule->major == DEVICE_ANY || rule->major == request->major) &&
	       (rule->minor == DEVICE_ANY || rule->minor == request->minor);
}

static bool list_allows(const struct device_rule *rules, size_t count, bool rest,
                        const struct request *request)
{
	for (unsigned bit = DEVICE_MKNOD; bit <= DEVICE_WRITE; bit <<= 1) {
		bool allowed = rest;

		if (!(request->access & bit))
			continue;
		for (size_t i = 0; i < count; i++)
			if ((rules[i].access & bit) && matches(&rules[i], request))
				allowed = rules[i].allow;
		if (!allowed)
			return false;
	}
	return true;
}

/* ---- the few BPF instructions that the program is made of ---- */

static uint32_t jump_taken(const struct bpf_insn *at, const uint32_t *registers)
{
	uint32_t left = registers[at->dst_reg], right = (uint32_t)at->imm;

	switch (at->code) {
	case BPF_JMP | BPF_JA:
		return 1;
	case BPF_JMP32 | BPF_JEQ | BPF_K:
		return left == right;
	case BPF_JMP32 | BPF_JNE | BPF_K:
		return left != right;
	case BPF_JMP32 | BPF_JSET | BPF_K:
		return (left & right) != 0;
	default:
		fail_msg("instruction %#x is not expected", at->code);
		return 0;
	}
}

static void calculate(const struct bpf_insn *at, uint32_t *registers, bool *written,
                      const struct bpf_cgroup_dev_ctx *context)
{
	uint32_t *to = &registers[at->dst_reg];

	switch (at->code) {
	case BPF_LDX | BPF_W | BPF_MEM:
		assert_int_equal(at->src_reg, BPF_REG_1);
		memcpy(to, (const char *)context + at->off, sizeof(*to));
		break;
	case BPF_ALU | BPF_MOV | BPF_X:
		assert_true(written[at->src_reg]);
		*to = registers[at->src_reg];
		break;
	case BPF_ALU | BPF_OR | BPF_X:
		assert_true(written[at->src_reg]);
		*to |= registers[at->src_reg];
		break;
	case BPF_ALU | BPF_MOV | BPF_K:
		*to = (uint32_t)at->imm;
		break;
	case BPF_ALU | BPF_RSH | BPF_K:
		*to >>= at->imm;
		break;
	case BPF_ALU | BPF_LSH | BPF_K:
		*to <<= at->imm;
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		*to &= (uint32_t)at->imm;
		break;
	default:
		fail_msg("instruction %#x is not expected", at->code);
	}
	written[at->dst_reg] = true;
}

static bool program_allows(const struct bpf_insn *program, size_t size,
                           const struct request *request)
{
	const struct bpf_cgroup_dev_ctx context = {
		.access_type = (uint32_t)request->access << 16 |
		               (request->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = (uint32_t)request->major,
		.minor = (uint32_t)request->minor,
	};
	uint32_t registers[11] = { 0 };
	bool written[11] = { false };

	for (size_t i = 0; i < size; i++) {
		unsigned kind = BPF_CLASS(program[i].code);

		if (program[i].code == (BPF_JMP | BPF_EXIT)) {
			assert_true(written[0]);
			return registers[0] != 0;
		}
		if (kind == BPF_JMP || kind == BPF_JMP32) {
			assert_true(program[i].off >= 0); /* no loops */
			if (jump_taken(&program[i], registers))
				i += (size_t)program[i].off;
		} else {
			calculate(&program[i], registers, written, &context);
		}
	}
	fail_msg("the program runs past its end");
	return false;
}

/* ---- from JSON to verdicts ---- */

static void read_rules(struct paper_host *paper, const char *json, struct device_rules *rules)
{
	char document[4096];

	snprintf(document, sizeof(document), "{\"devices\": [%s]}", json);
	paper_host_begin(paper, SPEC_RESOURCES, document, NULL);
	assert_int_equal(device_rules_read(&paper->stage, spec_at(&paper->spec, "devices"), rules,
	                                   &paper->error),
	                 0);
}

static bool allows(const char *json, char type, int64_t major, int64_t minor, unsigned char access)
{
	const struct request request = { type, access, major, minor };
	cleanup_device_rules struct device_rules rules = { 0 };
	struct bpf_insn program[512];
	struct paper_host paper;
	size_t size;

	read_rules(&paper, json, &rules);
	paper_host_end(&paper);
	assert_true(device_program_size(&rules) <= sizeof(program) / sizeof(program[0]));
	size = device_program_build(&rules, program);
	assert_true(size <= device_program_size(&rules));
	return program_allows(program, size, &request);
}

/* E5: a list is no block list on top of "allow all". */
static void without_a_rule_only_default_nodes_are_allowed(void **state)
{
	(void)state;
	assert_true(allows("", 'c', 1, 3, DEVICE_READ | DEVICE_WRITE));
	assert_true(allows("", 'c', 136, 7, DEVICE_READ | DEVICE_WRITE));
	assert_true(allows("", 'c', 1, 11, DEVICE_MKNOD)); /* may be made, not be opened */
	assert_false(allows("", 'c', 1, 11, DEVICE_READ));
	assert_false(allows("", 'b', 8, 0, DEVICE_READ));
	assert_false(allows("", 'b', 1, 3, DEVICE_READ)); /* null is a character device */
}

/* calls.md: podman and CRI send this one alone, and mean the default nodes to work. */
static void deny_all_leaves_the_default_nodes(void **state)
{
	(void)state;
	assert_true(allows(DENY_ALL, 'c', 1, 5, DEVICE_READ | DEVICE_WRITE));
	assert_false(allows(DENY_ALL, 'c', 10, 229, DEVICE_READ | DEVICE_WRITE));
}

static void later_rules_decide(void **state)
{
	static const char fuse_denied[] =
		DENY_ALL ", {\"allow\": true, \"type\": \"c\", \"major\": 10, \"access\": \"rw\"}"
			 ", {\"allow\": false, \"type\": \"c\", \"major\": 10, \"minor\": 229,"
			 "   \"access\": \"w\"}";

	(void)state;
	assert_true(allows(fuse_denied, 'c', 10, 200, DEVICE_READ | DEVICE_WRITE));
	assert_true(allows(fuse_denied, 'c', 10, 229, DEVICE_READ));
	assert_false(allows(fuse_denied, 'c', 10, 229, DEVICE_READ | DEVICE_WRITE));
}

static void privileged_needs_no_program(void **state)
{
	static const char json[] = "{\"allow\": true, \"access\": \"rwm\"}";
	cleanup_device_rules struct device_rules rules = { 0 };
	struct paper_host paper;

	(void)state;
	read_rules(&paper, json, &rules);
	paper_host_end(&paper);
	assert_true(device_rules_allow_all(&rules));
	assert_true(allows(json, 'b', 8, 0, DEVICE_ALL));
}

static void rules_that_say_nothing_new_are_dropped(void **state)
{
	cleanup_device_rules struct device_rules none = { 0 }, repeated = { 0 };
	struct paper_host paper;

	(void)state;
	read_rules(&paper, DENY_ALL, &none);
	paper_host_end(&paper);
	read_rules(&paper,
	           DENY_ALL ", {\"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 3,"
	                    " \"access\": \"rwm\"}",
	           &repeated);
	paper_host_end(&paper);
	assert_int_equal(none.count, 10);
	assert_int_equal(repeated.count, 10);
}

/* ---- any list, any request ---- */

static struct device_rule random_rule(void)
{
	static const char types[] = { 'a', 'b', 'c' };

	return (struct device_rule){
		.allow = rand() % 2,
		.type = types[rand() % 3],
		.access = (unsigned char)(1 + rand() % DEVICE_ALL),
		.major = rand() % 4 - 1,
		.minor = rand() % 4 - 1,
	};
}

static void program_and_list_agree(void **state)
{
	(void)state;
	srand(1); /* the same lists each time */
	for (unsigned round = 0; round < 2000; round++) {
		struct device_rule list[12];
		struct device_rules rules = { rand() % 2, (size_t)rand() % 13, list };
		struct bpf_insn program[128];
		size_t size;

		for (size_t i = 0; i < rules.count; i++)
			list[i] = random_rule();
		size = device_program_build(&rules, program);
		for (unsigned i = 0; i < 7 * 2 * 9; i++) {
			const struct request request = { i % 2 ? 'b' : 'c',
				                         (unsigned char)(1 + i % 7), i % 3,
				                         i / 3 % 3 };

			assert_int_equal(
				program_allows(program, size, &request),
				list_allows(list, rules.count, rules.allow_rest, &request));
		}
	}
}

/* Normalising a list keeps its meaning: JSON in, program out, the list itself as the judge. */
static void normalised_list_means_the_same(void **state)
{
	(void)state;
	srand(2);
	for (unsigned round = 0; round < 500; round++) {
		struct device_rule list[8];
		char json[2048] = "";
		size_t count = 1 + (size_t)rand() % 8, length = 0;

		for (size_t i = 0; i < count; i++) {
			list[i] = random_rule();
			length += (size_t)snprintf(
				json + length, sizeof(json) - length,
				"%s{\"allow\": %s, \"type\": \"%c\", \"major\": %d, \"minor\": %d,"
				" \"access\": \"%s%s%s\"}",
				i ? "," : "", list[i].allow ? "true" : "false", list[i].type,
				(int)list[i].major, (int)list[i].minor,
				list[i].access & DEVICE_READ ? "r" : "",
				list[i].access & DEVICE_WRITE ? "w" : "",
				list[i].access & DEVICE_MKNOD ? "m" : "");
		}
		/* majors 0 and 2 have no default node; mknod of all is one of the defaults */
		for (unsigned i = 0; i < 3 * 2 * 2 * 3; i++) {
			const struct request request = { i % 2 ? 'b' : 'c',
				                         (unsigned char)((1 + i % 3) << 1),
				                         i / 2 % 2 * 2, i / 4 % 3 };

			assert_int_equal(allows(json, request.type, request.major, request.minor,
			                        request.access),
			                 list_allows(list, count, false, &request));
		}
	}
}

/* ---- refused ---- */

static const struct bad_rule {
	const char *json, *error;
} bad_rules[] = {
	{ "{\"allow\": true, \"type\": \"p\"}", "devices[0].type: p: expected a, b or c" },
	{ "{\"allow\": true, \"type\": \"c\", \"major\": -2}", "devices[0]: -2:-1 is no device" },
	{ "{\"allow\": true, \"type\": \"c\", \"minor\": 4294967296}",
	  "devices[0]: -1:4294967296 is no device" },
};

static void bad_rules_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_rules) / sizeof(bad_rules[0]); i++) {
		cleanup_device_rules struct device_rules rules = { 0 };
		struct paper_host paper;
		char document[512];

		snprintf(document, sizeof(document), "{\"devices\": [%s]}", bad_rules[i].json);
		paper_host_begin(&paper, SPEC_RESOURCES, document, NULL);
		assert_int_equal(device_rules_read(&paper.stage, spec_at(&paper.spec, "devices"),
		                                   &rules, &paper.error),
		                 -1);
		assert_non_null(strstr(error_text(&paper.error), bad_rules[i].error));
		paper_host_end(&paper);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_rule_only_default_nodes_are_allowed),
		cmocka_unit_test(deny_all_leaves_the_default_nodes),
		cmocka_unit_test(later_rules_decide),
		cmocka_unit_test(privileged_needs_no_program),
		cmocka_unit_test(rules_that_say_nothing_new_are_dropped),
		cmocka_unit_test(program_and_list_agree),
		cmocka_unit_test(normalised_list_means_the_same),
		cmocka_unit_test(bad_rules_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
