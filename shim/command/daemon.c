#include "command/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

#include "lifecycle/signals_reset.h"
#include "support/log.h"
#include "task/serve.h"

int daemon_open_log(struct ironbox_error *error)
{
	/* O_NOFOLLOW and O_NONBLOCK for the case that it is something else */
	cleanup_close int fd = open("log", O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode))
		replace_fd(&fd, open("/dev/null", O_RDWR | O_CLOEXEC));
	if (fd < 0)
		return error_begin(error, errno, "open /dev/null");
	return steal_fd(&fd);
}

/* The words of a command line one after the other, each with its NUL. */
struct words {
	char *text;
	size_t size;
};

static const char *add_word(struct words *words, const char *word)
{
	size_t size = strlen(word) + 1;
	char *added = memcpy(words->text + words->size, word, size);

	words->size += size;
	return added;
}

int daemon_set_name(struct daemon *daemon, struct serve_settings *settings,
                    struct ironbox_error *error)
{
	const struct arguments *arguments = daemon->arguments;
	char **last = daemon->argv;
	struct words words = { 0 };
	size_t room;

	while (last[1])
		last++;
	room = (size_t)(*last + strlen(*last) + 1 - *daemon->argv);
	words.text = malloc(strlen(*daemon->argv) + strlen(arguments->namespace) +
	                    strlen(arguments->id) + strlen(daemon->containerd) + 64);
	if (!words.text)
		return error_begin(error, errno, "keep the command line");
	daemon->words = words.text;
	add_word(&words, *daemon->argv);
	add_word(&words, "-namespace");
	settings->namespace = add_word(&words, arguments->namespace);
	add_word(&words, "-id");
	settings->id = add_word(&words, arguments->id);
	add_word(&words, "-address");
	add_word(&words, daemon->containerd);
	if (daemon->debug)
		add_word(&words, "-debug");
	if (daemon->group)
		settings->id = daemon->group;
	prctl(PR_SET_NAME, "containerd-shim", 0, 0, 0); /* else "3", the launcher's memfd */
	/* no room: an address that came by the environment */
	if (words.size > room)
		return 0;
	memcpy(*daemon->argv, words.text, words.size);
	memset(*daemon->argv + words.size, 0, room - words.size);
	return 0;
}

/* Who started us waits for the end of our stdout and stderr. */
static int set_fds(const struct daemon *daemon, struct ironbox_error *error)
{
	cleanup_close int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int log_fd = daemon->log_fd;

	if (null_fd < 0)
		return error_begin(error, errno, "open /dev/null");
	if (dup2(log_fd, STDERR_FILENO) < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
	    dup2(null_fd, STDOUT_FILENO) < 0)
		return error_begin(error, errno, "dup2 onto stdin, stdout and stderr");
	close(log_fd);
	return 0;
}

static int set_process(struct ironbox_error *error)
{
	/* whoever starts containerd may have had it ignore or block any */
	signals_reset();
	if (setsid() < 0 || chdir("/") < 0)
		return error_begin(error, errno, "setsid, chdir /");
	/* no core dumps, no ptrace, no /proc/PID/fd for others of our user */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_begin(error, errno, "prctl PR_SET_DUMPABLE");
	return 0;
}

_Noreturn void daemon_run(const struct daemon *daemon, const struct serve_settings *settings)
{
	ERROR_NONE(error);
	int result;

	process_log.debug = settings->debug;
	result = set_fds(daemon, &error);
	if (result == 0)
		result = set_process(&error);
	if (error_is_told(daemon->warning))
		log_write(IRONBOX_LOG_WARNING, "%s", error_text(daemon->warning));
	if (result < 0)
		unlink(settings->socket_path);
	else
		result = shim_serve(settings, &error); /* which removes it */
	if (result < 0)
		log_write(IRONBOX_LOG_ERROR, "the shim ends: %s", error_text(&error));
	exit(result < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
