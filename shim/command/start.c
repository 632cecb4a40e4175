/*
 * containerd reads stdout and stderr as one text until both are closed: on success there is the
 * address and nothing else. What can fail is done before the fork; then the socket listens already,
 * so that containerd may connect before the daemon has come to its loop.
 */
#include "command/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "command/bootstrap.h"
#include "command/daemon.h"
#include "command/group.h"
#include "command/placement.h"
#include "command/socket.h"
#include "options/options.h"
#include "support/file.h"

#define STDIN_WAIT_MS 10000

/* What `start` finds out. */
struct start {
	const struct arguments *arguments;
	struct bootstrap bootstrap;
	char *group; /* owned; NULL: none */
	const char *containerd, *ttrpc_address;
	struct shim_socket socket;
};

static void start_free(struct start *start)
{
	socket_release(&start->socket);
	bootstrap_free(&start->bootstrap);
	free(start->group);
}

/* The first that says something, or NULL. */
static const char *first_of(const char *parameter, const char *argument, const char *variable)
{
	if (parameter && *parameter)
		return parameter;
	if (argument && *argument)
		return argument;
	variable = getenv(variable);
	return variable && *variable ? variable : NULL;
}

static int find_containerd(struct start *start, struct ironbox_error *error)
{
	start->containerd =
		first_of(start->bootstrap.grpc_address, start->arguments->address, "GRPC_ADDRESS");
	if (!start->containerd)
		return error_begin(error, 0, "-address is missing: containerd's socket");
	start->ttrpc_address = first_of(start->bootstrap.ttrpc_address, NULL, "TTRPC_ADDRESS");
	if (!start->ttrpc_address)
		return error_begin(error, 0,
		                   "TTRPC_ADDRESS is not set: where containerd takes events");
	return 0;
}

/* Also where another shim serves the bundle: containerd 1.6 finds that one again by this file.
 * Before the socket is there, so that `delete` finds what a start that was killed has left. */
static int write_address(const struct shim_socket *socket, char *address,
                         struct ironbox_error *error)
{
	socket_address(socket, address);
	if (file_replace(AT_FDCWD, "address", address, strlen(address), 0600) < 0)
		return error_begin(error, errno, "write the file address");
	return 0;
}

static int place(const struct start *start, struct ironbox_error *warning,
                 struct ironbox_error *error)
{
	const struct bootstrap *bootstrap = &start->bootstrap;
	const char *sched_core = getenv("SCHED_CORE");
	struct task_options options = { 0 };
	int result;

	placement_oom_score(getppid(), warning); /* no reason to run no containers */
	if (sched_core && *sched_core && placement_sched_core(error) < 0)
		return -1;
	if (!bootstrap->options_type)
		return 0;
	if (task_options_read(&options, bootstrap->options_type, bootstrap->options,
	                      bootstrap->options_size, error) < 0)
		return error_context(error, "the runtime's options");
	result = options.shim_cgroup ? placement_cgroup(options.shim_cgroup, error) : 0;
	task_options_free(&options);
	return result;
}

static pid_t fork_daemon(struct start *start, char **argv, struct ironbox_error *error)
{
	ERROR_NONE(warning);
	struct daemon daemon = {
		.arguments = start->arguments,
		.group = start->group,
		.containerd = start->containerd,
		.debug = start->arguments->debug || start->bootstrap.debug,
		.argv = argv,
		.warning = &warning,
	};
	struct serve_settings settings = {
		.ttrpc_address = start->ttrpc_address,
		.socket_path = start->socket.name.sun_path,
		.listen_fd = start->socket.fd,
		.debug = daemon.debug,
	};
	cleanup_close int log_fd = -1;
	pid_t pid;

	if (place(start, &warning, error) < 0)
		return -1;
	daemon.log_fd = log_fd = daemon_open_log(error);
	if (log_fd < 0 || daemon_set_name(&daemon, &settings, error) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		daemon_run(&daemon, &settings);
	if (pid < 0)
		error_begin(error, errno, "fork the daemon");
	free(daemon.words);
	return pid;
}

/* Whom nobody was told of must not stay. */
static void end_daemon(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int serve(struct start *start, char **argv, struct ironbox_error *error)
{
	char address[SOCKET_ADDRESS_SIZE];
	pid_t pid = 0;

	if (write_address(&start->socket, address, error) < 0 ||
	    socket_claim(&start->socket, error) < 0)
		return -1;
	if (!start->socket.living)
		pid = fork_daemon(start, argv, error);
	if (pid < 0)
		return -1;
	if (bootstrap_answer(&start->bootstrap, STDOUT_FILENO, address, error) < 0) {
		if (pid > 0)
			end_daemon(pid);
		return -1;
	}
	start->socket.claimed = false; /* the daemon's */
	return 0;
}

static int run(struct start *start, char **argv, struct ironbox_error *error)
{
	const struct arguments *arguments = start->arguments;

	if (bootstrap_read(&start->bootstrap, STDIN_FILENO, STDIN_WAIT_MS, arguments, error) < 0 ||
	    find_containerd(start, error) < 0 ||
	    group_of_bundle(AT_FDCWD, &start->group, error) < 0 ||
	    socket_name(&start->socket, start->bootstrap.socket_dir, start->containerd,
	                arguments->namespace, start->group ? start->group : arguments->id,
	                error) < 0)
		return -1;
	return serve(start, argv, error);
}

int start_run(const struct arguments *arguments, char **argv, struct ironbox_error *error)
{
	__attribute__((cleanup(start_free))) struct start start = {
		.arguments = arguments,
		.socket = SHIM_SOCKET_NONE,
	};

	return run(&start, argv, error);
}
