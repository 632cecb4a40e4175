/* Any BPF program that seccomp(2) would take, before and after it was made short: a call that gets
 * another answer is a hole. A few bytes an instruction; the first byte of all says whether they are
 * made valid, or are left as they are to be looked at and not run. */
#include <linux/audit.h>
#include <string.h>

#include "harness.h"
#include "program.h"
#include "reference.h"

#define VALUES_MAX 64

struct maker {
	struct sock_filter *filters;
	size_t count;
	uint32_t values[VALUES_MAX]; /* some that the program compares with */
	size_t values_count;
};

static void put(struct maker *maker, struct sock_filter filter)
{
	if (maker->count < BPF_MAXINSNS - 1)
		maker->filters[maker->count++] = filter;
}

static uint32_t make_value(struct maker *maker, struct input *input)
{
	static const uint32_t known[] = { 0,          1,          0x7fffffff, 0x80000000,
		                          UINT32_MAX, 0xc000003e, 0x40000003, 0x40000000 };
	uint8_t byte = input_byte(input);
	uint32_t value = byte < 0xe0 ? byte : byte < 0xf0 ? known[byte % 8] : input_number(input);

	if (maker->values_count < VALUES_MAX)
		maker->values[maker->values_count++] = value;
	return value;
}

/* What libseccomp writes most of: compare, answer, compare, answer. */
static void put_chain(struct maker *maker, struct input *input)
{
	size_t length = 2 * (size_t)input_byte(input), i;
	uint32_t value = make_value(maker, input), step = input_byte(input) % 4;
	uint8_t answers = input_byte(input) % 5 + 1;

	for (i = 0; i < length; i++, value += step) {
		put(maker, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
		put(maker, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, i % answers));
	}
}

static void put_jump(struct maker *maker, struct input *input, unsigned test)
{
	uint32_t value = make_value(maker, input);
	uint8_t yes = input_byte(input), no = input_byte(input);

	put(maker, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, yes, no));
}

static void put_one(struct maker *maker, struct input *input)
{
	static const unsigned tests[] = { BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JEQ, BPF_JSET };
	size_t kind = input_choice(input, 16);

	if (kind < 5)
		put_jump(maker, input, tests[kind]);
	else if (kind < 9) /* number, architecture, and the halves of arguments */
		put(maker, (struct sock_filter)BPF_STMT(
				   BPF_LD | BPF_W | BPF_ABS,
				   kind < 7 ? 4 * (unsigned)(kind - 5)
					    : 16 + 4 * (unsigned)input_choice(input, 12)));
	else if (kind < 11)
		put(maker, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, input_byte(input)));
	else if (kind == 11)
		put(maker,
		    (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, input_number(input) % 600));
	else if (kind == 12)
		put(maker, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
		                                        make_value(maker, input)));
	else
		put_chain(maker, input);
}

/* The last one answers, and no jump leads beyond it. */
static void make_valid(struct maker *maker)
{
	put(maker, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0x7fff0000));
	if (BPF_CLASS(maker->filters[maker->count - 1].code) != BPF_RET)
		maker->filters[maker->count - 1] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0x7fff0000);
	for (size_t i = 0; i < maker->count; i++) {
		struct sock_filter *filter = &maker->filters[i];
		size_t left = maker->count - i - 1;

		if (BPF_CLASS(filter->code) != BPF_JMP)
			continue;
		if (BPF_OP(filter->code) == BPF_JA) {
			filter->k %= (uint32_t)left;
		} else {
			filter->jt = (uint8_t)(filter->jt % left);
			filter->jf = (uint8_t)(filter->jf % left);
		}
	}
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
	return (uint32_t)(*state >> 33);
}

/* One that the program looks for, or its neighbour, or any. */
static uint32_t pick(const struct maker *maker, uint64_t *state)
{
	uint32_t random = next_random(state);

	if (!maker->values_count || random % 16 == 0)
		return random;
	return maker->values[random / 64 % maker->values_count] + random / 4 % 3 - 1 +
	       (random / 16 % 4 ? 0 : random / 4096 % 1024);
}

static void compare(const struct maker *maker, const struct sock_filter *before, size_t count,
                    const struct program *after)
{
	uint64_t state = count;

	for (unsigned i = 0; i < 300; i++) {
		struct seccomp_data call = { .nr = (int)pick(maker, &state) };
		uint32_t wanted, answer;

		call.arch = next_random(&state) % 3 ? pick(maker, &state) : AUDIT_ARCH_X86_64;
		for (unsigned j = 0; j < 6; j++)
			call.args[j] = (uint64_t)pick(maker, &state) << 32 | pick(maker, &state);
		wanted = interpret(before, count, &call);
		answer = interpret(after->filters, after->count, &call);
		CHECK(wanted == answer, "number %d of 0x%x: 0x%x, not 0x%x", call.nr, call.arch,
		      answer, wanted);
		CHECK(program_answer(after, &call) == answer, "our own interpreter says otherwise");
	}
}

static void run(struct maker *maker, struct input *input)
{
	size_t size = BPF_MAXINSNS * sizeof(struct sock_filter);
	cleanup_free struct sock_filter *before = malloc(size);
	struct program program = { .filters = maker->filters, .memory = maker->filters };
	bool is_valid = !(input_byte(input) & 1);

	CHECK(before, "no memory");
	while (is_valid && input->left)
		put_one(maker, input);
	if (is_valid)
		make_valid(maker);
	for (; !is_valid && input->left;
	     input->at += sizeof(*before), input->left -= sizeof(*before)) {
		struct sock_filter filter;

		if (input->left < sizeof(filter))
			break;
		memcpy(&filter, input->at, sizeof(filter));
		put(maker, filter);
	}
	program.count = maker->count;
	memcpy(before, maker->filters, size);
	CHECK(program_optimise(&program) == 0, "no memory");
	CHECK(program.count <= maker->count, "it is longer now");
	if (is_valid)
		compare(maker, before, maker->count, &program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct maker maker = { .filters = calloc(BPF_MAXINSNS, sizeof(*maker.filters)) };

	CHECK(maker.filters, "no memory");
	run(&maker, &input);
	free(maker.filters);
	return 0;
}
