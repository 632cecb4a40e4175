#include "box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "stdio/child.h"
#include "support/log.h"
#include "support/time.h"

unsigned char pattern(uint64_t offset)
{
	return (unsigned char)((offset * 2654435761u) >> 13 ^ offset >> 20);
}

void write_pattern(int fd, uint64_t size, size_t piece)
{
	static unsigned char bytes[65536];

	for (uint64_t at = 0; at < size;) {
		size_t now = piece < sizeof(bytes) ? piece : sizeof(bytes);
		ssize_t written;

		if (now > size - at)
			now = (size_t)(size - at);
		for (size_t i = 0; i < now; i++)
			bytes[i] = pattern(at + i);
		written = write(fd, bytes, now);
		if (written < 0)
			_exit(99);
		at += (uint64_t)written;
	}
}

void assert_file_is_pattern(const char *path, uint64_t size)
{
	FILE *file = fopen(path, "re");
	uint64_t at = 0;
	int byte;

	assert_non_null(file);
	while ((byte = fgetc(file)) != EOF) {
		if (byte != pattern(at))
			fail_msg("%s: byte %llu is wrong", path, (unsigned long long)at);
		at++;
	}
	fclose(file);
	assert_int_equal(at, size);
}

uint64_t file_size(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0 ? 0 : (uint64_t)status.st_size;
}

void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

unsigned times_logged(struct box *box, const char *line)
{
	FILE *log = fopen(box->log, "re");
	char text[4096];
	unsigned count = 0;

	assert_non_null(log);
	while (fgets(text, sizeof(text), log))
		count += strstr(text, line) != NULL;
	fclose(log);
	return count;
}

void make_fifo(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

unsigned open_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 3; /* . and .. and the folder itself */
}

/* ---- the loop ---- */

static void process_is_dead(struct box *box, int status)
{
	box->exited = true;
	box->status = status;
	if (box->stdio && box->drain_ms >= 0)
		stdio_process_ended(box->stdio, box->drain_ms);
}

static void on_child(struct watch *watch, uint32_t events)
{
	struct box *box = watch->context;
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)events;
	while (read(watch->fd, &info, sizeof(info)) > 0)
		continue;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (workers_reaped(&box->workers, pid, status))
			continue;
		if (pid == box->process) {
			process_is_dead(box, status);
		} else if (box->stdio && stdio_reaped(box->stdio, pid)) {
			box->reaped_loggers++;
		} else { /* the process, if it was quicker than the worker's answer */
			box->strangers++;
			box->stranger = pid;
			box->stranger_status = status;
		}
	}
}

struct waiting {
	struct box *box;
	struct timer timer;
	bool (*holds)(struct box *box);
	const bool *flag;
	int64_t until_ms;
	bool done;
};

static void on_tick(struct timer *timer)
{
	struct waiting *waiting = timer->context;

	waiting->done = waiting->flag    ? *waiting->flag
	                : waiting->holds ? waiting->holds(waiting->box)
	                                 : false;
	if (waiting->done || time_now_ms() >= waiting->until_ms)
		loop_stop(&waiting->box->loop);
	else
		loop_arm(&waiting->box->loop, timer, time_now_ms() + 1);
}

static bool run(struct waiting *waiting, int first_ms, int ms)
{
	ERROR_NONE(error);

	waiting->timer.due = on_tick;
	waiting->timer.context = waiting;
	waiting->until_ms = time_now_ms() + ms;
	loop_arm(&waiting->box->loop, &waiting->timer, time_now_ms() + first_ms);
	if (loop_run(&waiting->box->loop, &error) < 0)
		fail_msg("%s", error_text(&error));
	return waiting->done;
}

void box_await(struct box *box, const bool *flag)
{
	struct waiting waiting = { .box = box, .flag = flag };

	if (!run(&waiting, 0, NEVER_MS))
		fail_msg("not in time");
}

void box_await_that(struct box *box, bool (*holds)(struct box *box))
{
	struct waiting waiting = { .box = box, .holds = holds };

	if (!run(&waiting, 0, NEVER_MS))
		fail_msg("not in time");
}

void box_run_ms(struct box *box, int ms)
{
	struct waiting waiting = { .box = box };

	run(&waiting, ms, ms);
}

/* ---- a client ---- */

static void take_output(struct client *client, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++, client->got++) {
		client->wrong |= bytes[i] != pattern(client->got);
		if (client->got < sizeof(client->text) - 1)
			client->text[client->got] = (char)bytes[i];
	}
}

static void on_output(struct watch *watch, uint32_t events)
{
	struct client *client = watch->context;
	static unsigned char bytes[65536];
	ssize_t size;

	(void)events;
	/* as containerd's clients do, to the end of what is there: who has opened a FIFO that has
	 * no writer is not told of the end by poll(2) */
	while ((size = read(watch->fd, bytes, sizeof(bytes))) > 0)
		take_output(client, bytes, (size_t)size);
	client->ended = size == 0 || (size < 0 && errno != EAGAIN);
	if (client->ended) /* that a FIFO has no writer is told again and again */
		loop_unwatch(&client->box->loop, watch);
}

void client_go_on(struct box *box, struct client *client)
{
	ERROR_NONE(error);

	assert_int_equal(loop_watch(&box->loop, &client->watch, EPOLLIN, &error), 0);
}

void client_stall(struct box *box, struct client *client)
{
	loop_unwatch(&box->loop, &client->watch);
}

void client_attach(struct box *box, struct client *client, const char *path)
{
	client->box = box;
	client->watch.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(client->watch.fd >= 0);
	client->watch.ready = on_output;
	client->watch.context = client;
	client->ended = false;
	client_go_on(box, client);
}

void client_detach(struct box *box, struct client *client)
{
	loop_unwatch(&box->loop, &client->watch);
	replace_fd(&client->watch.fd, -1);
}

/* ---- a process ---- */

struct order {
	struct box *box;
	const struct stdio_request *request;
	void (*body)(void);
};

/* As the engine does it: the slave is 0, 1, 2 and the controlling terminal. */
static int open_terminal(int slave[3], int *master_fd)
{
	char name[64];

	*master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master_fd < 0 || grantpt(*master_fd) < 0 || unlockpt(*master_fd) < 0 ||
	    ptsname_r(*master_fd, name, sizeof(name)) != 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		slave[i] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (slave[i] < 0)
			return -1;
	}
	return 0;
}

static _Noreturn void process_main(const int *stdio, bool terminal, void (*body)(void))
{
	signal(SIGPIPE, SIG_DFL);
	for (int i = 0; i < 3; i++)
		if (dup2(stdio[i], i) < 0)
			_exit(98);
	close_range(3, ~0U, 0);
	setsid();
	if (terminal)
		ioctl(0, TIOCSCTTY, 0);
	body();
	_exit(0);
}

static int run_order(const void *given, struct worker_reply *reply, struct ironbox_error *error)
{
	const struct order *order = given;
	struct stdio_ends *ends = malloc(sizeof(*ends));
	cleanup_close int pidfd = -1;
	int slave[3], master_fd = -1;
	pid_t pid;

	if (!ends || stdio_open(order->request, ends, error) < 0)
		return -1;
	if (order->request->terminal && open_terminal(slave, &master_fd) < 0)
		return error_begin(error, errno, "open a terminal");
	pid = child_clone(&pidfd);
	if (pid == 0)
		process_main(order->request->terminal ? slave : ends->process,
		             order->request->terminal, order->body);
	if (pid < 0)
		return error_begin(error, errno, "clone");
	stdio_close_process(ends);
	reply->numbers[0] = pid;
	reply->numbers[1] = master_fd >= 0;
	reply->bytes = ends;
	reply->size = sizeof(*ends);
	for (int i = 0; i < STDIO_SHIM_FDS; i++)
		if (ends->shim[i] >= 0)
			reply->fds[reply->fd_count++] = ends->shim[i];
	if (master_fd >= 0)
		reply->fds[reply->fd_count++] = master_fd;
	return 0;
}

static void on_taken(void *context)
{
	struct box *box = context;

	assert_false(box->taken);
	box->taken = true;
}

static void on_drained(void *context)
{
	struct box *box = context;

	assert_false(box->drained);
	box->drained = true;
}

static void take_process(struct box *box, struct worker_reply *reply)
{
	struct stdio_ends ends;
	struct stdio_place place = { .loop = &box->loop,
		                     .left = &box->left,
		                     .name = "box",
		                     .settings = &box->settings,
		                     .taken_by_client = on_taken,
		                     .drained = on_drained,
		                     .context = box };
	unsigned at = 0;
	ERROR_NONE(error);

	assert_int_equal(reply->size, sizeof(ends));
	memcpy(&ends, reply->bytes, sizeof(ends));
	for (int i = 0; i < STDIO_SHIM_FDS; i++)
		if (ends.shim[i] >= 0)
			ends.shim[i] = steal_fd(&reply->fds[at++]);
	if (reply->numbers[1])
		box->master_fd = steal_fd(&reply->fds[at++]);
	box->process = (pid_t)reply->numbers[0];
	box->stdio = stdio_begin(&place, &ends, box->master_fd, &error);
	if (!box->stdio)
		fail_msg("%s", error_text(&error));
	if (box->stranger == box->process)
		process_is_dead(box, box->stranger_status);
}

static void on_opened(void *context, struct worker_reply *reply, const struct ironbox_error *error)
{
	struct box *box = context;

	box->opened = true;
	box->error[0] = '\0';
	if (error)
		snprintf(box->error, sizeof(box->error), "%s", error_text(error));
	else
		take_process(box, reply);
}

struct stdio_request box_request(struct box *box)
{
	return (struct stdio_request){ .in = box->in,
		                       .out = box->out,
		                       .err = box->err,
		                       .terminal = box->terminal,
		                       .container_id = "web1",
		                       .namespace = "tests",
		                       .settings = &box->settings };
}

bool box_try(struct box *box, const struct stdio_request *request, void (*body)(void))
{
	struct order order = { .box = box, .request = request, .body = body };
	struct worker_request work = { .what = "open the streams",
		                       .deadline_ms = box->deadline_ms,
		                       .run = run_order,
		                       .request = &order,
		                       .done = on_opened,
		                       .context = box };
	ERROR_NONE(error);

	box->opened = box->exited = box->taken = box->drained = false;
	box->master_fd = -1;
	assert_int_equal(worker_start(&box->workers, &work, &error), 0);
	box_await(box, &box->opened);
	return box->stdio != NULL;
}

void box_start(struct box *box, void (*body)(void))
{
	struct stdio_request request = box_request(box);

	if (!box_try(box, &request, body))
		fail_msg("%s", box->error);
}

void box_end(struct box *box)
{
	stdio_end(box->stdio);
	box->stdio = NULL;
}

/* ---- the box ---- */

int box_setup(void **state)
{
	struct box *box = calloc(1, sizeof(*box));
	sigset_t child;
	ERROR_NONE(error);

	assert_non_null(box);
	strcpy(box->folder, "/tmp/ironbox-stdio-XXXXXX");
	assert_non_null(mkdtemp(box->folder));
	snprintf(box->in, sizeof(box->in), "%s/in", box->folder);
	snprintf(box->out, sizeof(box->out), "%s/out", box->folder);
	snprintf(box->err, sizeof(box->err), "%s/err", box->folder);
	make_fifo(box->in);
	make_fifo(box->out);
	make_fifo(box->err);
	snprintf(box->log, sizeof(box->log), "%s/log", box->folder);
	process_log.fd = open(box->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	assert_int_equal(sigprocmask(SIG_BLOCK, &child, NULL), 0);
	assert_int_equal(loop_open(&box->loop, &error), 0);
	box->workers.loop = &box->loop;
	box->signals = (struct watch){ .fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK),
		                       .ready = on_child,
		                       .context = box };
	assert_int_equal(loop_watch(&box->loop, &box->signals, EPOLLIN, &error), 0);
	box->settings = (struct stdio_settings){ .on_stall = STDIO_BLOCK,
		                                 .spill_limit = 16u << 20,
		                                 .spill_folder = box->folder,
		                                 .loggers = "" };
	box->client.watch.fd = box->err_client.watch.fd = -1;
	box->drain_ms = NEVER_MS;
	box->deadline_ms = NEVER_MS;
	*state = box;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

int box_teardown(void **state)
{
	struct box *box = *state;
	int status;
	pid_t pid;

	client_detach(box, &box->client);
	client_detach(box, &box->err_client);
	box_end(box);
	if (box->process > 0 && !box->exited) {
		kill(-box->process, SIGKILL);
		kill(box->process, SIGKILL);
	}
	while ((pid = waitpid(-1, &status, 0)) > 0)
		workers_reaped(&box->workers, pid, status);
	close(process_log.fd);
	close(box->signals.fd);
	loop_close(&box->loop);
	assert_int_equal(nftw(box->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(box);
	return 0;
}
