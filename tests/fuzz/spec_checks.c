#include "spec_checks.h"

#include <jansson.h>
#include <string.h>

#include "harness.h"
#include "oci/hooks.h"
#include "oci/process.h"
#include "paper_host.h"

void check_document_error(const struct ironbox_error *error, const char *name)
{
	const char *text = error_text(error);
	size_t size = strlen(name);
	int line, column, end = 0;

	paper_host_check_error(error);
	if (strlen(text) == ERROR_TEXT_MAX - 1) /* its front was cut off */
		return;
	CHECK(strncmp(text, name, size) == 0 && text[size] == ':', "%s", text);
	text += size + 1;
	if (*text != ' ')
		CHECK(sscanf(text, "%d:%d: %n", &line, &column, &end) == 2 && end > 0, "%s", text);
	CHECK(text[end] != '\0', "no words: %s", error_text(error));
}

void check_printed_again(const struct spec *spec, enum spec_kind kind)
{
	const json_t *root = (const json_t *)spec->root;
	cleanup_spec struct spec again = SPEC_NONE;
	cleanup_free char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);
	bool is_printable = true;
	ERROR_NONE(error);

	CHECK(text, "it can't be printed");
	/* numbers beyond int64_t are texts that no JSON has: oci/huge.c */
	for (const char *huge = text; (huge = strstr(huge, "\"\\u0000")); is_printable = false) {
		huge += strlen("\"\\u0000");
		huge += *huge == '-';
		CHECK(*huge >= '1' && *huge <= '9', "no number: %s", huge);
		huge += strspn(huge, "0123456789");
		CHECK(*huge == '"', "no number: %s", huge);
	}
	if (!is_printable)
		return;
	CHECK(spec_parse(&again, kind, "again", text, strlen(text), &error) == 0, "%s",
	      error_text(&error));
	CHECK(json_equal(root, (const json_t *)again.root), "%s", text);
}

static int check_one(void *context, const char *path, const char *owner)
{
	const struct spec *spec = context;

	CHECK(owner && *owner, "%s: nobody's", path);
	CHECK(spec_at(spec, path), "%s: not there", path);
	return 0;
}

void check_asked(const struct spec *spec)
{
	spec_each_asked(spec, check_one, (void *)(uintptr_t)spec); /* it is only read */
}

static void check_strings(const char *const *strings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		CHECK(strings[i], "item %zu is no text", i);
	CHECK(!strings[count], "no NULL at the end");
}

static void check_ids(const struct oci_process *process)
{
	CHECK(process->uid != (uid_t)-1 && process->gid != (gid_t)-1, "an id that is none");
	CHECK(!process->has_umask || process->umask <= 0777, "umask %o", process->umask);
	for (size_t i = 0; i < process->additional_gids_count; i++)
		CHECK(process->additional_gids[i] != (gid_t)-1, "group %zu is none", i);
}

static void check_numbers(const struct oci_process *process)
{
	const struct oci_scheduler *scheduler = &process->scheduler;
	int class = process->io_priority >> 13, level = process->io_priority & 0x1fff;

	CHECK(process->oom_score_adj >= -1000 && process->oom_score_adj <= 1000, "%d",
	      process->oom_score_adj);
	CHECK(scheduler->nice >= -20 && scheduler->nice <= 19, "%d", scheduler->nice);
	CHECK(scheduler->priority <= 99, "%u", scheduler->priority);
	CHECK(scheduler->policy <= 6 && scheduler->flags <= 0x7f, "%u", scheduler->policy);
	CHECK(!process->has_io_priority || (class >= 1 && class <= 3 && level <= 7), "%d",
	      process->io_priority);
}

static void check_rlimits(const struct oci_process *process)
{
	for (size_t i = 0; i < process->rlimits_count; i++) {
		const struct oci_rlimit *limit = &process->rlimits[i];

		CHECK(limit->resource >= 0 && limit->resource < RLIM_NLIMITS, "%d",
		      limit->resource);
		CHECK(limit->limit.rlim_cur <= limit->limit.rlim_max, "%s", limit->type);
		for (size_t j = 0; j < i; j++)
			CHECK(process->rlimits[j].resource != limit->resource, "%s twice",
			      limit->type);
	}
}

void check_process(const struct spec *spec)
{
	struct oci_process process;
	ERROR_NONE(error);

	if (process_read(&process, spec, &error) < 0) {
		paper_host_check_error(&error);
		CHECK(strncmp(error_text(&error), "process", strlen("process")) == 0, "%s",
		      error_text(&error));
		return;
	}
	CHECK(process.args_count > 0, "no args");
	check_strings(process.args, process.args_count);
	check_strings(process.env, process.env_count);
	for (size_t i = 0; i < process.env_count; i++)
		CHECK(strchr(process.env[i], '='), "TD5: %s", process.env[i]);
	CHECK(process.cwd[0] == '/', "%s", process.cwd);
	check_ids(&process);
	check_numbers(&process);
	check_rlimits(&process);
	process_free(&process);
}

static void check_hook(const struct oci_hook *hook)
{
	size_t args = 0, env = 0;

	CHECK(hook->path && hook->path[0] == '/', "%s", hook->path);
	CHECK(hook->timeout <= INT32_MAX, "%u", hook->timeout);
	while (hook->args[args])
		args++;
	CHECK(args > 0, "%s: not even its name", hook->path);
	for (; hook->env[env]; env++)
		CHECK(strchr(hook->env[env], '='), "%s", hook->env[env]);
}

void check_hooks(const struct spec *spec)
{
	for (enum hook_kind kind = 0; kind < HOOK_KINDS; kind++) {
		struct oci_hooks hooks = { 0 };
		ERROR_NONE(error);

		if (hooks_read(&hooks, spec, kind, &error) < 0)
			paper_host_check_error(&error);
		else
			CHECK((hooks.count > 0) == hooks_asked(spec, kind), "%s: %zu of them",
			      hook_names[kind], hooks.count);
		for (size_t i = 0; i < hooks.count; i++)
			check_hook(&hooks.items[i]);
		hooks_free(&hooks);
	}
}
