#include "lifecycle/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <ironbox/cleanup.h>

#include "lifecycle/pid_file.h"
#include "lifecycle/send_fd.h"
#include "support/file.h"
#include "support/process_id.h"
#include "support/progress.h"

int outside_set_oom_score(const struct container *container, struct ironbox_error *error)
{
	char path[64], text[16];
	cleanup_close int fd = -1;

	if (!container->process.has_oom_score_adj)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)container->pid);
	snprintf(text, sizeof(text), "%d", container->process.oom_score_adj);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && file_write_all(fd, text, strlen(text)) == 0)
		return 0;
	if (errno == EACCES && container->runtime->rootless)
		return 0; /* lowering is root's; podman, rootless, asks for what it can't have */
	return error_begin(error, errno, "process.oomScoreAdj: write %s to %s", text, path);
}

int outside_explain_death(struct container *container, const char *who, struct ironbox_error *error)
{
	siginfo_t info = { 0 };

	if (error_is_told(error))
		return -1;
	if (container->pidfd >= 0 && process_wait_dead(container->pidfd, 1000) &&
	    waitid(P_PIDFD, (id_t)container->pidfd, &info, WEXITED | WNOWAIT) == 0 &&
	    info.si_code != CLD_EXITED)
		return error_begin(error, 0, "%s died of signal %d", who, info.si_status);
	return error_begin(error, 0, "%s ended without a word", who);
}

int outside_await_ready(struct container *container, const char *who, struct ironbox_error *error)
{
	progress_write(container->pipeline.progress,
	               container->joiner_made ? PROGRESS_WAIT "the process" : PROGRESS_WAIT "init",
	               NULL);
	if (channel_await(&container->channel, MESSAGE_READY, NULL, error) < 0)
		return outside_explain_death(container, who, error);
	return 0;
}

int outside_take_terminal(struct container *container, const char *who, struct ironbox_error *error)
{
	struct message message = { .fd = -1 };

	progress_write(container->pipeline.progress, PROGRESS_WAIT "a terminal", NULL);
	if (channel_await(&container->channel, MESSAGE_CONSOLE, &message, error) < 0)
		return outside_explain_death(container, who, error);
	if (message.fd < 0)
		return error_begin(error, 0, "%s sent no terminal", who);
	return message.fd;
}

int outside_give_terminal(const struct container *container, const char *console_socket,
                          int master_fd, struct ironbox_error *error)
{
	cleanup_close int fd = master_fd;

	progress_write(container->pipeline.progress, "hand over the terminal", NULL);
	if (console_socket && send_fd(console_socket, fd, "/dev/ptmx", error) < 0)
		return error_context(error, "--console-socket");
	if (container->ties.console_fd)
		*container->ties.console_fd = steal_fd(&fd);
	return 0;
}

void outside_tell_pid(const struct container *container)
{
	if (container->ties.pid)
		*container->ties.pid = container->pid;
}

void outside_take_back(const struct container *container)
{
	const struct process_ties *ties = &container->ties;

	if (ties->console_fd)
		replace_fd(ties->console_fd, -1);
	if (ties->pid)
		*ties->pid = 0;
}

int outside_hand_over(struct container *container, const struct outside_receivers *receivers,
                      struct ironbox_error *error)
{
	if (container->process.terminal &&
	    (receivers->console_socket || container->ties.console_fd)) {
		int master_fd = outside_take_terminal(container, "the process", error);

		if (master_fd < 0 || outside_give_terminal(container, receivers->console_socket,
		                                           master_fd, error) < 0)
			return -1;
	}
	if (receivers->pidfd_socket &&
	    send_fd(receivers->pidfd_socket, container->pidfd, "pidfd", error) < 0)
		return error_context(error, "--pidfd-socket");
	if (receivers->pid_file)
		return pid_file_write(receivers->pid_file, container->pid, error);
	return 0;
}

bool outside_may_go_early(const struct container *container,
                          const struct outside_receivers *receivers)
{
	return !container->process.terminal && !receivers->pidfd_socket;
}

int outside_go_early(struct container *container, const struct outside_receivers *receivers,
                     struct ironbox_error *error)
{
	if (outside_hand_over(container, receivers, error) < 0)
		return -1;
	container->told_to_go = true;
	return channel_send(&container->channel, MESSAGE_START, error);
}
