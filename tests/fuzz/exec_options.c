/* What `exec` says on its command line in the place of a process file: a flag, then, a line each,
 * user, cwd, two of env, two capabilities and a group. */
#include <ctype.h>
#include <string.h>

#include "harness.h"
#include "oci/process.h"
#include "paper_host.h"
#include "spec_checks.h"

static const char config[] =
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"/\"},\"process\":{\"cwd\":\"/"
	"\",\"args\":[\"a\"],"
	"\"user\":{\"uid\":7,\"gid\":8},\"capabilities\":{\"inheritable\":[\"CAP_KILL\"]}}}";

/* TD2: the numbers from 0 to 2^32-2 as printf(3) writes them, and nothing else. */
static bool is_id(const char *text, size_t size, uint32_t *id)
{
	char printed[16];
	unsigned long long number = 0;

	for (size_t i = 0; i < size; i++)
		if (!isdigit((unsigned char)text[i]) || size > 10)
			return false;
	for (size_t i = 0; i < size; i++)
		number = number * 10 + (unsigned)(text[i] - '0');
	snprintf(printed, sizeof(printed), "%llu", number);
	*id = (uint32_t)number;
	return size > 0 && number < UINT32_MAX && strlen(printed) == size &&
	       memcmp(printed, text, size) == 0;
}

static bool is_user(const char *text, uint32_t *uid, uint32_t *gid)
{
	const char *colon = strchr(text, ':');

	if (!is_id(text, colon ? (size_t)(colon - text) : strlen(text), uid))
		return false;
	return !colon || is_id(colon + 1, strlen(colon + 1), gid);
}

static bool has_text(const struct ironbox_value *list, const char *text)
{
	for (size_t i = 0; i < value_count(list); i++)
		if (strcmp(value_text(value_item(list, i, NULL)), text) == 0)
			return true;
	return false;
}

/* CVE-2022-29162: what is added is not inheritable, and ambient only if it was. */
static void check_capabilities(const struct spec *spec, const char *const *added)
{
	const struct ironbox_value *inheritable = spec_at(spec, "process.capabilities.inheritable");
	const struct ironbox_value *ambient = spec_at(spec, "process.capabilities.ambient");

	CHECK(value_count(inheritable) == 1 && has_text(inheritable, "CAP_KILL"), "not as it was");
	for (size_t i = 0; i < value_count(ambient); i++)
		CHECK(strcmp(value_text(value_item(ambient, i, NULL)), "CAP_KILL") == 0,
		      "ambient, and never inheritable");
	for (; *added; added++)
		CHECK(has_text(spec_at(spec, "process.capabilities.bounding"), *added), "%s",
		      *added);
}

static bool is_of_one_name(const char *one, const char *other)
{
	size_t size = strcspn(one, "=");

	return strcspn(other, "=") == size && memcmp(one, other, size) == 0;
}

/* There are two at most, and of two of one name the last counts. */
static void check_env(const struct oci_process *process, const char *const *env)
{
	if (env[0] && env[1] && is_of_one_name(env[0], env[1]))
		env++;
	for (size_t i = 0; i < process->env_count || env[i]; i++)
		CHECK(i < process->env_count && env[i] && strcmp(process->env[i], env[i]) == 0,
		      "variable %zu", i);
}

static void check_applied(const struct spec *spec, const struct process_options *options)
{
	uint32_t uid = 7, gid = 8;
	struct oci_process process;
	ERROR_NONE(error);

	CHECK(!options->user || is_user(options->user, &uid, &gid), "user %s", options->user);
	CHECK(process_read(&process, spec, &error) == 0, "%s", error_text(&error));
	CHECK(process.uid == uid && process.gid == gid, "%u:%u", process.uid, process.gid);
	CHECK(process.terminal == options->terminal, "the terminal");
	CHECK(process.no_new_privileges == options->no_new_privileges, "no_new_privs");
	CHECK(!options->cwd || strcmp(process.cwd, options->cwd) == 0, "%s", process.cwd);
	check_env(&process, options->env);
	process_free(&process);
	check_capabilities(spec, options->capabilities);
	check_process(spec);
}

static void apply(const struct process_options *options)
{
	cleanup_spec struct spec spec = SPEC_NONE;
	uint32_t uid, gid;
	bool right = !options->user || is_user(options->user, &uid, &gid);
	ERROR_NONE(error);

	for (size_t i = 0; options->additional_gids[i]; i++)
		right = right && is_id(options->additional_gids[i],
		                       strlen(options->additional_gids[i]), &gid);
	right = right && (!options->cwd || options->cwd[0] == '/');
	for (size_t i = 0; options->env[i]; i++)
		right = right && strchr(options->env[i], '=');
	CHECK(spec_parse(&spec, SPEC_CONFIG, "own", config, strlen(config), &error) == 0, "%s",
	      error_text(&error));
	if (process_apply_options(&spec, options, &error) < 0) {
		paper_host_check_error(&error);
		CHECK(!right, "%s", error_text(&error));
		return;
	}
	CHECK(right, "taken, and yet wrong");
	check_applied(&spec, options);
}

#define LINES 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t flags = input_byte(&input);
	char *lines[LINES];
	const char *lists[3][3] = { { NULL } };

	for (size_t i = 0; i < LINES; i++)
		lines[i] = input_text(&input, '\n');
	for (size_t i = 2; i < LINES; i++)
		if (*lines[i]) /* two lines a list, but for the last */
			lists[(i - 2) / 2][lists[(i - 2) / 2][0] ? 1 : 0] = lines[i];
	const struct process_options options = {
		.user = flags & 1 ? lines[0] : NULL,
		.cwd = *lines[1] ? lines[1] : NULL,
		.env = lists[0],
		.capabilities = lists[1],
		.additional_gids = lists[2],
		.terminal = flags & 2,
		.no_new_privileges = flags & 4,
	};

	apply(&options);
	for (size_t i = 0; i < LINES; i++)
		free(lines[i]);
	return 0;
}
