#include "subject.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command.h"
#include "world.h"

int subject_begin(struct subject *subject)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/output", subject->work);
	subject->output_fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	return subject->output_fd < 0 ? -1 : prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* The fds that were sent to the console's socket: a terminal's master each. */
static void take_what_is_ours(const struct subject *subject)
{
	int peer_fd;

	while (subject->console_fd >= 0 &&
	       (peer_fd = accept4(subject->console_fd, NULL, NULL, 0)) >= 0)
		close(peer_fd);
	if (subject->given_away)
		unlink(subject->given_away);
}

int subject_remember_world(struct subject *subject)
{
	take_what_is_ours(subject);
	subject->world = world_describe(subject->folders, subject->id);
	return subject->world ? 0 : -1;
}

int subject_run_by(const struct subject *subject, char *const *prefix, const char *words)
{
	char **command = command_build(prefix, words);
	int status = -1;

	if (command && ftruncate(subject->output_fd, 0) == 0)
		status = command_run(command, subject->output_fd);
	free(command);
	return status;
}

int subject_run(const struct subject *subject, const char *words)
{
	return subject_run_by(subject, subject->prefix, words);
}

char *subject_output(const struct subject *subject, char text[OUTPUT_MOST + 1])
{
	ssize_t size = pread(subject->output_fd, text, OUTPUT_MOST, 0);

	text[size > 0 ? size : 0] = '\0';
	return text;
}

bool subject_told_in_one_line(const struct subject *subject)
{
	char text[OUTPUT_MOST + 1];
	const char *end = strchr(subject_output(subject, text), '\n');

	return end && end[1] == '\0' && !strncmp(text, "ironbox: ", strlen("ironbox: "));
}

bool subject_deletes_silently(const struct subject *subject)
{
	char words[256], text[OUTPUT_MOST + 1];
	int status;

	snprintf(words, sizeof(words), "delete --force %s", subject->id);
	status = subject_run(subject, words);
	if (status == 0 && *subject_output(subject, text) == '\0')
		return true;
	printf("  delete --force: status 0x%x: %s\n", (unsigned)status,
	       subject_output(subject, text));
	return false;
}

bool subject_left_nothing(struct subject *subject)
{
	char *now;
	unsigned differences;

	take_what_is_ours(subject);
	if (!command_reap()) {
		puts("  left behind: a process");
		return false;
	}
	now = world_describe(subject->folders, subject->id);
	differences = now ? world_compare(subject->world, now, stdout) : 1;
	if (differences) { /* each is told once */
		free(subject->world);
		subject->world = now;
		return false;
	}
	free(now);
	return true;
}
