/*
 * Of rules with conditions libseccomp 2.5 makes trees, and errs in them where several rules about
 * one call look at different arguments: some calls are answered as if another rule were about them.
 * So the program is run here for such calls, with arguments on all sides of those that the rules
 * compare with, beside a plain reading of the rules. A profile whose program would answer otherwise
 * is refused.
 */
#include <linux/audit.h>
#include <string.h>

#include "program.h"

#define ARGUMENTS    6
#define VALUES_MAX   48
#define ATTEMPTS_MAX 2048

/* One call of one architecture, and what its arguments are tried with. */
struct trial {
	const struct profile *profile;
	const char *name;
	bool is_narrow; /* 32 bits of an argument are compared */
	uint64_t values[ARGUMENTS][VALUES_MAX];
	size_t counts[ARGUMENTS];
};

static bool is_decided_by_arguments(const struct profile *profile, size_t index, const char *name);
static bool answers_hold(const struct program *program, const struct profile *profile,
                         const char *name, uint32_t architecture, int number);

const char *program_verify(const struct program *program, const struct profile *profile,
                           const struct libseccomp *library)
{
	size_t i, j, k;

	for (i = 0; i < profile->rules_count; i++) {
		const struct rule *rule = &profile->rules[i];

		for (j = 0; rule->conditions_count && j < rule->names_count; j++) {
			const char *name = rule->names[j];
			uint32_t native = library->arch_native();

			if (!is_decided_by_arguments(profile, i, name))
				continue;
			if (!answers_hold(program, profile, name, native,
			                  library->resolve_for(native, name)))
				return name;
			for (k = 0; k < profile->architectures_count; k++)
				if (!answers_hold(
					    program, profile, name, profile->architectures[k],
					    library->resolve_for(profile->architectures[k], name)))
					return name;
		}
	}
	return NULL;
}

bool rule_names(const struct rule *rule, const char *name)
{
	size_t i;

	for (i = 0; i < rule->names_count; i++)
		if (strcmp(rule->names[i], name) == 0)
			return true;
	return false;
}

bool rule_is_choice(const struct rule *rule)
{
	size_t i;

	if (rule->conditions_count < 2)
		return false;
	for (i = 0; i < rule->conditions_count; i++)
		if (rule->conditions[i].arg != rule->conditions[0].arg ||
		    (rule->conditions[i].op != SCMP_CMP_EQ &&
		     rule->conditions[i].op != SCMP_CMP_MASKED_EQ))
			return false;
	return true;
}

/* The default's own action says nothing, and is not compiled. */
static bool speaks_of(const struct profile *profile, const struct rule *rule, const char *name)
{
	return rule->action != profile->default_action && rule_names(rule, name);
}

/* Whether this is the first rule with conditions about that call, and there is none without, which
 * would stand above it. */
static bool is_decided_by_arguments(const struct profile *profile, size_t index, const char *name)
{
	size_t i;

	for (i = 0; i < profile->rules_count; i++) {
		const struct rule *rule = &profile->rules[i];

		if (speaks_of(profile, rule, name) && (!rule->conditions_count || i < index))
			return false;
	}
	return true;
}

static bool condition_holds(const struct scmp_arg_cmp *condition, uint64_t given, bool is_narrow)
{
	uint64_t mask = is_narrow ? UINT32_MAX : UINT64_MAX;
	uint64_t value = condition->datum_a & mask, other = condition->datum_b & mask;

	switch (condition->op) {
	case SCMP_CMP_NE:
		return given != value;
	case SCMP_CMP_LT:
		return given < value;
	case SCMP_CMP_LE:
		return given <= value;
	case SCMP_CMP_EQ:
		return given == value;
	case SCMP_CMP_GE:
		return given >= value;
	case SCMP_CMP_GT:
		return given > value;
	default: /* SCMP_CMP_MASKED_EQ: profile.c lets no others in */
		return (given & value) == other;
	}
}

static bool rule_holds(const struct rule *rule, const uint64_t *arguments, bool is_narrow)
{
	bool is_choice = rule_is_choice(rule);
	size_t i;

	for (i = 0; i < rule->conditions_count; i++)
		if (condition_holds(&rule->conditions[i], arguments[rule->conditions[i].arg],
		                    is_narrow) == is_choice)
			return is_choice;
	return !is_choice;
}

/* Where several hold, the answer may be that of any: the specification says no more. */
static bool is_admitted(const struct trial *trial, const uint64_t *arguments, uint32_t answer)
{
	const struct profile *profile = trial->profile;
	bool holds_any = false;
	size_t i;

	for (i = 0; i < profile->rules_count; i++) {
		const struct rule *rule = &profile->rules[i];

		if (!speaks_of(profile, rule, trial->name) ||
		    !rule_holds(rule, arguments, trial->is_narrow))
			continue;
		if (answer == rule->action)
			return true;
		holds_any = true;
	}
	return !holds_any && answer == profile->default_action;
}

static void add_value(struct trial *trial, unsigned argument, uint64_t value)
{
	size_t *count = &trial->counts[argument], i;

	if (trial->is_narrow)
		value &= UINT32_MAX;
	for (i = 0; i < *count; i++)
		if (trial->values[argument][i] == value)
			return;
	if (*count < VALUES_MAX)
		trial->values[argument][(*count)++] = value;
}

/* A program compares the halves of an argument one after the other: the neighbours of both. */
static void add_neighbours(struct trial *trial, const struct scmp_arg_cmp *condition)
{
	static const int64_t steps[] = { 0, 1, -1 };
	uint64_t value = condition->datum_a, other = condition->datum_b;
	size_t high, low;

	if (condition->op == SCMP_CMP_MASKED_EQ) {
		add_value(trial, condition->arg, other);
		add_value(trial, condition->arg, other | ~value);
		add_value(trial, condition->arg, other ^ (value & -value)); /* its lowest bit */
		add_value(trial, condition->arg, ~other);
		return;
	}
	for (high = 0; high < 3; high++)
		for (low = 0; low < 3; low++)
			add_value(trial, condition->arg,
			          ((value >> 32) + (uint64_t)steps[high]) << 32 |
			                  ((value + (uint64_t)steps[low]) & UINT32_MAX));
}

static void collect_values(struct trial *trial)
{
	const struct profile *profile = trial->profile;
	size_t i, j;

	for (i = 0; i < ARGUMENTS; i++)
		add_value(trial, (unsigned)i, 0);
	for (i = 0; i < profile->rules_count; i++) {
		const struct rule *rule = &profile->rules[i];

		for (j = 0; speaks_of(profile, rule, trial->name) && j < rule->conditions_count;
		     j++)
			add_neighbours(trial, &rule->conditions[j]);
	}
}

/* All combinations where they are few; else as many as that, spread over them. */
static void choose_arguments(const struct trial *trial, uint64_t attempt, bool are_few,
                             uint64_t arguments[ARGUMENTS])
{
	uint64_t mixed = (attempt + 1) * 0x9e3779b97f4a7c15u; /* 2^64 by the golden ratio */
	size_t i;

	for (i = 0; i < ARGUMENTS; i++) {
		uint64_t *rest = are_few ? &attempt : &mixed;

		arguments[i] = trial->values[i][*rest % trial->counts[i]];
		*rest /= trial->counts[i];
		mixed ^= mixed >> 29;
	}
}

static bool answers_hold(const struct program *program, const struct profile *profile,
                         const char *name, uint32_t architecture, int number)
{
	struct trial trial = { .profile = profile, .name = name };
	struct seccomp_data call = { .nr = number, .arch = architecture };
	uint64_t attempt, combinations = 1;
	size_t i;

	/* x86's two calls of many have rules of other calls in them; below 0 it has no such call */
	if (number < 0 || (architecture == SCMP_ARCH_X86 &&
	                   (strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0)))
		return true;
	if (architecture == SCMP_ARCH_X32)
		call.arch = SCMP_ARCH_X86_64; /* its numbers tell them apart */
	/* libseccomp takes x32 for one of 32 bits */
	trial.is_narrow = architecture == SCMP_ARCH_X32 || !(architecture & __AUDIT_ARCH_64BIT);
	collect_values(&trial);
	for (i = 0; i < ARGUMENTS && combinations <= ATTEMPTS_MAX; i++)
		combinations *= trial.counts[i];
	for (attempt = 0; attempt < combinations && attempt < ATTEMPTS_MAX; attempt++) {
		uint64_t arguments[ARGUMENTS];

		choose_arguments(&trial, attempt, combinations <= ATTEMPTS_MAX, arguments);
		memcpy(call.args, arguments, sizeof(arguments));
		if (!is_admitted(&trial, arguments, program_answer(program, &call)))
			return false;
	}
	return true;
}
