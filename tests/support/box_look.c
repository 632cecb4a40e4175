/* box-look: what is there of processes, mounts, cgroups and files, for box.bash, which asks before
 * and after each test. A program of its own, and static: a dozen of the shell's would take a second
 * of each test on an emulated CPU.
 *
 *   box-look all                  a line each, with its kind in front
 *   box-look processes BEFORE     those that are not in BEFORE, which `all` wrote: PID COMMAND
 *   box-look mounts BEFORE        the same: ID ROOT POINT OPTIONS...
 *   box-look cgroups ID           the paths of those that have ID in theirs, children first
 *   box-look left BEFORE ID ROOT  all that a test left: of files, those below ROOT */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"

/* Whether what is found is told, and how. */
struct look {
	const char *before; /* what was there: it is not told again */
	bool kinds;         /* told with its kind in front */
	bool silent;
	bool found;
};

__attribute__((format(printf, 3, 4))) static void tell(struct look *look, const char *kind,
                                                       const char *format, ...)
{
	static char line[65536];
	int begin = snprintf(line, sizeof(line), "\n%s: ", kind);
	va_list values;

	va_start(values, format);
	vsnprintf(line + begin, sizeof(line) - (size_t)begin - 1, format, values);
	va_end(values);
	strcat(line, "\n");
	if (look->before && strstr(look->before, line))
		return;
	look->found = true;
	if (!look->silent)
		fputs(look->kinds ? line + 1 : line + begin, stdout);
}

/* Reads what fits of a file of /proc; "" if the process has ended. */
static size_t slurp(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	while (fd >= 0 && (got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	if (fd >= 0)
		close(fd);
	text[length] = '\0';
	return length;
}

static bool same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* A process that is no part of bats: in another mount namespace than ours, or the binary under
 * test, or an orphan. Zombies are none: PID 1 reaps them in a moment. */
static bool is_a_tests(const char *pid)
{
	char path[64], text[1024], *end;
	const char *binary = getenv("IRONBOX");
	char state;
	int parent;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	slurp(path, text, sizeof(text));
	end = strrchr(text, ')');
	if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2 || state == 'Z' || state == 'X')
		return false;
	if (parent == 1)
		return true;
	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	if (!same_file(path, "/proc/self/ns/mnt"))
		return true;
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	return binary && same_file(path, binary);
}

static void look_at_processes(struct look *look)
{
	DIR *proc = opendir("/proc");
	char path[320], words[32768];

	for (const struct dirent *entry; proc && (entry = readdir(proc));) {
		const char *pid = entry->d_name;
		size_t length;

		if (strspn(pid, "0123456789") != strlen(pid) || strlen(pid) > 10 ||
		    !is_a_tests(pid))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
		length = slurp(path, words, sizeof(words));
		for (size_t at = 0; at + 1 < length; at++)
			if (words[at] == '\0')
				words[at] = ' ';
		snprintf(path, sizeof(path), "/proc/%s/ns", pid);
		if (length || access(path, F_OK) == 0) /* else it has ended meanwhile */
			tell(look, "processes", "%s %s", pid, words);
	}
	if (proc)
		closedir(proc);
}

/* Without the parent's id: it is another one where a mount was moved or the table copied. */
static void look_at_mounts(struct look *look)
{
	FILE *table = fopen("/proc/self/mountinfo", "re");
	char line[32768], id[32];
	int rest;

	while (table && fgets(line, sizeof(line), table)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%31s %*s %n", id, &rest) == 1)
			tell(look, "mounts", "%s %s", id, line + rest);
	}
	if (table)
		fclose(table);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void look_at_cgroups(struct look *look, const char *path, const char *id)
{
	DIR *folder = opendir(path);
	char below[4096];

	for (const struct dirent *entry; folder && (entry = readdir(folder));) {
		if (entry->d_type != DT_DIR || is_dots(entry->d_name))
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		look_at_cgroups(look, below, id);
		if (strstr(below, id))
			tell(look, "cgroups", "%s", below);
	}
	if (folder)
		closedir(folder);
}

/* seccomp/ is the cache of compiled programs, which outlives containers on purpose. */
static void look_at_state(struct look *look, const char *path, bool top)
{
	DIR *folder = opendir(path);
	char below[4096];

	for (const struct dirent *entry; folder && (entry = readdir(folder));) {
		if (is_dots(entry->d_name) || (top && strncmp(entry->d_name, "seccomp", 7) == 0))
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		tell(look, "state", "%s", below);
		if (entry->d_type == DT_DIR)
			look_at_state(look, below, false);
	}
	if (folder)
		closedir(folder);
}

/* Processes have two seconds to end in. */
static void look_at_what_is_left(struct look *look, const char *id, const char *state_root)
{
	bool any = true;

	for (int tries = 0; any && tries < 100; tries++) {
		struct look now = { .before = look->before, .silent = true };

		if (tries > 0)
			usleep(20000);
		look_at_processes(&now);
		any = now.found;
	}
	if (any) /* not once more otherwise: bats' own come and go, and look strange in between */
		look_at_processes(look);
	look_at_mounts(look);
	look_at_cgroups(look, CGROUPS, id);
	look_at_state(look, state_root, true);
}

/* The file's text, after a newline: so each of its lines stands between two. */
static const char *text_of(const char *path)
{
	static char text[1 << 22] = "\n";

	if (slurp(path, text + 1, sizeof(text) - 1) == 0) {
		fprintf(stderr, "box-look: %s: not to be read, or empty\n", path);
		exit(64);
	}
	return text;
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	struct look look = { 0 };

	if (strcmp(kind, "all") == 0 && argc == 2) {
		look.kinds = true;
		look_at_processes(&look);
		look_at_mounts(&look);
	} else if (strcmp(kind, "processes") == 0 && argc == 3) {
		look.before = text_of(argv[2]);
		look_at_processes(&look);
	} else if (strcmp(kind, "mounts") == 0 && argc == 3) {
		look.before = text_of(argv[2]);
		look_at_mounts(&look);
	} else if (strcmp(kind, "cgroups") == 0 && argc == 3) {
		look_at_cgroups(&look, CGROUPS, argv[2]);
	} else if (strcmp(kind, "left") == 0 && argc == 5) {
		look.before = text_of(argv[2]);
		look.kinds = true;
		look_at_what_is_left(&look, argv[3], argv[4]);
	} else {
		fprintf(stderr, "usage: the head of box_look.c tells\n");
		return 64;
	}
	return 0;
}
