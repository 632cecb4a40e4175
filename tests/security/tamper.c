/*
 * tamper: in a container, takes hold of the program of each process that is another than its own,
 * by /proc/PID/exe, and writes a byte behind its end as soon as the kernel lets it. Till SIGTERM;
 * then it tells what came of it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HELD_MAX = 256, TRIES_AT_THE_END = 20 };

static volatile sig_atomic_t is_over;

static void on_term(int number)
{
	(void)number;
	is_over = 1;
}

struct held {
	int fd; /* O_PATH */
	dev_t device;
	ino_t inode;
	int code; /* of the last try; 0: written */
};

static struct held held[HELD_MAX];
static size_t held_count, looked_at;

/* The container's own programs are no booty. */
static bool is_ours(const struct stat *status)
{
	static const char *const paths[] = { "/tamper", "/bin/busybox", "/probe" };
	struct stat ours;

	for (size_t at = 0; at < sizeof(paths) / sizeof(paths[0]); at++)
		if (stat(paths[at], &ours) == 0 && ours.st_dev == status->st_dev &&
		    ours.st_ino == status->st_ino)
			return true;
	return false;
}

static void hold(const char *pid)
{
	char path[300];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &status) < 0 || is_ours(&status)) {
		close(fd);
		return;
	}
	looked_at++;
	for (size_t at = 0; at < held_count; at++)
		if (held[at].device == status.st_dev && held[at].inode == status.st_ino) {
			close(fd);
			return;
		}
	if (held_count < HELD_MAX)
		held[held_count++] = (struct held){ fd, status.st_dev, status.st_ino, EAGAIN };
	else
		close(fd);
}

static void look_around(void)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	while (directory && (entry = readdir(directory)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			hold(entry->d_name);
	if (directory)
		closedir(directory);
}

/* ETXTBSY as long as it runs anywhere. */
static void try_to_write(struct held *one)
{
	char path[64];
	int fd;

	if (one->code == 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", one->fd);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	one->code = fd < 0 || write(fd, "!", 1) != 1 ? errno : 0;
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	int rest = TRIES_AT_THE_END;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, on_term);
	puts("tamper: begins");
	while (!is_over || rest-- > 0) {
		if (is_over)
			nanosleep(&tenth, NULL);
		else
			look_around();
		for (size_t at = 0; at < held_count; at++)
			try_to_write(&held[at]);
	}
	for (size_t at = 0; at < held_count; at++)
		printf("tamper: write: %s\n",
		       held[at].code ? strerrorname_np(held[at].code) : "ok");
	printf("tamper: looked at %zu\n", looked_at);
	return 0;
}
