#include "worker/stuck.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>

/* A short file of /proc, without what follows its first line. */
static void read_line(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	cleanup_close int fd = -1;
	ssize_t got;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, size - 1);
	if (got < 0)
		return;
	text[got] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/* The state of proc_pid_stat(5), which stands behind the last ')': the name before it is the
 * process's own to choose. '\0': it is gone. */
static char read_state(pid_t pid)
{
	char text[512], state;
	const char *at;

	read_line(pid, "stat", text, sizeof(text));
	at = strrchr(text, ')');
	return at && sscanf(at + 1, " %c", &state) == 1 ? state : '\0';
}

static void add(pid_t pid, char *text, size_t size)
{
	char name[32], place[64], state = read_state(pid);
	size_t used = strlen(text);

	if (!state)
		return;
	read_line(pid, "comm", name, sizeof(name));
	for (char *at = name; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
	read_line(pid, "wchan", place, sizeof(place)); /* "0": it runs */
	snprintf(text + used, size - used, "%sprocess %d (%s) is in state %c at %s",
	         used ? ", " : "", (int)pid, name, state,
	         *place && strcmp(place, "0") != 0 ? place : "an unknown place");
}

void stuck_describe(pid_t worker, char *text, size_t size)
{
	char path[32], children[4096], *at = children, *end;

	text[0] = '\0';
	add(worker, text, size);
	/* proc_tid_children(5); without it there is just the worker to tell of */
	snprintf(path, sizeof(path), "task/%d/children", (int)worker);
	read_line(worker, path, children, sizeof(children));
	for (pid_t pid; (pid = (pid_t)strtol(at, &end, 10)) > 0; at = end)
		add(pid, text, size);
}
