/* From a profile to a program, by libseccomp. Only what is not in the cache comes here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "program.h"
#include "words.h"

/* What the steps of one compilation share. */
struct compiler {
	const struct profile *profile;
	const struct libseccomp *library;
	const struct ironbox_host *host;
	scmp_filter_ctx filter;
};

static int add_architectures(const struct compiler *compiler, struct ironbox_error *error);
static int add_rule(const struct compiler *compiler, size_t index, struct ironbox_error *error);
static int put_known_call_first(const struct compiler *compiler, struct ironbox_error *error);
static int export_program(const struct compiler *compiler, struct program *program,
                          struct ironbox_error *error);

static int verify(const struct compiler *compiler, const struct program *program,
                  struct ironbox_error *error);

int program_compile(struct program *program, const struct profile *profile,
                    const struct libseccomp *library, const struct ironbox_host *host,
                    struct ironbox_error *error)
{
	struct compiler compiler = { profile, library, host, NULL };
	size_t i;
	int result;

	/* As if the kernel had all: what it lacks is asked of facts, and a program from the cache
	 * must not depend on what a kernel had. 6: NOTIFY, and flags that only a load needs. */
	library->api_set(6);
	compiler.filter = library->init(profile->default_action);
	if (!compiler.filter)
		return host->fail(error, 0, "%s.defaultAction: libseccomp refuses it",
		                  profile->where);
	result = add_architectures(&compiler, error);
	for (i = 0; result == 0 && i < profile->rules_count; i++)
		result = add_rule(&compiler, i, error);
	if (result == 0)
		result = put_known_call_first(&compiler, error);
	if (result == 0)
		result = export_program(&compiler, program, error);
	library->release(compiler.filter);
	if (result == 0 && program_optimise(program) < 0)
		result = host->fail(error, errno, "shorten the program of %s", profile->where);
	if (result == 0 && program->count > BPF_MAXINSNS)
		result = host->fail(error, 0, "%s: %zu instructions, the kernel takes %d",
		                    profile->where, program->count, BPF_MAXINSNS);
	if (result == 0)
		result = verify(&compiler, program, error);
	if (result == 0)
		program_check(program, library->arch_native());
	return result;
}

void program_free(struct program *program)
{
	free(program->memory);
	*program = (struct program){ 0 };
}

/* The node's own is there from the start; without the others its calls of that kind are killed. */
static int add_architectures(const struct compiler *compiler, struct ironbox_error *error)
{
	const struct profile *profile = compiler->profile;
	size_t i;

	for (i = 0; i < profile->architectures_count; i++) {
		uint32_t architecture = profile->architectures[i];
		int result = compiler->library->arch_add(compiler->filter, architecture);

		if (result < 0 && result != -EEXIST)
			return compiler->host->fail(
				error, 0, "%s.architectures[%zu]: libseccomp can't have %s here",
				profile->where, i, word_of(architecture_words, architecture));
	}
	return 0;
}

static int add_call(const struct compiler *compiler, const struct rule *rule, int number)
{
	int result = 0;
	size_t i;

	if (!rule_is_choice(rule))
		return compiler->library->rule_add(compiler->filter, rule->action, number,
		                                   (unsigned)rule->conditions_count,
		                                   rule->conditions);
	for (i = 0; result == 0 && i < rule->conditions_count; i++)
		result = compiler->library->rule_add(compiler->filter, rule->action, number, 1,
		                                     &rule->conditions[i]);
	return result;
}

/* Whether a rule without conditions lets pass what this one is to stop on a condition: libseccomp
 * would silently drop this one. (Of two rules without conditions the first one holds, for it, runc
 * and crun; podman's own default has setns in two, allowed first.) */
static bool is_overruled(const struct profile *profile, size_t index, const char *name)
{
	const struct rule *rule = &profile->rules[index];
	size_t i;

	for (i = 0; rule->conditions_count && i < profile->rules_count; i++)
		if (!profile->rules[i].conditions_count &&
		    is_more_permissive(profile->rules[i].action, rule->action) &&
		    rule_names(&profile->rules[i], name))
			return true;
	return false;
}

static int add_name(const struct compiler *compiler, size_t index, const char *name,
                    struct ironbox_error *error)
{
	const struct profile *profile = compiler->profile;
	const struct rule *rule = &profile->rules[index];
	const struct ironbox_host *host = compiler->host;
	int number = compiler->library->resolve(name), result;

	if (is_overruled(profile, index, name))
		return host->fail(
			error, 0,
			"%s.syscalls[%zu].names: %s is to be stopped here, but another rule "
			"lets it pass",
			profile->where, index, name);
	if (rule->action == profile->default_action)
		return 0; /* says nothing, and libseccomp refuses it: EACCES */
	if (number == __NR_SCMP_ERROR) {
		/* Without a rule that would have let it pass, it gets less than asked: well. */
		if (!is_more_permissive(profile->default_action, rule->action))
			return 0;
		return host->fail(
			error, 0,
			"%s.syscalls[%zu].names: libseccomp does not know %s, which it is to "
			"restrict",
			profile->where, index, name);
	}
	result = add_call(compiler, rule, number);
	if (result == -EINVAL && rule->conditions_count > 1)
		return host->fail(
			error, 0,
			"%s.syscalls[%zu].args: libseccomp takes one condition an argument",
			profile->where, index);
	if (result < 0)
		return host->fail(error, -result, "%s.syscalls[%zu]: add the rule of %s",
		                  profile->where, index, name);
	return 0;
}

static int add_rule(const struct compiler *compiler, size_t index, struct ironbox_error *error)
{
	const struct rule *rule = &compiler->profile->rules[index];
	size_t i;

	for (i = 0; i < rule->names_count; i++)
		if (add_name(compiler, index, rule->names[i], error) < 0)
			return -1;
	return 0;
}

static bool has_x32(const struct profile *profile)
{
	size_t i;

	for (i = 0; i < profile->architectures_count; i++)
		if (profile->architectures[i] == SCMP_ARCH_X32)
			return true;
	return false;
}

/* The first rule's name that x86-64 and x32 both have as a call; NULL: none. *has_rules: some rule
 * is there at all. */
static const char *find_shared_name(const struct compiler *compiler, bool *has_rules)
{
	const struct profile *profile = compiler->profile;
	size_t i, j;

	*has_rules = false;
	for (i = 0; i < profile->rules_count; i++) {
		const struct rule *rule = &profile->rules[i];

		for (j = 0; j < rule->names_count && rule->action != profile->default_action; j++) {
			const char *name = rule->names[j];

			if (compiler->library->resolve(name) == __NR_SCMP_ERROR)
				continue;
			*has_rules = true;
			if (compiler->library->resolve_for(SCMP_ARCH_X86_64, name) >= 0 &&
			    compiler->library->resolve_for(SCMP_ARCH_X32, name) >= 0)
				return name;
		}
	}
	return NULL;
}

/* For x86-64 with x32, libseccomp 2.5 loads the call's number at the first call of its list, and
 * where that is one that neither of them has, as socketcall, not at all: no rule would hold then,
 * and under a default of ALLOW all that was to be stopped would pass. So a known one comes first.
 */
static int put_known_call_first(const struct compiler *compiler, struct ironbox_error *error)
{
	const struct profile *profile = compiler->profile;
	bool has_rules;
	const char *name;

	if (!has_x32(profile))
		return 0;
	name = find_shared_name(compiler, &has_rules);
	if (!name && has_rules)
		return compiler->host->fail(
			error, 0,
			"%s.architectures: libseccomp can't have SCMP_ARCH_X32 where no rule "
			"names a call of it",
			profile->where);
	if (name && compiler->library->priority(compiler->filter, compiler->library->resolve(name),
	                                        UINT8_MAX) < 0)
		return compiler->host->fail(error, 0, "%s: put %s first", profile->where, name);
	return 0;
}

/* seccomp_export_bpf(3) writes to an fd, and to an fd only (to memory since 2.6). */
static int export_program(const struct compiler *compiler, struct program *program,
                          struct ironbox_error *error)
{
	cleanup_close int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct sock_filter prologue[ENOSYS_MAX];
	struct stat status;
	size_t skipped;
	int result;

	if (fd < 0)
		return compiler->host->fail(error, errno, "make a memfd for the program");
	result = compiler->library->export_bpf(compiler->filter, fd);
	if (result < 0)
		return compiler->host->fail(error, -result, "%s: compile it",
		                            compiler->profile->where);
	skipped = enosys_prologue(prologue, compiler->profile, compiler->library->arch_native(),
	                          compiler->library);
	if (fstat(fd, &status) < 0)
		return compiler->host->fail(error, errno, "read the program back");
	program->memory = malloc(skipped * sizeof(*prologue) + (size_t)status.st_size);
	if (!program->memory)
		return compiler->host->fail(error, errno, "read the program back");
	program->filters = program->memory;
	memcpy(program->filters, prologue, skipped * sizeof(*prologue));
	if (pread(fd, program->filters + skipped, (size_t)status.st_size, 0) != status.st_size)
		return compiler->host->fail(error, errno, "read the program back");
	program->count = skipped + (size_t)status.st_size / sizeof(*prologue);
	return 0;
}

static int verify(const struct compiler *compiler, const struct program *program,
                  struct ironbox_error *error)
{
	const char *wrong = program_verify(program, compiler->profile, compiler->library);

	if (!wrong)
		return 0;
	return compiler->host->fail(
		error, 0,
		"%s.syscalls: what libseccomp makes of the rules about %s does not mean the same "
		"(its rules with conditions are too many, or too different)",
		compiler->profile->where, wrong);
}
