/*
 * Makes a program short, its answers unchanged. libseccomp compares a call's number with each
 * number that a profile names, one after the other, for each architecture: 1,000 instructions,
 * which the kernel checks, compiles and runs for each of its calls at every load (1.1 ms for
 * Docker's default profile; 0.1 after this). Here the program is run for each stretch of numbers
 * between two that it compares with; neighbours of the same answer become one, a binary search
 * finds the stretch, and of the original stays what looks at arguments.
 *
 * A program with anything in it that this file does not understand is left as it is.
 */
#include <stdlib.h>

#include "program.h"

#define ARCH_OFFSET   offsetof(struct seccomp_data, arch)
#define NUMBER_OFFSET offsetof(struct seccomp_data, nr)
#define TOKENS_MAX    32
#define BORDERS_MAX   (2 * BPF_MAXINSNS + 1)
#define STRETCHES_MAX (BPF_MAXINSNS / 2)

/* What the accumulator may hold at an instruction; several where ways join. */
enum {
	HOLDS_NOTHING = 1 << 0,
	HOLDS_ARCH = 1 << 1,
	HOLDS_NUMBER = 1 << 2,
	HOLDS_ARGUMENT = 1 << 3,
};

/* An answer, or the place of the instruction that first loads something of the arguments. */
struct leaf {
	bool is_answer;
	uint32_t value;
};

/* Calls with numbers from `start` to the next stretch all come to the same leaf. */
struct stretch {
	uint32_t start;
	struct leaf leaf;
};

struct optimiser {
	const struct sock_filter *from; /* the program as it is */
	size_t count;
	uint32_t tokens[TOKENS_MAX]; /* architectures that it knows */
	size_t tokens_count;
	uint32_t borders[BORDERS_MAX]; /* numbers where an answer may change, in order */
	size_t borders_count;
	struct stretch stretches[STRETCHES_MAX]; /* of one architecture at a time */
	size_t stretches_count;
	bool is_wanted[BPF_MAXINSNS]; /* what a leaf needs of the program as it is */
	struct sock_filter to[BPF_MAXINSNS];
	size_t size;
	bool is_full; /* it would be longer than a program may be */
};

static bool survey(struct optimiser *optimiser);
static void write_program(struct optimiser *optimiser);

int program_optimise(struct program *program)
{
	struct optimiser *optimiser = calloc(1, sizeof(*optimiser));
	size_t i;

	if (!optimiser)
		return -1;
	optimiser->from = program->filters;
	optimiser->count = program->count;
	if (program->count <= BPF_MAXINSNS && survey(optimiser)) {
		write_program(optimiser);
		if (!optimiser->is_full && optimiser->size < program->count) {
			for (i = 0; i < optimiser->size; i++)
				program->filters[i] = optimiser->to[i];
			program->count = optimiser->size;
		}
	}
	free(optimiser);
	return 0;
}

/* ---- what the program looks at ---- */

static int compare_numbers(const void *one, const void *other)
{
	uint32_t left = *(const uint32_t *)one, right = *(const uint32_t *)other;

	return left < right ? -1 : left > right;
}

static bool add_token(struct optimiser *optimiser, uint32_t value)
{
	size_t i;

	for (i = 0; i < optimiser->tokens_count; i++)
		if (optimiser->tokens[i] == value)
			return true;
	if (i == TOKENS_MAX)
		return false;
	optimiser->tokens[optimiser->tokens_count++] = value;
	return true;
}

static void add_border(struct optimiser *optimiser, uint32_t number)
{
	if (number) /* 0 is one from the start, and what comes after the last number */
		optimiser->borders[optimiser->borders_count++] = number;
}

/* A comparison: with what, and what it may be that is compared. False: not understood. */
static bool note_comparison(struct optimiser *optimiser, const struct sock_filter *filter, int held)
{
	unsigned operation = BPF_OP(filter->code);

	if (held == HOLDS_ARGUMENT)
		return true; /* it stays as it is */
	if (held & HOLDS_NOTHING || operation == BPF_JSET)
		return false;
	if (held & HOLDS_ARCH && (operation != BPF_JEQ || !add_token(optimiser, filter->k)))
		return false;
	if (held & HOLDS_NUMBER) {
		if (operation != BPF_JGT)
			add_border(optimiser, filter->k);
		if (operation != BPF_JGE)
			add_border(optimiser, filter->k + 1);
	}
	return true;
}

static bool survey_one(struct optimiser *optimiser, size_t at, uint8_t holds[])
{
	const struct sock_filter *filter = &optimiser->from[at];
	int held = holds[at];

	switch (filter->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		holds[at + 1] |= filter->k == ARCH_OFFSET     ? HOLDS_ARCH
		                 : filter->k == NUMBER_OFFSET ? HOLDS_NUMBER
		                                              : HOLDS_ARGUMENT;
		return true;
	case BPF_JMP | BPF_JA:
		if (filter->k >= optimiser->count - at - 1)
			return false;
		holds[at + 1 + filter->k] |= (uint8_t)held;
		return true;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		if (at + 1 + filter->jt >= optimiser->count ||
		    at + 1 + filter->jf >= optimiser->count)
			return false;
		holds[at + 1 + filter->jt] |= (uint8_t)held;
		holds[at + 1 + filter->jf] |= (uint8_t)held;
		return note_comparison(optimiser, filter, held);
	case BPF_ALU | BPF_AND | BPF_K:
		holds[at + 1] |= (uint8_t)held;
		return held == HOLDS_ARGUMENT;
	case BPF_RET | BPF_K:
		return true;
	default:
		return false;
	}
}

/* All jumps go forward, so one pass sees each instruction after all that lead to it. */
static bool survey(struct optimiser *optimiser)
{
	uint8_t holds[BPF_MAXINSNS + 1] = { HOLDS_NOTHING };
	size_t i, kept = 1;

	optimiser->borders[optimiser->borders_count++] = 0;
	for (i = 0; i < optimiser->count; i++)
		if (holds[i] && !survey_one(optimiser, i, holds))
			return false;
	if (holds[optimiser->count])
		return false; /* runs off its end */
	qsort(optimiser->borders, optimiser->borders_count, sizeof(*optimiser->borders),
	      compare_numbers);
	for (i = 1; i < optimiser->borders_count; i++)
		if (optimiser->borders[i] != optimiser->borders[kept - 1])
			optimiser->borders[kept++] = optimiser->borders[i];
	optimiser->borders_count = kept;
	return true;
}

/* ---- where it leads ---- */

static bool is_true(const struct sock_filter *filter, uint32_t held)
{
	switch (BPF_OP(filter->code)) {
	case BPF_JEQ:
		return held == filter->k;
	case BPF_JGE:
		return held >= filter->k;
	default:
		return held > filter->k; /* JGT: survey has seen that there is no other */
	}
}

/* Runs the program as far as architecture and number decide. */
static struct leaf leaf_of(const struct optimiser *optimiser, uint32_t architecture,
                           uint32_t number)
{
	uint32_t held = 0;
	size_t at = 0;

	for (;;) {
		const struct sock_filter *filter = &optimiser->from[at];

		switch (BPF_CLASS(filter->code)) {
		case BPF_RET:
			return (struct leaf){ true, filter->k };
		case BPF_LD:
			if (filter->k != ARCH_OFFSET && filter->k != NUMBER_OFFSET)
				return (struct leaf){ false, (uint32_t)at };
			held = filter->k == ARCH_OFFSET ? architecture : number;
			at++;
			break;
		default:
			if (BPF_OP(filter->code) == BPF_JA)
				at += 1 + filter->k;
			else
				at += 1u + (is_true(filter, held) ? filter->jt : filter->jf);
		}
	}
}

static bool is_same(struct leaf one, struct leaf other)
{
	return one.is_answer == other.is_answer && one.value == other.value;
}

static void find_stretches(struct optimiser *optimiser, uint32_t architecture)
{
	size_t i;

	optimiser->stretches_count = 0;
	for (i = 0; i < optimiser->borders_count; i++) {
		uint32_t start = optimiser->borders[i];
		struct leaf leaf = leaf_of(optimiser, architecture, start);
		size_t last = optimiser->stretches_count;

		if (last && is_same(optimiser->stretches[last - 1].leaf, leaf))
			continue;
		if (last == STRETCHES_MAX) {
			optimiser->is_full = true;
			return;
		}
		optimiser->stretches[optimiser->stretches_count++] =
			(struct stretch){ start, leaf };
	}
}

/* ---- the new program ---- */

/* Its place, so that a jump can be corrected; jumps into the original hold the place there till the
 * end. A full program is written no further, and thrown away. */
static size_t write_filter(struct optimiser *optimiser, struct sock_filter filter)
{
	if (optimiser->size == BPF_MAXINSNS) {
		optimiser->is_full = true;
		return 0;
	}
	optimiser->to[optimiser->size] = filter;
	return optimiser->size++;
}

/* JA to the original at its old place k, marked by jt. */
#define UNRESOLVED 1

static void write_leaf(struct optimiser *optimiser, struct leaf leaf)
{
	struct sock_filter filter = BPF_STMT(BPF_RET | BPF_K, leaf.value);

	if (!leaf.is_answer) {
		filter.code = BPF_JMP | BPF_JA;
		filter.jt = UNRESOLVED;
		optimiser->is_wanted[leaf.value] = true;
	}
	write_filter(optimiser, filter);
}

/* So many stretches that no jump inside of their block is longer than a byte says: one less for the
 * comparisons, and each leaf once, behind them. */
#define NEAR_STRETCHES 120

/* The distinct leaves of a block, and where they will stand. */
struct block {
	struct leaf leaves[NEAR_STRETCHES];
	size_t count;
	size_t place;
};

static size_t leaf_place(struct block *block, struct leaf leaf)
{
	size_t i;

	for (i = 0; i < block->count; i++)
		if (is_same(block->leaves[i], leaf))
			return block->place + i;
	block->leaves[block->count++] = leaf;
	return block->place + i;
}

/* Where a half of a search begins: at its leaf if it has but one, or here and now. */
static uint8_t near_jump(const struct optimiser *optimiser, struct block *block, size_t first,
                         size_t count, size_t from)
{
	size_t place =
		count == 1 ? leaf_place(block, optimiser->stretches[first].leaf) : optimiser->size;

	return (uint8_t)(place - from - 1);
}

static void write_near_search(struct optimiser *optimiser, struct block *block, size_t first,
                              size_t count)
{
	size_t half = count / 2, rest = count - half;
	size_t at = write_filter(
		optimiser,
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
	                                     optimiser->stretches[first + half].start, 0, 0));

	optimiser->to[at].jf = near_jump(optimiser, block, first, half, at);
	if (half > 1)
		write_near_search(optimiser, block, first, half);
	optimiser->to[at].jt = near_jump(optimiser, block, first + half, rest, at);
	if (rest > 1)
		write_near_search(optimiser, block, first + half, rest);
}

static void write_block(struct optimiser *optimiser, size_t first, size_t count)
{
	struct block block = { .place = optimiser->size + count - 1 };
	size_t i;

	if (count == 1)
		leaf_place(&block, optimiser->stretches[first].leaf);
	else
		write_near_search(optimiser, &block, first, count);
	for (i = 0; i < block.count; i++)
		write_leaf(optimiser, block.leaves[i]);
}

/* A binary search among stretches; its depth is the logarithm of their number. */
static void write_search(struct optimiser *optimiser, size_t first, size_t count)
{
	size_t half = count / 2, jump;

	if (count <= NEAR_STRETCHES) {
		write_block(optimiser, first, count);
		return;
	}
	write_filter(optimiser,
	             (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
	                                          optimiser->stretches[first + half].start, 0, 1));
	jump = write_filter(optimiser, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	write_search(optimiser, first, half);
	optimiser->to[jump].k = (uint32_t)(optimiser->size - jump - 1);
	write_search(optimiser, first + half, count - half);
}

static void write_architecture(struct optimiser *optimiser, uint32_t architecture)
{
	find_stretches(optimiser, architecture);
	if (optimiser->stretches_count > 1)
		write_filter(optimiser,
		             (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER_OFFSET));
	write_search(optimiser, 0, optimiser->stretches_count);
}

/* An architecture that the program does not know. */
static uint32_t find_stranger(const struct optimiser *optimiser)
{
	uint32_t stranger = 0;
	size_t i;

	for (i = 0; i < optimiser->tokens_count; i++)
		if (optimiser->tokens[i] == stranger) {
			stranger++;
			i = (size_t)-1; /* from the first again */
		}
	return stranger;
}

/* Adds what can be reached from the wanted instructions, in the order in which they stood, and
 * makes each jump as much shorter as what was left out of it. */
static void write_remains(struct optimiser *optimiser)
{
	uint32_t places[BPF_MAXINSNS] = { 0 };
	size_t i, first = optimiser->size;

	for (i = 0; i < optimiser->count; i++) {
		const struct sock_filter *filter = &optimiser->from[i];
		unsigned kind = BPF_CLASS(filter->code);

		if (!optimiser->is_wanted[i])
			continue;
		places[i] = (uint32_t)write_filter(optimiser, *filter);
		if (kind == BPF_JMP && BPF_OP(filter->code) == BPF_JA) {
			optimiser->is_wanted[i + 1 + filter->k] = true;
		} else if (kind == BPF_JMP) {
			optimiser->is_wanted[i + 1 + filter->jt] = true;
			optimiser->is_wanted[i + 1 + filter->jf] = true;
		} else if (kind != BPF_RET) {
			optimiser->is_wanted[i + 1] = true;
		}
	}
	if (optimiser->is_full)
		return;
	for (i = 0; i < first; i++)
		if (BPF_CLASS(optimiser->to[i].code) == BPF_JMP &&
		    BPF_OP(optimiser->to[i].code) == BPF_JA && optimiser->to[i].jt == UNRESOLVED) {
			optimiser->to[i].jt = 0;
			optimiser->to[i].k = places[optimiser->to[i].k] - (uint32_t)i - 1;
		}
	for (i = 0; i < optimiser->count; i++) {
		const struct sock_filter *old = &optimiser->from[i];
		struct sock_filter *new = &optimiser->to[places[i]];

		if (!optimiser->is_wanted[i] || BPF_CLASS(old->code) != BPF_JMP)
			continue;
		if (BPF_OP(old->code) == BPF_JA) {
			new->k = places[i + 1 + old->k] - places[i] - 1;
		} else {
			new->jt = (uint8_t)(places[i + 1 + old->jt] - places[i] - 1);
			new->jf = (uint8_t)(places[i + 1 + old->jf] - places[i] - 1);
		}
	}
}

static void write_program(struct optimiser *optimiser)
{
	size_t doors[TOKENS_MAX], i;

	write_filter(optimiser,
	             (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARCH_OFFSET));
	for (i = 0; i < optimiser->tokens_count; i++) {
		write_filter(optimiser, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		                                                     optimiser->tokens[i], 0, 1));
		doors[i] =
			write_filter(optimiser, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	}
	write_architecture(optimiser, find_stranger(optimiser));
	for (i = 0; i < optimiser->tokens_count; i++) {
		optimiser->to[doors[i]].k = (uint32_t)(optimiser->size - doors[i] - 1);
		write_architecture(optimiser, optimiser->tokens[i]);
	}
	write_remains(optimiser);
}
