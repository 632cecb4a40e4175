/* Writes, loads and attaches the device program. bpf(2), bpf-helpers(7), linux/bpf.h. */
#include "ebpf.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

/* struct bpf_cgroup_dev_ctx comes in r1; these hold what of it the rules look at. */
enum {
	VERDICT = BPF_REG_0,
	CONTEXT = BPF_REG_1,
	TYPE = BPF_REG_2,
	WANTED = BPF_REG_3, /* kinds of access that no rule has allowed yet */
	MAJOR = BPF_REG_4,
	MINOR = BPF_REG_5,
	DEVICE = BPF_REG_6, /* major and minor in one, as in the kernel's dev_t */
};

#define MINOR_BITS 20
#define MAJOR_MOST 0xfff
#define MINOR_MOST 0xfffff

#define PROLOGUE   9
#define RULE_MOST  7 /* three comparisons and four for the outcome */
#define EPILOGUE   2
#define GROUP_MOST 1000 /* a jump has 16 bits */

static struct bpf_insn load_word(int to, size_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_W | BPF_MEM,
		                  .dst_reg = to & 0xf,
		                  .src_reg = CONTEXT,
		                  .off = (int16_t)offset };
}

static struct bpf_insn with_register(int operation, int to, int from)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | operation | BPF_X),
		                  .dst_reg = to & 0xf,
		                  .src_reg = from & 0xf };
}

static struct bpf_insn with_number(int operation, int to, int32_t number)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_ALU | operation | BPF_K),
		                  .dst_reg = to & 0xf,
		                  .imm = number };
}

/* Skips `distance` instructions if the comparison (of 32 bits, Linux 5.1) holds. */
static struct bpf_insn jump_if(int comparison, int left, int32_t right, size_t distance)
{
	return (struct bpf_insn){ .code = (uint8_t)(BPF_JMP32 | comparison | BPF_K),
		                  .dst_reg = left & 0xf,
		                  .off = (int16_t)distance,
		                  .imm = right };
}

static struct bpf_insn skip(size_t distance)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_JA, .off = (int16_t)distance };
}

static struct bpf_insn leave(void)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
}

size_t device_program_size(const struct device_rules *rules)
{
	return PROLOGUE + rules->count * RULE_MOST + EPILOGUE;
}

static size_t build_prologue(struct bpf_insn *at)
{
	/* access_type: the kind of device in the lower half, the access in the upper */
	at[0] = load_word(TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	at[1] = with_register(BPF_MOV, WANTED, TYPE);
	at[2] = with_number(BPF_RSH, WANTED, 16);
	at[3] = with_number(BPF_AND, TYPE, 0xffff);
	at[4] = load_word(MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	at[5] = load_word(MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	at[6] = with_register(BPF_MOV, DEVICE, MAJOR);
	at[7] = with_number(BPF_LSH, DEVICE, MINOR_BITS);
	at[8] = with_register(BPF_OR, DEVICE, MINOR);
	return PROLOGUE;
}

static int32_t type_number(char type)
{
	return type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
}

/* About one device, or one major, and all that can be done with it: most rules are. */
static bool is_plain(const struct device_rule *rule)
{
	return rule->major != DEVICE_ANY && rule->access == DEVICE_ALL;
}

/* There is no such device. */
static bool is_void(const struct device_rule *rule)
{
	return rule->major > MAJOR_MOST || rule->minor > MINOR_MOST;
}

/* How many rules, up to the last one, are plain and differ in the device alone. */
static size_t count_group(const struct device_rule *rules, size_t last)
{
	const struct device_rule *model = &rules[last];
	size_t count = 0;

	while (count <= last && count < GROUP_MOST) {
		const struct device_rule *rule = &rules[last - count];

		if (!is_plain(rule) || is_void(rule) || rule->type != model->type ||
		    rule->allow != model->allow)
			break;
		count++;
	}
	return count;
}

/*
 * A jump for each device, to one verdict for all. The verifier follows each way through a program:
 * three comparisons for each of the default nodes, and an outcome that depends on what was wanted,
 * took it 0.33 ms, and these take 0.02.
 */
static size_t build_group(const struct device_rule *rules, size_t last, size_t count,
                          struct bpf_insn *at)
{
	size_t n = 0;

	if (rules[last].type != 'a')
		at[n++] = jump_if(BPF_JNE, TYPE, type_number(rules[last].type), count + 3);
	for (size_t i = 0; i < count; i++) {
		const struct device_rule *rule = &rules[last - i];
		uint32_t device = (uint32_t)(rule->major << MINOR_BITS | rule->minor);

		at[n++] = rule->minor == DEVICE_ANY
		                  ? jump_if(BPF_JEQ, MAJOR, (int32_t)rule->major, count - i)
		                  : jump_if(BPF_JEQ, DEVICE, (int32_t)device, count - i);
	}
	at[n++] = skip(2);
	at[n++] = with_number(BPF_MOV, VERDICT, rules[last].allow);
	at[n++] = leave();
	return n;
}

/* What of the wanted access this rule decides; one about all access decides all of it. */
static size_t build_outcome(const struct device_rule *rule, struct bpf_insn *at)
{
	size_t n = 0;

	if (rule->access == DEVICE_ALL) {
		/* whatever is still wanted is part of it */
	} else if (rule->allow) { /* this much is granted; if that is all, the answer is yes */
		at[n++] = with_number(BPF_AND, WANTED, ~rule->access);
		at[n++] = jump_if(BPF_JNE, WANTED, 0, 2);
	} else { /* any of it that is still wanted makes the answer no */
		at[n++] = jump_if(BPF_JSET, WANTED, rule->access, 1);
		at[n++] = skip(2);
	}
	at[n++] = with_number(BPF_MOV, VERDICT, rule->allow);
	at[n++] = leave();
	return n;
}

static size_t build_rule(const struct device_rule *rule, struct bpf_insn *at)
{
	const struct {
		bool asked;
		int what;
		int32_t number;
	} comparisons[] = {
		{ rule->type != 'a', TYPE, type_number(rule->type) },
		{ rule->major != DEVICE_ANY, MAJOR, (int32_t)rule->major },
		{ rule->minor != DEVICE_ANY, MINOR, (int32_t)rule->minor },
	};
	size_t end = rule->access == DEVICE_ALL ? 2 : 4; /* where the next rule begins */
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		end += comparisons[i].asked;
	for (size_t i = 0; i < 3; i++)
		if (comparisons[i].asked) {
			at[n] = jump_if(BPF_JNE, comparisons[i].what, comparisons[i].number,
			                end - n - 1);
			n++;
		}
	return n + build_outcome(rule, at + n);
}

/* From the last rule to the first: whichever speaks of an access last, decides it. */
size_t device_program_build(const struct device_rules *rules, struct bpf_insn *instructions)
{
	size_t n = build_prologue(instructions), left = rules->count;

	while (left > 0) {
		size_t group = count_group(rules->rules, left - 1);

		if (group)
			n += build_group(rules->rules, left - 1, group, instructions + n);
		else if (!is_void(&rules->rules[left - 1]))
			n += build_rule(&rules->rules[left - 1], instructions + n);
		left -= group ? group : 1;
	}
	instructions[n++] = with_number(BPF_MOV, VERDICT, rules->allow_rest);
	instructions[n++] = leave();
	return n;
}

/* Kernels of 6.17 and later write answers of BPF_PROG_QUERY past the size that they are told (E6):
 * whatever they write, it lands in here. */
union attributes {
	union bpf_attr attr;
	unsigned char room[256];
};

static int call_bpf(int command, union attributes *attributes)
{
	return (int)syscall(SYS_bpf, command, &attributes->attr, sizeof(attributes->attr));
}

static uint64_t address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

/* Since Linux 5.11 the program counts for the memory cgroup and not for RLIMIT_MEMLOCK. */
int device_program_load(const struct device_rules *rules)
{
	cleanup_free struct bpf_insn *instructions =
		calloc(device_program_size(rules), sizeof(*instructions));
	union attributes attributes = { .room = { 0 } };
	int fd = -1;

	if (!instructions)
		return -1;
	attributes.attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attributes.attr.insns = address(instructions);
	attributes.attr.insn_cnt = (uint32_t)device_program_build(rules, instructions);
	attributes.attr.license = address("Apache-2.0"); /* no GPL-only helper is called */
	memcpy(attributes.attr.prog_name, "ironbox_devices", sizeof("ironbox_devices"));
	/* EAGAIN: a signal came while the verifier was at work. bpf(2) fds are O_CLOEXEC. */
	for (int i = 0; i < 5 && fd < 0 && (i == 0 || errno == EAGAIN); i++)
		fd = call_bpf(BPF_PROG_LOAD, &attributes);
	return fd;
}

static int attach(int cgroup_fd, int program_fd, int replaced_fd)
{
	union attributes attributes = { .room = { 0 } };

	attributes.attr.target_fd = (uint32_t)cgroup_fd;
	attributes.attr.attach_bpf_fd = (uint32_t)program_fd;
	attributes.attr.attach_type = BPF_CGROUP_DEVICE;
	/* with ALLOW_MULTI the programs of the cgroups above and below all have a say */
	attributes.attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replaced_fd >= 0) { /* Linux 5.6 */
		attributes.attr.attach_flags |= BPF_F_REPLACE;
		attributes.attr.replace_bpf_fd = (uint32_t)replaced_fd;
	}
	return call_bpf(BPF_PROG_ATTACH, &attributes);
}

int device_program_attach(int cgroup_fd, int program_fd)
{
	return attach(cgroup_fd, program_fd, -1);
}

/* The fd of the one program that is attached there; -1 if there is none, or more than one. */
static int find_single_program(int cgroup_fd)
{
	union attributes query = { .room = { 0 } }, get = { .room = { 0 } };
	uint32_t id = 0;

	query.attr.query.target_fd = (uint32_t)cgroup_fd;
	query.attr.query.attach_type = BPF_CGROUP_DEVICE;
	query.attr.query.prog_ids = address(&id);
	query.attr.query.prog_cnt = 1; /* ENOSPC if there are more */
	if (call_bpf(BPF_PROG_QUERY, &query) < 0 || query.attr.query.prog_cnt != 1)
		return -1;
	get.attr.prog_id = id;
	return call_bpf(BPF_PROG_GET_FD_BY_ID, &get);
}

int device_program_replace(int cgroup_fd, int program_fd)
{
	cleanup_close int replaced_fd = find_single_program(cgroup_fd);

	if (replaced_fd >= 0 && attach(cgroup_fd, program_fd, replaced_fd) == 0)
		return 0;
	/* none, several, or it went meanwhile: another one beside them can only deny more */
	return device_program_attach(cgroup_fd, program_fd);
}
