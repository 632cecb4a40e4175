/* exec: one more process in a container that runs. */
#include "cli/commands.h"
#include "cli/create.h"

struct exec_options {
	const char *process, *cwd, *user, *apparmor, *process_label;
	const char *console_socket, *pidfd_socket, *pid_file;
	struct option_list env, capabilities, additional_gids, cgroups;
	uint32_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
};

static const struct option_row exec_rows[] = {
	OPTION(struct exec_options, process, "process", 'p', "FILE",
	       "take the process from this process.json"),
	OPTION(struct exec_options, cwd, "cwd", 0, "DIR", "working directory in the container"),
	OPTION(struct exec_options, env, "env", 'e', "NAME=VALUE",
	       "add to the environment (repeatable)"),
	OPTION(struct exec_options, tty, "tty", 't', NULL, "give it a terminal"),
	/* "" is refused: who it runs as must not follow from a variable that happens to be empty */
	{ OPTION_ROW(struct exec_options, user), .name = "user", .letter = 'u',
	  .metavar = "UID[:GID]", .help = "run as this user", .takes_empty = true },
	OPTION(struct exec_options, additional_gids, "additional-gids", 'g', "GID",
	       "be in this group too (repeatable)"),
	OPTION(struct exec_options, detach, "detach", 'd', NULL, "do not wait for its end"),
	CONSOLE_OPTIONS(struct exec_options),
	OPTION(struct exec_options, process_label, "process-label", 0, "LABEL",
	       "the SELinux label of the process"),
	OPTION(struct exec_options, apparmor, "apparmor", 0, "PROFILE",
	       "the AppArmor profile of the process"),
	OPTION(struct exec_options, no_new_privs, "no-new-privs", 0, NULL,
	       "set no_new_privs for the process"),
	OPTION(struct exec_options, capabilities, "cap", 'c', "CAP",
	       "add a capability (repeatable)"),
	PRESERVE_FDS_OPTION(struct exec_options),
	OPTION(struct exec_options, cgroups, "cgroup", 0, "PATH",
	       "run in this cgroup below the container's"),
	OPTION(struct exec_options, ignore_paused, "ignore-paused", 0, NULL,
	       "also in a paused container: it waits there"),
	OPTION_ROWS_END,
};

static uint64_t exec_preserved_fds(const void *options)
{
	return ((const struct exec_options *)options)->preserve_fds;
}

/* The first option that is given and says what a process file says itself; NULL: none. --tty is
 * none of them: podman gives both, and the file counts. */
static const char *told_twice(const struct exec_options *options, char *const *command)
{
	const struct {
		const char *name;
		bool given;
	} rows[] = {
		{ "a command", command[0] != NULL },
		{ "--cwd", options->cwd },
		{ "--env", options->env.count > 0 },
		{ "--user", options->user },
		{ "--additional-gids", options->additional_gids.count > 0 },
		{ "--process-label", options->process_label },
		{ "--apparmor", options->apparmor },
		{ "--no-new-privs", options->no_new_privs },
		{ "--cap", options->capabilities.count > 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].given)
			return rows[i].name;
	return NULL;
}

static int check_options(const char *id, const struct exec_options *options, char *const *command,
                         struct ironbox_error *error)
{
	const char *twice = options->process ? told_twice(options, command) : NULL;

	if (twice)
		return error_begin(error, 0, "exec %s: --process and %s exclude each other", id,
		                   twice);
	if (!options->process && !command[0])
		return error_begin(error, 0, "exec %s: a command or --process is missing", id);
	if (options->cgroups.count > 1)
		return error_begin(error, 0, "exec %s: --cgroup can be given once", id);
	return 0;
}

static int run_exec(struct invocation *invocation, struct ironbox_error *error)
{
	const struct exec_options *options = invocation->options;
	const char *id = invocation_id(invocation);
	char *const *command = invocation->arguments + 1;
	struct exec_request request = {
		.id = id,
		.process_path = options->process,
		.options = {
			.args = (const char *const *)command,
			.cwd = options->cwd,
			.user = options->user,
			.env = options->env.items,
			.capabilities = options->capabilities.items,
			.additional_gids = options->additional_gids.items,
			.apparmor = options->apparmor,
			.process_label = options->process_label,
			.terminal = options->tty,
			.no_new_privileges = options->no_new_privs,
		},
		.console_socket = options->console_socket,
		.pidfd_socket = options->pidfd_socket,
		.pid_file = options->pid_file,
		.cgroup = options->cgroups.count > 0 ? options->cgroups.items[0] : NULL,
		.preserve_fds = options->preserve_fds,
		.detach = options->detach,
		.ignore_paused = options->ignore_paused,
	};

	if (check_options(id, options, command, error) < 0)
		return -1;
	return container_exec(invocation->runtime, &request, &invocation->status, error);
}

const struct command exec_command = {
	.name = "exec",
	.arguments = "ID COMMAND [ARGUMENT...] | --process FILE ID",
	.summary = "run one more process in a running container",
	.more = "Options stand before ID: what follows it is the command's own. Exits with the "
		"status\n"
		"of the process, 128+N if signal N ended it, or with 255 if it could not be run.",
	.fewest = 1,
	.most = ANY_NUMBER,
	.reach = REACH_CONTAINER,
	.argument_ends_options = true,
	.failure_status = 255, /* as with runc: 1 may be the command's own */
	.options = exec_rows,
	.options_size = sizeof(struct exec_options),
	.preserved_fds = exec_preserved_fds,
	.run = run_exec,
};
