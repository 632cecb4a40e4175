/*
 * A profile of linux.seccomp from its JSON to its program, of which a naive reader of that JSON has
 * to give the same answers. The first byte: a JSON text follows, or bytes of which rules are made
 * here (texts that are JSON are rare among bytes).
 */
#include <jansson.h>
#include <string.h>

#include "harness.h"
#include "reference.h"
#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const actions[] = { "SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",
	                               "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
	                               "SCMP_ACT_TRAP",         "SCMP_ACT_TRACE",
	                               "SCMP_ACT_LOG",          "SCMP_ACT_NOTIFY" };
static const char *const architectures[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
	                                     "SCMP_ARCH_X32",    "SCMP_ARCH_AARCH64",
	                                     "SCMP_ARCH_ARM",    "SCMP_ARCH_RISCV64",
	                                     "SCMP_ARCH_S390X" };
static const char *const operators[] = { "SCMP_CMP_NE",       "SCMP_CMP_LT", "SCMP_CMP_LE",
	                                 "SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
	                                 "SCMP_CMP_MASKED_EQ" };
static const char *const names[] = {
	"read",        "write",      "open",         "close",   "stat",    "mmap",
	"ioctl",       "socket",     "connect",      "clone",   "execve",  "kill",
	"personality", "ptrace",     "setuid",       "setns",   "unshare", "mount",
	"bpf",         "clone3",     "openat2",      "fchown",  "lseek",   "dup",
	"futex",       "getpid",     "exit_group",   "sendmsg", "prctl",   "arm_fadvise64_64",
	"cacheflush",  "socketcall", "no_such_call", "ipc",
};

/* ---- a document of bytes ---- */

static json_t *make_errno(struct input *input)
{
	return json_integer(input_byte(input) * 3 % 200);
}

static uint64_t make_value(struct input *input)
{
	static const uint64_t known[] = { 0,          1,           0x7fffffff,  0x80000000,
		                          0xffffffff, 0x100000000, 0x100000001, INT64_MAX };
	uint8_t byte = input_byte(input);

	return byte < 0xc0 ? byte : byte < 0xf0 ? known[byte % 8] : input_long(input) >> 1;
}

static json_t *make_condition(struct input *input)
{
	uint8_t kinds = input_byte(input);
	uint64_t value = make_value(input), other = kinds & 0x80 ? make_value(input) : value;

	return json_pack("{s:i, s:s, s:I, s:I}", "index", kinds % 6, "op",
	                 operators[(kinds >> 3) % COUNT(operators)], "value", (json_int_t)value,
	                 "valueTwo", (json_int_t)(other & value));
}

static json_t *make_rule(struct input *input)
{
	uint8_t kinds = input_byte(input);
	const char *action = actions[kinds % 8];
	json_t *rule = json_object(), *list = json_array(), *conditions = json_array();

	json_object_set_new(rule, "action", json_string(action));
	if (strcmp(action, "SCMP_ACT_ERRNO") == 0)
		json_object_set_new(rule, "errnoRet", make_errno(input));
	for (unsigned i = 0; i <= (kinds >> 3 & 3); i++)
		json_array_append_new(list, json_string(names[input_choice(input, COUNT(names))]));
	for (unsigned i = 0; i < (kinds >> 5 & 3); i++)
		json_array_append_new(conditions, make_condition(input));
	json_object_set_new(rule, "names", list);
	json_object_set_new(rule, "args", conditions);
	return rule;
}

static char *make_document(struct input *input)
{
	uint8_t kinds = input_byte(input), chosen = input_byte(input);
	json_t *root = json_object(), *list = json_array(), *rules = json_array();
	char *text;

	json_object_set_new(root, "defaultAction", json_string(actions[kinds % 8]));
	if (kinds % 8 == 1 && kinds & 8)
		json_object_set_new(root, "defaultErrnoRet", make_errno(input));
	json_object_set_new(root, "listenerPath", json_string("/run/agent"));
	for (unsigned i = 0; i < COUNT(architectures); i++)
		if (chosen >> i & 1)
			json_array_append_new(list, json_string(architectures[i]));
	/* few: what libseccomp makes of many rules about one call grows by their product */
	while (input->left && json_array_size(rules) < 8)
		json_array_append_new(rules, make_rule(input));
	json_object_set_new(root, "architectures", list);
	json_object_set_new(root, "syscalls", rules);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	CHECK(text, "no memory");
	return text;
}

/* ---- its answers ---- */

struct dice {
	uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
	dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(dice->state >> 33) % sides;
}

/* A rule of the profile, or NULL: one that the calls are made near to. */
static const struct rule *roll_rule(const struct profile *profile, struct dice *dice)
{
	return profile->rules_count ? &profile->rules[roll(dice, (uint32_t)profile->rules_count)]
	                            : NULL;
}

static int roll_number(const struct rule *rule, uint32_t arch, struct dice *dice)
{
	static const uint32_t bases[] = { 0, 0x40000000, 0xf0000, 0x80000000, UINT32_MAX - 599 };
	const char *name;

	if (!rule || roll(dice, 6) == 0)
		return (int)(bases[roll(dice, COUNT(bases))] + roll(dice, 600));
	name = rule->names[roll(dice, (uint32_t)rule->names_count)];
	return seccomp_syscall_resolve_name_arch(arch, name) + (roll(dice, 5) == 0);
}

static void roll_arguments(const struct rule *rule, struct seccomp_data *call, struct dice *dice)
{
	for (unsigned i = 0; i < 6; i++)
		call->args[i] = (uint64_t)roll(dice, 3) << 32 | roll(dice, 4);
	for (size_t i = 0; rule && i < rule->conditions_count; i++) {
		const struct scmp_arg_cmp *condition = &rule->conditions[i];
		uint64_t near = condition->op == SCMP_CMP_MASKED_EQ ? condition->datum_b
		                                                    : condition->datum_a;

		if (roll(dice, 6) != 0)
			call->args[condition->arg] = near + roll(dice, 4) / 2 - roll(dice, 3) / 2 +
			                             ((uint64_t)(roll(dice, 5) == 0) << 32);
	}
}

static void check_answers(const char *text, const struct profile *profile,
                          const struct program *program, const struct reference *reference,
                          struct dice dice)
{
	static const uint32_t tokens[] = { SCMP_ARCH_X86_64,  SCMP_ARCH_X86, SCMP_ARCH_X32,
		                           SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, SCMP_ARCH_RISCV64,
		                           SCMP_ARCH_S390X };

	for (unsigned i = 0; i < 120; i++) {
		const struct rule *rule = roll_rule(profile, &dice);
		uint32_t arch = tokens[roll(&dice, COUNT(tokens))], answer;
		struct seccomp_data call = { .nr = roll_number(rule, arch, &dice), .arch = arch };

		if (arch == SCMP_ARCH_X32)
			call.arch = SCMP_ARCH_X86_64; /* told apart by its numbers alone */
		roll_arguments(rule, &call, &dice);
		/* libseccomp compares no upper halves where a register has none, nor for x32 */
		if (!(call.arch & __AUDIT_ARCH_64BIT) || (uint32_t)call.nr >= 0x40000000)
			for (unsigned j = 0; j < 6; j++)
				call.args[j] &= UINT32_MAX;
		if (reference_is_multiplexed(&call))
			continue;
		answer = interpret(program->filters, program->count, &call);
		CHECK(program_answer(program, &call) == answer, "our own interpreter errs");
		/* A denial too much is libseccomp's, where rules about one call are many; verify.c
		 * looks for it. What passes and should not is a hole. */
		if (reference_admits(reference, &call, answer) ||
		    !is_more_permissive(answer, reference_answer(reference, &call)))
			continue;
		CHECK(false,
		      "number %d of 0x%x (0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx, 0x%llx): "
		      "0x%x\n%s",
		      call.nr, call.arch, (unsigned long long)call.args[0],
		      (unsigned long long)call.args[1], (unsigned long long)call.args[2],
		      (unsigned long long)call.args[3], (unsigned long long)call.args[4],
		      (unsigned long long)call.args[5], answer, text);
	}
}

/* The filter takes no more than it should and lets our own last steps pass, or names one. */
static void check_program(const struct program *program)
{
	CHECK(program->count > 0 && program->count <= BPF_MAXINSNS, "%zu", program->count);
	CHECK(BPF_CLASS(program->filters[program->count - 1].code) == BPF_RET, "no end");
}

static void run(const char *text, uint64_t seed)
{
	static struct libseccomp library; /* opened once: it is the same for each input */
	struct ironbox_error error = { "" };
	struct program program = { 0 };
	struct read_profile read;

	if (!library.handle)
		CHECK(libseccomp_open(&library, &test_host, &error) == 0, "%s", error.text);
	if (read_profile(&read, text, &error) < 0 ||
	    program_compile(&program, &read.profile, &library, &test_host, &error) < 0) {
		CHECK(*error.text, "an error without words");
	} else {
		struct reference *reference = reference_new(text);

		check_program(&program);
		check_answers(text, &read.profile, &program, reference, (struct dice){ seed });
		reference_free(reference);
	}
	program_free(&program);
	read_profile_free(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t kind = input_byte(&input);
	cleanup_free char *text = kind & 1 ? input_rest(&input) : make_document(&input);

	/* names without end keep libseccomp busy, and profile.c has a limit of its own for that */
	if (strlen(text) < 32768)
		run(text, size * 2654435761u + kind);
	return 0;
}
