#include "lifecycle/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "support/file.h"
#include "support/process_id.h"

int foreground_begin(struct foreground *foreground, struct ironbox_error *error)
{
	/* what the runtime's own faults raise must still end it */
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
	sigset_t signals;
	size_t i;

	sigfillset(&signals);
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&signals, own[i]);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return error_begin(error, errno, "block signals");
	foreground->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return foreground->signal_fd < 0 ? error_begin(error, errno, "make a signalfd") : 0;
}

static void copy_size(int master_fd)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(master_fd, TIOCSWINSZ, &size); /* a wrong size is no reason to stop */
}

int foreground_take_terminal(struct foreground *foreground, int master_fd,
                             struct ironbox_error *error)
{
	struct termios raw;

	foreground->master_fd = master_fd;
	if (fcntl(master_fd, F_SETFL, O_NONBLOCK) < 0)
		return error_begin(error, errno, "make the terminal's master not block");
	if (tcgetattr(STDIN_FILENO, &foreground->before) < 0)
		return 0; /* stdin is no terminal: its bytes go in all the same */
	copy_size(master_fd);
	raw = foreground->before;
	cfmakeraw(&raw);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
		return error_begin(error, errno, "make the terminal raw");
	foreground->is_raw = true;
	return 0;
}

/* Every dead child; among them orphans of the container, whose reaper we are. */
static void reap(struct foreground *foreground)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == foreground->pid) {
			foreground->dead = true;
			foreground->status = status;
		}
}

static void take_signals(struct foreground *foreground, int pidfd)
{
	struct signalfd_siginfo info;

	while (read(foreground->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;

		if (number == SIGCHLD)
			reap(foreground);
		else if (number == SIGWINCH && foreground->master_fd >= 0)
			copy_size(foreground->master_fd);
		else if (number != SIGPIPE && number != SIGURG) /* ours, not the user's */
			process_signal(pidfd, number);          /* ESRCH: SIGCHLD tells soon */
	}
}

/* Bytes of the caller on their way to the terminal's master, which may be full. */
struct input {
	char bytes[4096];
	size_t size;
	bool ended;
};

static void take_input(struct input *input)
{
	ssize_t got = read(STDIN_FILENO, input->bytes, sizeof(input->bytes));

	if (got > 0)
		input->size = (size_t)got;
	else if (got == 0 || (errno != EINTR && errno != EAGAIN))
		input->ended = true;
}

static void give_input(struct input *input, int master_fd)
{
	ssize_t written = write(master_fd, input->bytes, input->size);
	size_t i;

	if (written < 0) {
		if (errno != EINTR && errno != EAGAIN)
			input->size = 0;
		return;
	}
	input->size -= (size_t)written;
	for (i = 0; i < input->size; i++)
		input->bytes[i] = input->bytes[i + (size_t)written];
}

/* false: the terminal has no more to say. EIO is its end of file, when no process has it open. */
static bool carry_output(int master_fd)
{
	char bytes[16384];
	ssize_t got = read(master_fd, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	/* who reads our stdout may be gone: the process goes on all the same */
	return got > 0 && (file_write_all(STDOUT_FILENO, bytes, (size_t)got) == 0 || true);
}

static void drain_output(int master_fd)
{
	struct pollfd polled = { .fd = master_fd, .events = POLLIN };

	while (poll(&polled, 1, 0) > 0 && carry_output(master_fd))
		;
}

static int wait_once(struct foreground *foreground, struct input *input, int pidfd,
                     struct ironbox_error *error)
{
	bool wants_input = foreground->master_fd >= 0 && input->size == 0 && !input->ended;
	struct pollfd polled[] = {
		{ .fd = foreground->signal_fd, .events = POLLIN },
		{ .fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = foreground->master_fd,
		  .events = (short)(POLLIN | (input->size ? POLLOUT : 0)) },
	};

	if (poll(polled, 3, -1) < 0)
		return errno == EINTR ? 0 : error_begin(error, errno, "poll");
	if (polled[0].revents)
		take_signals(foreground, pidfd);
	if (polled[1].revents)
		take_input(input);
	if (polled[2].revents & POLLOUT)
		give_input(input, foreground->master_fd);
	if (polled[2].revents & (POLLIN | POLLHUP | POLLERR) &&
	    !carry_output(foreground->master_fd))
		replace_fd(&foreground->master_fd, -1);
	return 0;
}

int foreground_wait(struct foreground *foreground, pid_t pid, int pidfd, int *exit_code,
                    struct ironbox_error *error)
{
	struct input input = { .size = 0 };

	foreground->pid = pid;
	reap(foreground); /* it may have died before we could hear of it */
	while (!foreground->dead)
		if (wait_once(foreground, &input, pidfd, error) < 0)
			return -1;
	if (foreground->master_fd >= 0)
		drain_output(foreground->master_fd);
	*exit_code = WIFSIGNALED(foreground->status) ? 128 + WTERMSIG(foreground->status)
	                                             : WEXITSTATUS(foreground->status);
	return 0;
}

void foreground_end(struct foreground *foreground)
{
	if (foreground->is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &foreground->before);
	ironbox_close_at_end(&foreground->signal_fd);
	ironbox_close_at_end(&foreground->master_fd);
	*foreground = FOREGROUND_NONE;
}
