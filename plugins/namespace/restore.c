/*
 * restore.c: namespaces in checkpoint and restore. A joined one is the outside's, and must be in no
 * image. One that was made comes from the images; so when it stands it is compared with
 * config.json, for images can be edited.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

static int declare(struct ironbox_stage *stage, int kind, int namespace_fd,
                   struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	struct ironbox_external external = {
		.kind = IRONBOX_EXTERNAL_NAMESPACE,
		.name = kinds[kind].file,
		.path = namespaces->path[kind],
		.fd = namespace_fd,
	};

	if (kinds[kind].flag == CLONE_NEWNS)
		return stage->host->fail(error, 0,
		                         "linux.namespaces: the mount namespace is joined, and no "
		                         "image can say so");
	return stage->host->external(stage, &external, error);
}

int namespace_checkpoint(struct ironbox_stage *stage, struct ironbox_error *error)
{
	struct namespaces *namespaces = stage->data;
	char path[32];

	if (namespaces_read(stage, error) < 0)
		return -1;
	for (int i = 0; i < KINDS; i++) {
		cleanup_close int directory_fd = -1, fd = -1;

		if (!(namespaces->joined & kinds[i].flag))
			continue;
		snprintf(path, sizeof(path), "%d/ns", stage->init_pid);
		directory_fd = stage->host->open_proc(stage, path, O_PATH | O_DIRECTORY | O_CLOEXEC,
		                                      error);
		if (directory_fd < 0)
			return -1;
		fd = openat(directory_fd, kinds[i].file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return stage->host->fail(error, errno, "open init's %s namespace",
			                         kinds[i].type);
		if (declare(stage, i, fd, error) < 0)
			return -1;
	}
	return 0;
}

int namespace_restore(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;

	for (int i = 0; i < KINDS; i++)
		if (namespaces->joined & kinds[i].flag &&
		    declare(stage, i, namespaces->joined_fd[i], error) < 0)
			return -1;
	return 0;
}

static int verify_kind(const struct ironbox_stage *stage, int kind, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;
	uint64_t flag = kinds[kind].flag, of_init, expected;
	struct stat joined;
	char pid[16];

	if (!((namespaces->made | namespaces->joined) & flag))
		return 0;
	snprintf(pid, sizeof(pid), "%d", stage->init_pid);
	of_init = namespace_number(stage, pid, flag, error);
	expected = of_init ? namespace_number(stage, "thread-self", flag, error) : 0;
	if (!expected)
		return -1;
	if (namespaces->made & flag) {
		if (of_init != expected)
			return 0;
		return stage->host->fail(error, 0,
		                         "linux.namespaces: the restored process has no %s "
		                         "namespace of its own",
		                         kinds[kind].type);
	}
	if (fstat(namespaces->joined_fd[kind], &joined) < 0)
		return stage->host->fail(error, errno, "look at %s", namespaces->path[kind]);
	if (joined.st_ino == of_init)
		return 0;
	return stage->host->fail(error, 0,
	                         "linux.namespaces: the restored process is not in the %s "
	                         "namespace %s",
	                         kinds[kind].type, namespaces->path[kind]);
}

struct mapping {
	uint32_t container_id, host_id, size;
};

/* Lines of three numbers each, user_namespaces(7), against an array of the spec. */
static int verify_map(const struct ironbox_stage *stage, const char *file, const char *field,
                      struct ironbox_error *error)
{
	static const struct ironbox_field fields[] = {
		IRONBOX_FIELD(struct mapping, container_id, "containerID"),
		IRONBOX_FIELD(struct mapping, host_id, "hostID"),
		IRONBOX_FIELD(struct mapping, size, "size"),
		IRONBOX_FIELD_END,
	};
	const struct ironbox_host *host = stage->host;
	const struct ironbox_value *list = host->spec(stage, field);
	size_t i, count = host->count(list), lines = 0;
	char path[32], text[4096], *at;
	cleanup_close int fd = -1;
	unsigned inside, outside, size;
	ssize_t got;

	snprintf(path, sizeof(path), "%d/%s", stage->init_pid, file);
	fd = host->open_proc(stage, path, O_RDONLY | O_CLOEXEC, error);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got < 0)
		return host->fail(error, errno, "read /proc/%s", path);
	text[got] = '\0';
	for (at = text; sscanf(at, "%u %u %u", &inside, &outside, &size) == 3; lines++) {
		struct mapping mapping = { 0 };
		bool found = false;

		for (i = 0; i < count && !found; i++) {
			if (host->read(stage, host->item(list, i, NULL), fields, &mapping, error) <
			    0)
				return -1;
			found = mapping.container_id == inside && mapping.host_id == outside &&
			        mapping.size == size;
		}
		if (!found)
			return host->fail(error, 0,
			                  "%s: the restored process has another map (%u %u %u)",
			                  field, inside, outside, size);
		at = strchr(at, '\n');
		if (!at)
			break;
		at++;
	}
	return 0;
}

int namespace_verify(struct ironbox_stage *stage, struct ironbox_error *error)
{
	const struct namespaces *namespaces = stage->data;

	for (int i = 0; i < KINDS; i++)
		if (verify_kind(stage, i, error) < 0)
			return -1;
	if (!(namespaces->made & CLONE_NEWUSER))
		return 0;
	if (verify_map(stage, "uid_map", "linux.uidMappings", error) < 0)
		return -1;
	return verify_map(stage, "gid_map", "linux.gidMappings", error);
}
