/*
 * idmap_driver.c: writes the id maps of a new user namespace as the namespace stage does it, and
 * prints them: idmap_driver CONTAINER_ID HOST_ID SIZE ... -- the same for gids. Or the error.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "idmap.h"

enum { MOST = 8 };

static struct list {
	size_t count;
	struct idmap_range ranges[MOST];
} lists[2];

struct ironbox_error {
	int told;
};

static int told(struct ironbox_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int told(struct ironbox_error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("%s%s\n", code ? ": " : "", code ? strerrordesc_np(code) : "");
	error->told = 1;
	return -1;
}

static int context(struct ironbox_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int context(struct ironbox_error *error, const char *format, ...)
{
	(void)format;
	error->told++;
	return -1;
}

static const struct ironbox_value *spec(const struct ironbox_stage *stage, const char *path)
{
	(void)stage;
	return (const void *)(strstr(path, "uid") ? &lists[0] : &lists[1]);
}

static size_t count(const struct ironbox_value *value)
{
	return ((const struct list *)(const void *)value)->count;
}

static const struct ironbox_value *item(const struct ironbox_value *value, size_t index,
                                        const char **key)
{
	(void)key;
	return (const void *)&((const struct list *)(const void *)value)->ranges[index];
}

static int read_range(const struct ironbox_stage *stage, const struct ironbox_value *value,
                      const struct ironbox_field *fields, void *out, struct ironbox_error *error)
{
	(void)stage;
	(void)fields;
	(void)error;
	memcpy(out, value, sizeof(struct idmap_range));
	return 0;
}

static int open_proc(const struct ironbox_stage *stage, const char *path, int flags,
                     struct ironbox_error *error)
{
	char whole[64];
	int fd;

	(void)stage;
	snprintf(whole, sizeof(whole), "/proc/%s", path);
	fd = open(whole, flags);
	return fd < 0 ? told(error, errno, "open %s", whole) : fd;
}

static int print(pid_t pid, const char *file)
{
	char path[64], line[128];
	FILE *map;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	map = fopen(path, "re");
	if (!map)
		return -1;
	while (fgets(line, sizeof(line), map))
		printf("%s %s", file, line);
	return fclose(map);
}

int main(int argc, char **argv)
{
	static const struct ironbox_host host = {
		.fail = told,
		.context = context,
		.spec = spec,
		.count = count,
		.item = item,
		.read = read_range,
		.open_proc = open_proc,
	};
	struct namespaces namespaces = { .made = CLONE_NEWUSER };
	struct ironbox_stage stage = { .host = &host, .data = &namespaces };
	struct ironbox_error error = { 0 };
	struct list *list = lists;
	int result, ready[2];
	char byte;

	for (int i = 1; i + 2 < argc || (i < argc && strcmp(argv[i], "--") == 0); i += 3) {
		if (strcmp(argv[i], "--") == 0) {
			list++;
			i -= 2;
			continue;
		}
		list->ranges[list->count++] = (struct idmap_range){
			(uint32_t)strtoul(argv[i], NULL, 10),
			(uint32_t)strtoul(argv[i + 1], NULL, 10),
			(uint32_t)strtoul(argv[i + 2], NULL, 10),
		};
	}
	if (pipe2(ready, O_CLOEXEC) < 0)
		return 2;
	stage.init_pid = fork();
	if (stage.init_pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (stage.init_pid < 0 || read(ready[0], &byte, 1) != 1)
		return 2;
	result = idmap_write(&stage, &error);
	if (result == 0 &&
	    (print(stage.init_pid, "uid_map") < 0 || print(stage.init_pid, "gid_map") < 0 ||
	     print(stage.init_pid, "setgroups") < 0))
		result = 2;
	kill(stage.init_pid, SIGKILL);
	waitpid(stage.init_pid, NULL, 0);
	return result < 0 ? 1 : result;
}
