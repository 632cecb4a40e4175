#include "reference.h"

#include <errno.h>
#include <jansson.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint32_t interpret(const struct sock_filter *filters, size_t count, const struct seccomp_data *call)
{
	uint32_t words[sizeof(*call) / 4], accumulator = 0, operand;
	bool outcome;
	size_t pc;

	memcpy(words, call, sizeof(words));
	for (pc = 0; pc < count; pc++) {
		operand = filters[pc].k;
		switch (filters[pc].code) {
		case 0x20: /* ld [k] */
			assert_true(operand % 4 == 0 && operand < sizeof(words));
			accumulator = words[operand / 4];
			continue;
		case 0x54: /* and #k */
			accumulator &= operand;
			continue;
		case 0x06: /* ret #k */
			return operand;
		case 0x05: /* ja k */
			pc += operand;
			continue;
		case 0x15:
			outcome = accumulator == operand;
			break;
		case 0x25:
			outcome = accumulator > operand;
			break;
		case 0x35:
			outcome = accumulator >= operand;
			break;
		case 0x45:
			outcome = accumulator & operand;
			break;
		default:
			fail_msg("instruction %zu has code 0x%x", pc, filters[pc].code);
			return 0;
		}
		pc += outcome ? filters[pc].jt : filters[pc].jf;
	}
	fail_msg("the program runs off its end");
	return 0;
}

#define ARCHS 33 /* the most that a profile may name, and the node's own */

struct reference {
	json_t *profile;
	uint32_t archs[ARCHS];
	size_t archs_count;
	int64_t highest[ARCHS]; /* number that the profile names; -1: it names none */
};

/* X32 in the form of libseccomp, as the kernel tells it apart only by a bit of the number. */
static uint32_t arch_of(const struct seccomp_data *call)
{
	if (call->arch == SCMP_ARCH_X86_64 && (uint32_t)call->nr >= 0x40000000 && call->nr != -1)
		return SCMP_ARCH_X32;
	return call->arch;
}

static uint32_t arch_of_word(const char *word)
{
	char name[32];
	size_t i;

	word += strlen("SCMP_ARCH_");
	for (i = 0; word[i] && i < sizeof(name) - 1; i++)
		name[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
	name[i] = '\0';
	return seccomp_arch_resolve_name(name);
}

static void add_arch(struct reference *reference, uint32_t arch)
{
	int64_t highest = -1;
	json_t *rule, *name;
	size_t i, j;

	for (i = 0; i < reference->archs_count; i++)
		if (reference->archs[i] == arch)
			return;
	json_array_foreach(json_object_get(reference->profile, "syscalls"), i, rule)
		json_array_foreach(json_object_get(rule, "names"), j, name)
	{
		int nr = seccomp_syscall_resolve_name_arch(arch, json_string_value(name));

		if (nr >= 0 && nr > highest && !(arch == SCMP_ARCH_ARM && nr >= 0xf0000))
			highest = nr;
	}
	reference->archs[reference->archs_count] = arch;
	reference->highest[reference->archs_count++] = highest;
}

struct reference *reference_new(const char *profile_text)
{
	struct reference *reference = calloc(1, sizeof(*reference));
	json_t *arch;
	size_t i;

	assert_non_null(reference);
	reference->profile = json_loads(profile_text, 0, NULL);
	assert_non_null(reference->profile);
	add_arch(reference, seccomp_arch_native());
	json_array_foreach(json_object_get(reference->profile, "architectures"), i, arch)
		add_arch(reference, arch_of_word(json_string_value(arch)));
	return reference;
}

void reference_free(struct reference *reference)
{
	json_decref(reference->profile);
	free(reference);
}

static uint32_t action_of(json_t *object, const char *action_key, const char *errno_key)
{
	static const struct {
		const char *word;
		uint32_t value;
	} actions[] = {
		{ "SCMP_ACT_KILL_PROCESS", 0x80000000 },
		{ "SCMP_ACT_KILL_THREAD", 0 },
		{ "SCMP_ACT_TRAP", 0x30000 },
		{ "SCMP_ACT_ERRNO", 0x50000 },
		{ "SCMP_ACT_NOTIFY", 0x7fc00000 },
		{ "SCMP_ACT_TRACE", 0x7ff00000 },
		{ "SCMP_ACT_LOG", 0x7ffc0000 },
		{ "SCMP_ACT_ALLOW", 0x7fff0000 },
	};
	const char *word = json_string_value(json_object_get(object, action_key));
	json_t *answer = json_object_get(object, errno_key);
	size_t i;

	for (i = 0; strcmp(actions[i].word, word) != 0; i++)
		assert_true(i + 1 < sizeof(actions) / sizeof(actions[0]));
	if (actions[i].value != 0x50000 && actions[i].value != 0x7ff00000)
		return actions[i].value;
	return actions[i].value + (answer ? (uint32_t)json_integer_value(answer) : EPERM);
}

static bool holds(json_t *condition, const struct seccomp_data *call)
{
	const char *op = json_string_value(json_object_get(condition, "op"));
	uint64_t value = (uint64_t)json_integer_value(json_object_get(condition, "value"));
	uint64_t other = (uint64_t)json_integer_value(json_object_get(condition, "valueTwo"));
	uint64_t given = call->args[json_integer_value(json_object_get(condition, "index"))];

	/* 32 bits: libseccomp compares no more; for x32 neither */
	if (!(arch_of(call) & 0x80000000) || arch_of(call) == SCMP_ARCH_X32) {
		value &= UINT32_MAX;
		other &= UINT32_MAX;
	}
	if (strcmp(op, "SCMP_CMP_NE") == 0)
		return given != value;
	if (strcmp(op, "SCMP_CMP_LT") == 0)
		return given < value;
	if (strcmp(op, "SCMP_CMP_LE") == 0)
		return given <= value;
	if (strcmp(op, "SCMP_CMP_EQ") == 0)
		return given == value;
	if (strcmp(op, "SCMP_CMP_GE") == 0)
		return given >= value;
	if (strcmp(op, "SCMP_CMP_GT") == 0)
		return given > value;
	return (given & value) == other;
}

/* Conditions on one and the same argument are a choice, others must all hold. */
static bool all_hold(json_t *conditions, const struct seccomp_data *call)
{
	size_t i, held = 0, count = json_array_size(conditions);
	json_t *condition;
	bool choice = count > 1;

	json_array_foreach(conditions, i, condition)
	{
		held += holds(condition, call);
		choice = choice && json_integer_value(json_object_get(condition, "index")) ==
		                           json_integer_value(json_object_get(
						   json_array_get(conditions, 0), "index"));
	}
	return choice ? held > 0 : held == count;
}

static bool is_named(json_t *rule, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(rule, "names"), i,
	                   item) if (strcmp(json_string_value(item), name) == 0) return true;
	return false;
}

static bool answers_enosys(const struct reference *reference, size_t arch, uint32_t number)
{
	uint32_t action = action_of(reference->profile, "defaultAction", "defaultErrnoRet");

	if (reference->highest[arch] < 0 || (int64_t)number <= reference->highest[arch])
		return false;
	if (number == UINT32_MAX || (reference->archs[arch] == SCMP_ARCH_ARM && number >= 0xf0000))
		return false;
	return action != (0x50000 | ENOSYS) &&
	       (action == 0x80000000 || (action & 0xffff0000) <= 0x50000);
}

/* Whether a rule that says something (the default's own action is none) is about this call. */
static bool speaks_of(const struct reference *reference, json_t *rule, const char *name)
{
	return is_named(rule, name) &&
	       action_of(rule, "action", "errnoRet") !=
	               action_of(reference->profile, "defaultAction", "defaultErrnoRet");
}

/* The first rule of a call that has no conditions: it holds, whatever those with conditions say. */
static json_t *plain_rule(const struct reference *reference, const char *name)
{
	json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(reference->profile, "syscalls"), i, rule)
	{
		if (speaks_of(reference, rule, name) &&
		    json_array_size(json_object_get(rule, "args")) == 0)
			return rule;
	}
	return NULL;
}

/* Of several rules whose conditions hold, any may decide: the spec does not say which. */
static bool admits_by_name(const struct reference *reference, const struct seccomp_data *call,
                           const char *name, uint32_t answer)
{
	json_t *rule = plain_rule(reference, name);
	bool holds_any = false, admitted = false;
	size_t i;

	if (rule)
		return answer == action_of(rule, "action", "errnoRet");
	json_array_foreach(json_object_get(reference->profile, "syscalls"), i, rule)
	{
		if (!speaks_of(reference, rule, name) ||
		    !all_hold(json_object_get(rule, "args"), call))
			continue;
		holds_any = true;
		admitted = admitted || answer == action_of(rule, "action", "errnoRet");
	}
	if (holds_any)
		return admitted;
	return answer == action_of(reference->profile, "defaultAction", "defaultErrnoRet");
}

bool reference_admits(const struct reference *reference, const struct seccomp_data *call,
                      uint32_t answer)
{
	uint32_t arch = arch_of(call);
	char *name = call->nr < 0 ? NULL : seccomp_syscall_resolve_num_arch(arch, call->nr);
	bool admitted;
	size_t at;

	for (at = 0; at < reference->archs_count && reference->archs[at] != arch; at++)
		;
	if (name && at < reference->archs_count &&
	    !answers_enosys(reference, at, (uint32_t)call->nr))
		admitted = admits_by_name(reference, call, name, answer);
	else
		admitted = answer == reference_answer(reference, call);
	free(name);
	return admitted;
}

uint32_t reference_answer(const struct reference *reference, const struct seccomp_data *call)
{
	uint32_t arch = arch_of(call), fallback, number = (uint32_t)call->nr;
	json_t *rule, *conditions;
	bool only_conditions;
	char *name;
	size_t i, at;

	for (at = 0; at < reference->archs_count && reference->archs[at] != arch; at++)
		;
	if (at == reference->archs_count)
		return 0; /* KILL_THREAD: an architecture that was not asked for */
	if (answers_enosys(reference, at, number))
		return 0x50000 | ENOSYS;
	fallback = action_of(reference->profile, "defaultAction", "defaultErrnoRet");
	/* below 0 libseccomp has numbers of its own, which are no calls */
	name = call->nr < 0 ? NULL : seccomp_syscall_resolve_num_arch(arch, call->nr);
	if (!name)
		return fallback;
	for (only_conditions = false;; only_conditions = true) {
		json_array_foreach(json_object_get(reference->profile, "syscalls"), i, rule)
		{
			conditions = json_object_get(rule, "args");
			if (!is_named(rule, name) ||
			    only_conditions != (json_array_size(conditions) > 0) ||
			    !all_hold(conditions, call))
				continue;
			free(name);
			return action_of(rule, "action", "errnoRet");
		}
		if (only_conditions)
			break;
	}
	free(name);
	return fallback;
}

int reference_is_multiplexed(const struct seccomp_data *call)
{
	return call->arch == SCMP_ARCH_X86 && (call->nr == 102 || call->nr == 117);
}
