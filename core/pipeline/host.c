/* The services that plugins call: the engine's side of ironbox/plugin.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h> /* CLONE_NEWTIME: glibc 2.36 does not know it */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ironbox/cleanup.h>

#include "pipeline/facts.h"
#include "pipeline/pipeline.h"
#include "support/log.h"
#include "support/path.h"
#include "support/progress.h"

static struct stage *stage_of(const struct ironbox_stage *seen)
{
	/* what the plugin sees is the first member, and not const at its birth */
	return (struct stage *)(uintptr_t)seen;
}

static struct pipeline *pipeline_of(const struct ironbox_stage *seen)
{
	return stage_of(seen)->pipeline;
}

/* ---- log ---- */

static void host_log(const struct ironbox_stage *seen, enum ironbox_log_level level,
                     const char *format, ...) __attribute__((format(printf, 3, 4)));

static void host_log(const struct ironbox_stage *seen, enum ironbox_log_level level,
                     const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_write(level, "%s: %s: %s", seen->container_id, stage_of(seen)->name, text);
}

/* ---- spec and ini ---- */

static const struct ironbox_value *host_spec(const struct ironbox_stage *seen, const char *path)
{
	return pipeline_of(seen)->spec ? spec_at(pipeline_of(seen)->spec, path) : NULL;
}

static int host_read(const struct ironbox_stage *seen, const struct ironbox_value *value,
                     const struct ironbox_field *fields, void *out, struct ironbox_error *error)
{
	return value_read(pipeline_of(seen)->spec, value, fields, out, error);
}

static int host_settings(const struct ironbox_stage *seen, const struct ironbox_field *fields,
                         void *out, struct ironbox_error *error)
{
	static const char *const engines_own[] = { "enabled", "module", "wake", NULL };

	return config_read(pipeline_of(seen)->config, stage_of(seen)->name, fields, engines_own,
	                   out, error);
}

/* ---- the node ---- */

static const char *host_fact(struct ironbox_stage *seen, const char *path)
{
	return facts_get(&pipeline_of(seen)->facts, path);
}

static int host_open_proc(const struct ironbox_stage *seen, const char *path, int flags,
                          struct ironbox_error *error)
{
	return pipeline_open_below_proc(pipeline_of(seen), path, flags, error);
}

/* ---- the container's root ---- */

static int host_open_in_root(const struct ironbox_stage *seen, const char *path, int flags,
                             mode_t mode, struct ironbox_error *error)
{
	struct pipeline *pipeline = pipeline_of(seen);
	int fd, code;

	if (pipeline->root_fd < 0) /* a joiner, inside by now: its root is the container's */
		pipeline->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = path_open_in_root(pipeline->root_fd, path, flags, mode);
	if (fd >= 0)
		return fd;
	code = errno;
	error_begin(error, code, "open %s in the container's root", path);
	errno = code;
	return -1;
}

static int host_set_root(struct ironbox_stage *seen, int root_fd, struct ironbox_error *error)
{
	int copy = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return error_begin(error, errno, "keep the container's root");
	replace_fd(&pipeline_of(seen)->root_fd, copy);
	return 0;
}

static int host_give_console(struct ironbox_stage *seen, int master_fd, int peer_fd,
                             struct ironbox_error *error)
{
	struct pipeline *pipeline = pipeline_of(seen);
	int result;

	if (!pipeline->channel) { /* restore: it is the runtime already */
		ironbox_close_at_end(&peer_fd);
		replace_fd(&pipeline->console_fd, master_fd);
		return 0;
	}
	result = channel_send_bytes(pipeline->channel, MESSAGE_CONSOLE, 0, NULL, 0, master_fd,
	                            error);
	ironbox_close_at_end(&master_fd);
	replace_fd(&pipeline->console_fd, peer_fd);
	return result;
}

/* ---- namespaces and the clone ---- */

static const struct {
	uint64_t type;
	const char *name;
} namespace_types[] = {
	{ CLONE_NEWPID, "pid" },       { CLONE_NEWNET, "network" }, { CLONE_NEWNS, "mount" },
	{ CLONE_NEWIPC, "ipc" },       { CLONE_NEWUTS, "uts" },     { CLONE_NEWUSER, "user" },
	{ CLONE_NEWCGROUP, "cgroup" }, { CLONE_NEWTIME, "time" },
};

static const struct ironbox_value *namespace_of(const struct ironbox_stage *seen, uint64_t type)
{
	size_t i;

	for (i = 0; i < sizeof(namespace_types) / sizeof(namespace_types[0]); i++)
		if (namespace_types[i].type == type)
			return pipeline_namespace(pipeline_of(seen), namespace_types[i].name);
	return NULL;
}

static const char *host_namespace_path(const struct ironbox_stage *seen, uint64_t type)
{
	const struct ironbox_value *namespace = namespace_of(seen, type);
	const char *key, *path = NULL;
	size_t i;

	for (i = 0; i < value_count(namespace); i++) {
		const struct ironbox_value *member = value_item(namespace, i, &key);

		if (!strcmp(key, "path"))
			path = value_text(member);
	}
	return path && *path ? path : NULL;
}

static bool host_namespace_is_new(const struct ironbox_stage *seen, uint64_t type)
{
	return namespace_of(seen, type) && !host_namespace_path(seen, type);
}

static void host_clone_flags(struct ironbox_stage *seen, uint64_t flags)
{
	pipeline_of(seen)->clone.flags |= flags;
}

static void host_clone_into_cgroup(struct ironbox_stage *seen, int cgroup_fd)
{
	pipeline_of(seen)->clone.cgroup_fd = cgroup_fd;
}

static void host_clone_in_namespace(struct ironbox_stage *seen, int namespace_fd)
{
	struct clone_wishes *wishes = &pipeline_of(seen)->clone;

	if (wishes->namespaces < CLONE_NAMESPACES_MAX)
		wishes->namespace_fds[wishes->namespaces] = namespace_fd;
	wishes->namespaces++;
}

/* ---- what outlives a phase or a verb ---- */

static int host_send(struct ironbox_stage *seen, const void *bytes, size_t size, int fd,
                     struct ironbox_error *error)
{
	if (!pipeline_of(seen)->channel)
		return error_begin(error, 0, "send to a process that this verb does not make");
	return channel_send_bytes(pipeline_of(seen)->channel, MESSAGE_STAGE, stage_of(seen)->number,
	                          bytes, size, fd, error);
}

static ssize_t host_receive(struct ironbox_stage *seen, void *bytes, size_t capacity, int *fd,
                            struct ironbox_error *error)
{
	struct message message = { .fd = -1 };
	int got;

	*fd = -1;
	if (!pipeline_of(seen)->channel)
		return 0;
	got = channel_take(pipeline_of(seen)->channel, stage_of(seen)->number, &message, error);
	if (got <= 0)
		return got;
	if (message.size > capacity) {
		replace_fd(&message.fd, -1);
		return error_begin(error, EMSGSIZE, "take what the other side sent");
	}
	memcpy(bytes, message.bytes, message.size);
	*fd = message.fd;
	return (ssize_t)message.size;
}

static int host_remember(struct ironbox_stage *seen, const char *key, const char *value,
                         struct ironbox_error *error)
{
	struct record *record = pipeline_of(seen)->record;

	if (!record)
		return error_begin(error, 0, "remember %s: this verb keeps no record", key);
	return record_add(record, stage_of(seen)->name, key, value, error);
}

static const char *host_recall(const struct ironbox_stage *seen, const char *key)
{
	const struct pipeline *pipeline = pipeline_of(seen);
	const struct pipeline_option *option;

	for (option = pipeline->options; option && option->key; option++)
		if (!strcmp(key, option->key))
			return option->value;
	if (!strcmp(key, "ironbox.state_root"))
		return pipeline->state_root;
	if (!strcmp(key, "ironbox.exec_cgroup"))
		return pipeline->exec_cgroup;
	if (!strcmp(key, "ironbox.joiner_pid"))
		return pipeline->joiner_pid[0] ? pipeline->joiner_pid : NULL;
	return pipeline->record ? record_find(pipeline->record, stage_of(seen)->name, key) : NULL;
}

/* ---- answers of control phases ---- */

static void host_report(struct ironbox_stage *seen, const char *name, uint64_t value)
{
	const struct pipeline *pipeline = pipeline_of(seen);

	if (pipeline->on_number)
		pipeline->on_number(pipeline->context, name, value);
}

static void host_report_process(struct ironbox_stage *seen, pid_t pid)
{
	const struct pipeline *pipeline = pipeline_of(seen);

	if (pipeline->on_process)
		pipeline->on_process(pipeline->context, pid);
}

static void host_report_lack(struct ironbox_stage *seen, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void host_report_lack(struct ironbox_stage *seen, const char *format, ...)
{
	const struct pipeline *pipeline = pipeline_of(seen);
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (pipeline->on_lack)
		pipeline->on_lack(pipeline->context, text);
}

/* ---- checkpoint and restore ---- */

static int host_external(struct ironbox_stage *seen, const struct ironbox_external *given,
                         struct ironbox_error *error)
{
	struct pipeline *pipeline = pipeline_of(seen);
	struct ironbox_external *grown =
		reallocarray(pipeline->externals, pipeline->external_count + 1, sizeof(*grown));
	struct ironbox_external *copy;

	if (!grown)
		return error_begin(error, errno, "keep what is external");
	pipeline->externals = grown;
	copy = &grown[pipeline->external_count++];
	*copy = (struct ironbox_external){
		.kind = given->kind,
		.fd = given->fd < 0 ? -1 : fcntl(given->fd, F_DUPFD_CLOEXEC, 3),
		.name = strdup(given->name ? given->name : ""),
		.path = strdup(given->path ? given->path : ""),
	};
	if (!copy->name || !copy->path || (given->fd >= 0 && copy->fd < 0))
		return error_begin(error, errno, "keep what is external");
	return 0;
}

static const struct ironbox_external *host_external_at(const struct ironbox_stage *seen,
                                                       size_t index)
{
	const struct pipeline *pipeline = pipeline_of(seen);

	return index < pipeline->external_count ? &pipeline->externals[index] : NULL;
}

static int host_restoring(struct ironbox_stage *seen, pid_t pid, struct ironbox_error *error)
{
	const struct pipeline *pipeline = pipeline_of(seen);

	if (!pipeline->on_restoring)
		return error_begin(error, 0, "this verb restores nothing");
	return pipeline->on_restoring(pipeline->context, pid, error);
}

static int host_restored(struct ironbox_stage *seen, struct ironbox_error *error)
{
	const struct pipeline *pipeline = pipeline_of(seen);

	if (!pipeline->on_restored)
		return error_begin(error, 0, "this verb restores nothing");
	return pipeline->on_restored(pipeline->context, error);
}

/* ---- security labels ---- */

static int host_write_attribute(struct ironbox_stage *seen, const char *name,
                                ironbox_attribute_writer *write, struct ironbox_error *error)
{
	struct pipeline *pipeline = pipeline_of(seen);

	if (pipeline->attribute_count == IRONBOX_ATTRIBUTES_MAX)
		return error_begin(error, 0, "attribute %s: more than %d", name,
		                   IRONBOX_ATTRIBUTES_MAX);
	pipeline->attributes[pipeline->attribute_count++] = (struct attribute){ seen, name, write };
	/* now, while /proc is the host's for sure */
	return pipeline_open_proc(pipeline, error);
}

static bool host_carried_out(const struct ironbox_stage *seen, const char *path)
{
	const struct pipeline *pipeline = pipeline_of(seen);

	return pipeline->spec && spec_asks(pipeline->spec, path) && pipeline_does(pipeline, path);
}

/* ---- a root that is made of mounts ---- */

static size_t host_take_root_mounts(struct ironbox_stage *seen,
                                    const struct ironbox_root_mount **mounts)
{
	struct pipeline *pipeline = pipeline_of(seen);

	pipeline->root_mounts_taken = true;
	*mounts = pipeline->root_mounts;
	return pipeline->root_mount_count;
}

static void host_progress(const struct ironbox_stage *seen, const char *what)
{
	progress_write(pipeline_of(seen)->progress, stage_of(seen)->name, what);
}

const struct ironbox_host pipeline_host = {
	.abi = IRONBOX_ABI,
	.size = sizeof(struct ironbox_host),
	.fail = error_begin,
	.context = error_context,
	.log = host_log,
	.spec = host_spec,
	.count = value_count,
	.item = value_item,
	.text = value_text,
	.read = host_read,
	.settings = host_settings,
	.fact = host_fact,
	.open_proc = host_open_proc,
	.open_in_root = host_open_in_root,
	.set_root = host_set_root,
	.give_console = host_give_console,
	.namespace_is_new = host_namespace_is_new,
	.namespace_path = host_namespace_path,
	.clone_flags = host_clone_flags,
	.clone_into_cgroup = host_clone_into_cgroup,
	.clone_in_namespace = host_clone_in_namespace,
	.send = host_send,
	.receive = host_receive,
	.remember = host_remember,
	.recall = host_recall,
	.report = host_report,
	.report_process = host_report_process,
	.report_lack = host_report_lack,
	.external = host_external,
	.external_at = host_external_at,
	.restoring = host_restoring,
	.restored = host_restored,
	.write_attribute = host_write_attribute,
	.carried_out = host_carried_out,
	.take_root_mounts = host_take_root_mounts,
	.progress = host_progress,
};
