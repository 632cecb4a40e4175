/* linux.resources.devices as a BPF program: it is run here, for nodes near those of the rules, and
 * answers as who reads the list rule by rule. Five numbers a rule. */
#include <jansson.h>
#include <string.h>

#include <devices.h>
#include <ebpf.h>

#include "harness.h"
#include "paper_host.h"

#define RULES_MAX 24

struct request {
	char type; /* 'b' or 'c' */
	unsigned access;
	uint32_t major, minor;
};

struct rule {
	bool allow;
	char type;
	unsigned access;
	int64_t major, minor;
};

/* What stands behind every list: config-linux.md, "Default Devices", and mknod(2) of any node. */
static const struct rule defaults[] = {
	{ true, 'a', DEVICE_MKNOD, -1, -1 }, { true, 'c', DEVICE_ALL, 1, 3 },
	{ true, 'c', DEVICE_ALL, 1, 5 },     { true, 'c', DEVICE_ALL, 1, 7 },
	{ true, 'c', DEVICE_ALL, 1, 8 },     { true, 'c', DEVICE_ALL, 1, 9 },
	{ true, 'c', DEVICE_ALL, 5, 0 },     { true, 'c', DEVICE_ALL, 5, 2 },
	{ true, 'c', DEVICE_ALL, 136, -1 },
};

static bool is_about(const struct rule *rule, const struct request *request)
{
	return (rule->type == 'a' || rule->type == request->type) &&
	       (rule->major < 0 || rule->major == request->major) &&
	       (rule->minor < 0 || rule->minor == request->minor);
}

static bool list_allows(const struct rule *rules, size_t count, const struct request *request)
{
	for (unsigned bit = 1; bit < DEVICE_ALL; bit <<= 1) {
		bool allowed = false; /* deny all stands in front */

		for (size_t i = 0; i < count; i++)
			if (rules[i].access & bit && is_about(&rules[i], request))
				allowed = rules[i].allow;
		if (request->access & bit && !allowed)
			return false;
	}
	return true;
}

/* ---- the instructions that the program is made of: Documentation/bpf/instruction-set.rst ---- */

static bool is_jump_taken(const struct bpf_insn *at, uint32_t left)
{
	uint32_t right = (uint32_t)at->imm;

	switch (at->code) {
	case BPF_JMP | BPF_JA:
		return true;
	case BPF_JMP32 | BPF_JEQ | BPF_K:
		return left == right;
	case BPF_JMP32 | BPF_JNE | BPF_K:
		return left != right;
	case BPF_JMP32 | BPF_JSET | BPF_K:
		return left & right;
	}
	CHECK(false, "code %#x", at->code);
	abort();
}

static uint32_t calculate(const struct bpf_insn *at, const uint32_t *registers,
                          const struct bpf_cgroup_dev_ctx *context)
{
	uint32_t left = registers[at->dst_reg], right = registers[at->src_reg], loaded;

	switch (at->code) {
	case BPF_LDX | BPF_W | BPF_MEM:
		CHECK(at->src_reg == BPF_REG_1 && at->off >= 0 && at->off % 4 == 0 &&
		              (size_t)at->off < sizeof(*context),
		      "loads from %d", at->off);
		memcpy(&loaded, (const char *)context + at->off, sizeof(loaded));
		return loaded;
	case BPF_ALU | BPF_MOV | BPF_X:
		return right;
	case BPF_ALU | BPF_OR | BPF_X:
		return left | right;
	case BPF_ALU | BPF_MOV | BPF_K:
		return (uint32_t)at->imm;
	case BPF_ALU | BPF_RSH | BPF_K:
		return left >> at->imm;
	case BPF_ALU | BPF_LSH | BPF_K:
		return left << at->imm;
	case BPF_ALU | BPF_AND | BPF_K:
		return left & (uint32_t)at->imm;
	}
	CHECK(false, "code %#x", at->code);
	abort();
}

static bool program_allows(const struct bpf_insn *program, size_t size,
                           const struct request *request)
{
	const struct bpf_cgroup_dev_ctx context = {
		.access_type = request->access << 16 |
		               (request->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = request->major,
		.minor = request->minor,
	};
	uint32_t registers[11] = { 0 };

	for (size_t i = 0; i < size; i++) {
		unsigned kind = BPF_CLASS(program[i].code);

		if (program[i].code == (BPF_JMP | BPF_EXIT))
			return registers[0];
		if (kind == BPF_JMP || kind == BPF_JMP32) {
			CHECK(program[i].off >= 0, "a loop");
			if (is_jump_taken(&program[i], registers[program[i].dst_reg]))
				i += (size_t)program[i].off;
		} else {
			registers[program[i].dst_reg] = calculate(&program[i], registers, &context);
		}
	}
	CHECK(false, "it runs off its end");
	abort();
}

/* ---- */

static struct rule read_rule(struct input *input)
{
	static const int64_t numbers[] = { -1,  0,    1,    2,       3,       5,         8,
		                           136, 4095, 4096, 1048575, 1048576, UINT32_MAX };
	uint8_t kinds = input_byte(input), major = input_byte(input), minor = input_byte(input);

	return (struct rule){
		.allow = kinds & 1,
		.type = "abcu"[kinds >> 1 & 3],
		.access = kinds >> 3 & 7,
		.major = major & 0x80 ? input_number(input) : numbers[major % 13],
		.minor = minor & 0x80 ? input_number(input) : numbers[minor % 13],
	};
}

static char *document_of(const struct rule *rules, size_t count)
{
	json_t *list = json_array(), *document;
	char *text, type[2] = "";

	for (size_t i = 0; i < count; i++) {
		char access[4];

		snprintf(access, sizeof(access), "%s%s%s", rules[i].access & DEVICE_READ ? "r" : "",
		         rules[i].access & DEVICE_WRITE ? "w" : "",
		         rules[i].access & DEVICE_MKNOD ? "m" : "");
		type[0] = rules[i].type;
		json_array_append_new(list, json_pack("{s:b, s:s, s:s, s:I, s:I}", "allow",
		                                      (int)rules[i].allow, "type", type, "access",
		                                      access, "major", (json_int_t)rules[i].major,
		                                      "minor", (json_int_t)rules[i].minor));
	}
	document = json_pack("{s:o}", "devices", list);
	text = json_dumps(document, JSON_COMPACT);
	json_decref(document);
	CHECK(text, "no memory");
	return text;
}

/* A node, of those that Linux can have: dev_t has 12 bits and 20. */
static uint32_t near(const struct rule *rules, size_t count, unsigned turn, bool is_minor)
{
	static const uint32_t fixed[] = { 0, 1, 3, 5, 9, 136, 4095, 2 };
	uint32_t most = is_minor ? 0xfffff : 0xfff;
	unsigned which = turn % (2 * (unsigned)count + 8);
	int64_t number;

	if (which < 8)
		return fixed[which];
	number = is_minor ? rules[(which - 8) / 2].minor : rules[(which - 8) / 2].major;
	number += which & 1;
	return number < 0 || number > most ? most : (uint32_t)number;
}

static void compare(const struct rule *rules, size_t count, size_t given,
                    const struct bpf_insn *program, size_t size)
{
	for (unsigned i = 0; i < 2 * (2 * given + 8); i++)
		for (unsigned access = 1; access <= DEVICE_ALL; access++) {
			struct request request = {
				.type = i & 1 ? 'b' : 'c',
				.access = access,
				.major = near(rules, given, i / 2, false),
				.minor = near(rules, given, i / 2 + i / 7, true),
			};

			CHECK(program_allows(program, size, &request) ==
			              list_allows(rules, count, &request),
			      "%c %u:%u access %u: the list says %s", request.type, request.major,
			      request.minor, access,
			      list_allows(rules, count, &request) ? "yes" : "no");
		}
}

static void run(struct paper_host *paper, struct rule *rules, size_t given)
{
	size_t count = given + sizeof(defaults) / sizeof(defaults[0]), size;
	cleanup_device_rules struct device_rules read = { 0 };
	cleanup_free struct bpf_insn *program = NULL;

	if (device_rules_read(&paper->stage, spec_at(&paper->spec, "devices"), &read,
	                      &paper->error) < 0) {
		paper_host_check_error(&paper->error);
		return;
	}
	for (size_t i = 0; i < given; i++) {
		rules[i].type = rules[i].type == 'u' ? 'c' : rules[i].type;
		rules[i].access = rules[i].access ? rules[i].access : DEVICE_ALL;
	}
	memcpy(rules + given, defaults, sizeof(defaults));
	program = calloc(device_program_size(&read), sizeof(*program));
	CHECK(program, "no memory");
	size = device_program_build(&read, program);
	CHECK(size <= device_program_size(&read), "%zu instructions", size);
	compare(rules, count, given, program, size);
	if (device_rules_allow_all(&read)) {
		const struct request any = { 'b', DEVICE_ALL, 8, 0 };

		CHECK(list_allows(rules, count, &any), "all is allowed, says who does not ask");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct rule rules[RULES_MAX + sizeof(defaults) / sizeof(defaults[0])];
	cleanup_free char *text = NULL;
	struct paper_host paper;
	size_t given = 0;

	while (input.left && given < RULES_MAX)
		rules[given++] = read_rule(&input);
	text = document_of(rules, given);
	paper_host_begin(&paper, NULL);
	CHECK(paper_host_parse(&paper, SPEC_RESOURCES, text, strlen(text)), "%s", text);
	run(&paper, rules, given);
	paper_host_end(&paper);
	return 0;
}
