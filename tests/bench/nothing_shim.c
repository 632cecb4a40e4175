/*
 * containerd-shim-nothing-v1: a shim that runs nothing. It answers the task API, tells the events
 * that containerd waits for, and opens the streams that a client waits for; each process of it ends
 * in the moment that it is started. So what a container takes with it is what `ctr` and containerd
 * themselves need: the floor that shims are compared above.
 *
 * The init of a container whose id begins with "idle" lives until it is killed: for execs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "events/publisher.h"
#include "messages/events.pb-c.h"
#include "messages/task.pb-c.h"
#include "ttrpc/ttrpc.h"

enum { IN, OUT, ERR, STREAMS };

struct process {
	struct process *next;
	char id[80]; /* of an exec; "": init */
	int streams[STREAMS];
	bool ended;
	uint32_t exit_status;
	Google__Protobuf__Timestamp exited_at;
	struct ttrpc_call *waiter;
};

struct nothing {
	struct loop loop;
	struct publisher *publisher;
	struct ttrpc_server *server;
	char id[80];
	struct process *processes;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "containerd-shim-nothing-v1: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* ---- processes ---- */

static struct process *find_process(const struct nothing *nothing, const char *id)
{
	struct process *process = nothing->processes;

	while (process && strcmp(process->id, id) != 0)
		process = process->next;
	return process;
}

/* A client's open(2) of a FIFO waits for ours. */
static int open_stream(const char *path, int flags)
{
	return path[0] ? open(path, flags | O_NONBLOCK | O_CLOEXEC) : -1;
}

static void add_process(struct nothing *nothing, const char *id, const char *const *paths)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		fail("calloc");
	snprintf(process->id, sizeof(process->id), "%s", id);
	process->streams[IN] = open_stream(paths[IN], O_RDONLY);
	process->streams[OUT] = open_stream(paths[OUT], O_RDWR);
	process->streams[ERR] = open_stream(paths[ERR], O_RDWR);
	google__protobuf__timestamp__init(&process->exited_at);
	process->next = nothing->processes;
	nothing->processes = process;
}

static void remove_process(struct nothing *nothing, struct process *process)
{
	struct process **at = &nothing->processes;

	while (*at != process)
		at = &(*at)->next;
	*at = process->next;
	free(process);
}

static void answer_wait(struct process *process)
{
	Containerd__Task__V2__WaitResponse response = CONTAINERD__TASK__V2__WAIT_RESPONSE__INIT;

	if (!process->waiter || !process->ended)
		return;
	response.exit_status = process->exit_status;
	response.exited_at = &process->exited_at;
	ttrpc_reply(process->waiter, &response.base);
	process->waiter = NULL;
}

static void end_process(struct nothing *nothing, struct process *process, uint32_t exit_status)
{
	Containerd__Events__TaskExit event = CONTAINERD__EVENTS__TASK_EXIT__INIT;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	process->ended = true;
	process->exit_status = exit_status;
	process->exited_at.seconds = now.tv_sec;
	process->exited_at.nanos = (int32_t)now.tv_nsec;
	for (int i = 0; i < STREAMS; i++)
		if (process->streams[i] >= 0)
			close(process->streams[i]);
	event.container_id = nothing->id;
	event.id = process->id[0] ? process->id : nothing->id;
	event.pid = (uint32_t)getpid();
	event.exit_status = exit_status;
	event.exited_at = &process->exited_at;
	publisher_send(nothing->publisher, "/tasks/exit", &event.base);
	answer_wait(process);
}

/* ---- methods ---- */

static void answer_empty(struct ttrpc_call *call)
{
	Google__Protobuf__Empty empty = GOOGLE__PROTOBUF__EMPTY__INIT;

	ttrpc_reply(call, &empty.base);
}

/* NULL, and the call has been answered. */
static struct process *answer_process(struct nothing *nothing, struct ttrpc_call *call,
                                      const char *exec_id)
{
	struct process *process = find_process(nothing, exec_id);

	if (!process)
		ttrpc_fail(call, TTRPC_NOT_FOUND, "no process %s", exec_id);
	return process;
}

static void on_create(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__CreateTaskRequest *request = given;
	const char *const paths[] = { request->stdin, request->stdout, request->stderr };
	Containerd__Task__V2__CreateTaskResponse response =
		CONTAINERD__TASK__V2__CREATE_TASK_RESPONSE__INIT;
	Containerd__Events__TaskCreate event = CONTAINERD__EVENTS__TASK_CREATE__INIT;
	struct nothing *nothing = context;

	snprintf(nothing->id, sizeof(nothing->id), "%s", request->id);
	add_process(nothing, "", paths);
	event.container_id = request->id;
	event.bundle = request->bundle;
	event.n_rootfs = request->n_rootfs;
	event.rootfs = request->rootfs;
	event.pid = response.pid = (uint32_t)getpid();
	publisher_send(nothing->publisher, "/tasks/create", &event.base);
	ttrpc_reply(call, &response.base);
}

static void on_exec(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__ExecProcessRequest *request = given;
	const char *const paths[] = { request->stdin, request->stdout, request->stderr };
	Containerd__Events__TaskExecAdded event = CONTAINERD__EVENTS__TASK_EXEC_ADDED__INIT;
	struct nothing *nothing = context;

	add_process(nothing, request->exec_id, paths);
	event.container_id = request->id;
	event.exec_id = request->exec_id;
	publisher_send(nothing->publisher, "/tasks/exec-added", &event.base);
	answer_empty(call);
}

static void tell_start(struct nothing *nothing, const struct process *process)
{
	Containerd__Events__TaskStart start = CONTAINERD__EVENTS__TASK_START__INIT;
	Containerd__Events__TaskExecStarted exec = CONTAINERD__EVENTS__TASK_EXEC_STARTED__INIT;

	start.container_id = exec.container_id = nothing->id;
	exec.exec_id = (char *)(uintptr_t)process->id; /* only read */
	start.pid = exec.pid = (uint32_t)getpid();
	if (process->id[0])
		publisher_send(nothing->publisher, "/tasks/exec-started", &exec.base);
	else
		publisher_send(nothing->publisher, "/tasks/start", &start.base);
}

static void on_start(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__StartRequest *request = given;
	Containerd__Task__V2__StartResponse response = CONTAINERD__TASK__V2__START_RESPONSE__INIT;
	struct nothing *nothing = context;
	struct process *process = answer_process(nothing, call, request->exec_id);

	if (!process)
		return;
	tell_start(nothing, process);
	response.pid = (uint32_t)getpid();
	ttrpc_reply(call, &response.base);
	if (process->id[0] || strncmp(nothing->id, "idle", 4) != 0)
		end_process(nothing, process, 0);
}

static void on_wait(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__WaitRequest *request = given;
	struct process *process = answer_process(context, call, request->exec_id);

	if (!process)
		return;
	process->waiter = call;
	answer_wait(process);
}

static void on_kill(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__KillRequest *request = given;
	struct process *process = answer_process(context, call, request->exec_id);

	if (!process)
		return;
	answer_empty(call);
	if (!process->ended)
		end_process(context, process, 128 + request->signal);
}

static void on_delete(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__DeleteRequest *request = given;
	Containerd__Task__V2__DeleteResponse response = CONTAINERD__TASK__V2__DELETE_RESPONSE__INIT;
	Containerd__Events__TaskDelete event = CONTAINERD__EVENTS__TASK_DELETE__INIT;
	struct nothing *nothing = context;
	struct process *process = answer_process(nothing, call, request->exec_id);

	if (!process)
		return;
	response.pid = event.pid = (uint32_t)getpid();
	response.exit_status = event.exit_status = process->exit_status;
	response.exited_at = event.exited_at = &process->exited_at;
	event.container_id = nothing->id;
	if (!process->id[0])
		publisher_send(nothing->publisher, "/tasks/delete", &event.base);
	ttrpc_reply(call, &response.base);
	remove_process(nothing, process);
}

static void on_state(void *context, struct ttrpc_call *call, const void *given)
{
	const Containerd__Task__V2__StateRequest *request = given;
	Containerd__Task__V2__StateResponse response = CONTAINERD__TASK__V2__STATE_RESPONSE__INIT;
	struct process *process = answer_process(context, call, request->exec_id);

	if (!process)
		return;
	response.id = request->id;
	response.pid = (uint32_t)getpid();
	response.status = process->ended ? CONTAINERD__V1__TYPES__STATUS__STOPPED
	                                 : CONTAINERD__V1__TYPES__STATUS__RUNNING;
	response.exit_status = process->exit_status;
	response.exited_at = &process->exited_at;
	ttrpc_reply(call, &response.base);
}

static void on_connect(void *context, struct ttrpc_call *call, const void *given)
{
	Containerd__Task__V2__ConnectResponse response =
		CONTAINERD__TASK__V2__CONNECT_RESPONSE__INIT;

	(void)context, (void)given;
	response.shim_pid = response.task_pid = (uint32_t)getpid();
	ttrpc_reply(call, &response.base);
}

/* CloseIO: there is nobody who would read it. */
static void on_other(void *context, struct ttrpc_call *call, const void *given)
{
	(void)context, (void)given;
	answer_empty(call);
}

static void stop(void *context)
{
	struct nothing *nothing = context;

	loop_stop(&nothing->loop);
}

static void on_shutdown(void *context, struct ttrpc_call *call, const void *given)
{
	struct nothing *nothing = context;

	(void)given;
	answer_empty(call);
	publisher_flush(nothing->publisher, 1000, stop, nothing);
}

#define METHOD(name, message, handler)                                                         \
	{                                                                                      \
		.service = "containerd.task.v2.Task", .method = (name),                        \
		.request = &containerd__task__v2__##message##__descriptor, .handle = (handler) \
	}

static const struct ttrpc_method methods[] = {
	METHOD("Create", create_task_request, on_create),
	METHOD("Start", start_request, on_start),
	METHOD("State", state_request, on_state),
	METHOD("Wait", wait_request, on_wait),
	METHOD("Exec", exec_process_request, on_exec),
	METHOD("Kill", kill_request, on_kill),
	METHOD("CloseIO", close_iorequest, on_other),
	METHOD("Delete", delete_request, on_delete),
	METHOD("Connect", connect_request, on_connect),
	METHOD("Shutdown", shutdown_request, on_shutdown),
	{ .service = NULL },
};

/* ---- the daemon ---- */

static void serve_requests(struct watch *watch, uint32_t events)
{
	struct nothing *nothing = watch->context;

	(void)events;
	ttrpc_server_serve(nothing->server);
}

static _Noreturn void serve(int listen_fd, const char *namespace)
{
	static struct nothing nothing;
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct watch watch = { .ready = serve_requests, .context = &nothing };
	ERROR_NONE(error);

	for (int fd = 0; fd < 3; fd++) /* who started us waits for the end of these */
		dup2(null_fd, fd);
	if (setsid() < 0 || chdir("/") < 0 || loop_open(&nothing.loop, &error) < 0)
		fail("begin");
	nothing.publisher =
		publisher_new(&nothing.loop, getenv("TTRPC_ADDRESS"), namespace, &error);
	nothing.server = ttrpc_server_new(listen_fd, methods, &nothing);
	if (!nothing.publisher || !nothing.server)
		fail("serve");
	watch.fd = ttrpc_server_fd(nothing.server);
	if (loop_watch(&nothing.loop, &watch, EPOLLIN, &error) < 0 ||
	    loop_run(&nothing.loop, &error) < 0)
		fail("serve");
	ttrpc_server_flush(nothing.server, 1000);
	exit(EXIT_SUCCESS);
}

/* containerd runs us in the bundle, which it removes afterwards: the socket goes with it. */
static void start(const char *namespace)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char folder[sizeof(address.sun_path) - sizeof("/nothing")];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	FILE *file;
	pid_t pid;

	if (!getcwd(folder, sizeof(folder)))
		fail("name the socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/nothing", folder);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 16) < 0)
		fail(address.sun_path);
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0)
		serve(fd, namespace);
	printf("unix://%s", address.sun_path);
	file = fopen("address", "we"); /* by which a containerd that was restarted finds a shim */
	if (!file)
		fail("write the file address");
	fprintf(file, "unix://%s", address.sun_path);
	fclose(file);
}

static void delete (void)
{
	Containerd__Task__V2__DeleteResponse response = CONTAINERD__TASK__V2__DELETE_RESPONSE__INIT;
	uint8_t bytes[16];

	response.exit_status = 137;
	fwrite(bytes, 1, containerd__task__v2__delete_response__pack(&response, bytes), stdout);
}

int main(int count, char **arguments)
{
	const char *namespace = "default", *action = count > 1 ? arguments[count - 1] : "";

	signal(SIGPIPE, SIG_IGN);
	for (int at = 1; at + 1 < count; at++)
		if (strcmp(arguments[at], "-namespace") == 0)
	namespace = arguments[at + 1];
	if (strcmp(action, "start") == 0)
		start(namespace);
	else if (strcmp(action, "delete") == 0)
		delete ();
	else
		return 64;
	return EXIT_SUCCESS;
}
