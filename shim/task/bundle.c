#include "task/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ironbox/cleanup.h>
#include <jansson.h>

#include "support/file.h"

#define RECORD_VERSION    1
#define RECORD_SIZE_MAX   65536
#define STATE_ROOT_OF_ALL "/run/containerd/ironbox"

static json_t *to_json(const struct bundle_record *record)
{
	json_t *root = json_pack("{s:i, s:s, s:I}", "version", RECORD_VERSION, "stateRoot",
	                         record->state_root, "pid", (json_int_t)record->pid);

	if (root && record->config_path &&
	    json_object_set_new(root, "configPath", json_string(record->config_path)) < 0) {
		json_decref(root);
		return NULL;
	}
	if (root && record->exited &&
	    json_object_set_new(root, "exit",
	                        json_pack("{s:I, s:I, s:I}", "status",
	                                  (json_int_t)record->exit_status, "seconds",
	                                  (json_int_t)record->exited_at.tv_sec, "nanoseconds",
	                                  (json_int_t)record->exited_at.tv_nsec)) < 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}

int bundle_record_write(int bundle_fd, const struct bundle_record *record,
                        struct ironbox_error *error)
{
	json_t *root = to_json(record);
	cleanup_free char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

	json_decref(root);
	if (!text)
		return error_begin(error, 0, "write %s: a path that is not UTF-8, or no memory",
		                   BUNDLE_RECORD_FILE);
	if (file_replace(bundle_fd, BUNDLE_RECORD_FILE, text, strlen(text), 0600) < 0)
		return error_begin(error, errno, "write the bundle's %s", BUNDLE_RECORD_FILE);
	return 0;
}

/* NULL and 0: there is none, which is no error. */
static int copy_text(char **copy, const char *text)
{
	*copy = text ? strdup(text) : NULL;
	return text && !*copy ? -1 : 0;
}

static int from_json(struct bundle_record *record, json_t *root)
{
	const char *state_root, *config_path = NULL;
	json_int_t version, pid, status = 0, seconds = 0, nanoseconds = 0;
	json_t *end = NULL;

	if (json_unpack(root, "{s:I, s:s, s:I, s?s, s?o}", "version", &version, "stateRoot",
	                &state_root, "pid", &pid, "configPath", &config_path, "exit", &end) < 0 ||
	    version != RECORD_VERSION || state_root[0] != '/' || pid < 0 || pid > INT32_MAX)
		return -1;
	if (end &&
	    (json_unpack(end, "{s:I, s:I, s:I}", "status", &status, "seconds", &seconds,
	                 "nanoseconds", &nanoseconds) < 0 ||
	     status < 0 || status > UINT32_MAX || nanoseconds < 0 || nanoseconds >= 1000000000))
		return -1;
	record->pid = (pid_t)pid;
	record->exited = end != NULL;
	record->exit_status = (uint32_t)status;
	record->exited_at = (struct timespec){ .tv_sec = seconds, .tv_nsec = nanoseconds };
	if (copy_text(&record->state_root, state_root) < 0 ||
	    copy_text(&record->config_path, config_path) < 0) {
		bundle_record_free(record);
		return -1;
	}
	return 0;
}

int bundle_record_read(int bundle_fd, struct bundle_record *record, struct ironbox_error *error)
{
	cleanup_close int fd = openat(bundle_fd, BUNDLE_RECORD_FILE,
	                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *text = NULL;
	size_t size = 0;
	json_t *root;
	int result;

	*record = (struct bundle_record){ 0 };
	if (fd < 0)
		return error_begin(error, errno, "open the bundle's %s", BUNDLE_RECORD_FILE);
	text = file_read(fd, RECORD_SIZE_MAX, &size);
	if (!text)
		return error_begin(error, errno, "read the bundle's %s", BUNDLE_RECORD_FILE);
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	result = root ? from_json(record, root) : -1;
	json_decref(root);
	if (result < 0)
		return error_begin(error, 0, "the bundle's %s is cut off, or not of this version",
		                   BUNDLE_RECORD_FILE);
	return 0;
}

void bundle_record_free(struct bundle_record *record)
{
	free(record->config_path);
	free(record->state_root);
	*record = (struct bundle_record){ 0 };
}

char *bundle_state_root(const char *root, const char *namespace)
{
	char *joined;

	if (asprintf(&joined, "%s/%s", root ? root : STATE_ROOT_OF_ALL, namespace) < 0)
		return NULL;
	return joined;
}
