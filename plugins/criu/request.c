/* request.c: what criu is asked for, from the verb's options and from what stages declared. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static int make_room(struct request *request, size_t count)
{
	request->capacity = count;
	request->texts = calloc(3 * count, sizeof(*request->texts));
	request->inherits = calloc(count, sizeof(*request->inherits));
	request->inherit_pointers = calloc(count, sizeof(*request->inherit_pointers));
	request->roots = calloc(count, sizeof(*request->roots));
	request->root_pointers = calloc(count, sizeof(*request->root_pointers));
	request->joins = calloc(count, sizeof(*request->joins));
	request->join_pointers = calloc(count, sizeof(*request->join_pointers));
	request->options.external = calloc(count, sizeof(*request->options.external));
	return request->texts && request->inherits && request->inherit_pointers && request->roots &&
	                       request->root_pointers && request->joins && request->join_pointers &&
	                       request->options.external
	               ? 0
	               : -1;
}

void request_free(struct request *request)
{
	size_t i;

	for (i = 0; i < request->text_count; i++)
		free(request->texts[i]);
	for (i = 0; i < request->options.n_inherit_fd; i++)
		close(request->inherits[i].fd);
	free(request->texts);
	free(request->inherits);
	free(request->inherit_pointers);
	free(request->roots);
	free(request->root_pointers);
	free(request->joins);
	free(request->join_pointers);
	free(request->options.external);
}

static char *keep(struct request *request, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static char *keep(struct request *request, const char *format, va_list arguments)
{
	char *text;

	if (request->text_count == 3 * request->capacity) {
		errno = E2BIG;
		return NULL;
	}
	if (vasprintf(&text, format, arguments) < 0)
		return NULL;
	request->texts[request->text_count++] = text;
	return text;
}

char *request_text(struct request *request, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = keep(request, format, arguments);
	va_end(arguments);
	return text;
}

int request_external(const struct ironbox_stage *stage, struct request *request,
                     struct ironbox_error *error, const char *format, ...)
{
	Criu__Options *options = &request->options;
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = keep(request, format, arguments);
	va_end(arguments);
	if (!text || options->n_external == request->capacity)
		return stage->host->fail(error, text ? E2BIG : errno, "list what is external");
	options->external[options->n_external++] = text;
	return 0;
}

int request_inherit(const struct ironbox_stage *stage, struct request *request, int fd,
                    struct ironbox_error *error, const char *format, ...)
{
	Criu__Options *options = &request->options;
	Criu__InheritFd *inherit = &request->inherits[options->n_inherit_fd];
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = keep(request, format, arguments);
	va_end(arguments);
	if (!text || options->n_inherit_fd == request->capacity)
		return stage->host->fail(error, text ? E2BIG : errno, "list fds to inherit");
	criu__inherit_fd__init(inherit);
	inherit->key = text;
	inherit->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* 0 to 2 are criu's own in criu */
	if (inherit->fd < 0)
		return stage->host->fail(error, errno, "copy fd %d", fd);
	request->inherit_pointers[options->n_inherit_fd++] = inherit;
	options->inherit_fd = request->inherit_pointers;
	return 0;
}

int request_join(const struct ironbox_stage *stage, struct request *request, const char *type,
                 const char *path, struct ironbox_error *error)
{
	Criu__Options *options = &request->options;
	Criu__JoinNamespace *join = &request->joins[options->n_join_ns];

	if (options->n_join_ns == request->capacity)
		return stage->host->fail(error, E2BIG, "list namespaces to join");
	criu__join_namespace__init(join);
	join->type = request_text(request, "%s", type);
	join->file = request_text(request, "%s", path);
	if (!join->type || !join->file)
		return stage->host->fail(error, errno, "list namespaces to join");
	request->join_pointers[options->n_join_ns++] = join;
	options->join_ns = request->join_pointers;
	return 0;
}

int request_cgroup(const struct ironbox_stage *stage, struct request *request,
                   const char *controllers, const char *path, struct ironbox_error *error)
{
	Criu__Options *options = &request->options;
	Criu__CgroupRoot *root = &request->roots[options->n_cg_root];

	if (options->n_cg_root == request->capacity)
		return stage->host->fail(error, E2BIG, "list cgroups");
	criu__cgroup_root__init(root);
	/* none: the root of all hierarchies that are not named */
	root->controllers = *controllers ? request_text(request, "%s", controllers) : NULL;
	root->path = request_text(request, "%s", path);
	if (!root->path || (*controllers && !root->controllers))
		return stage->host->fail(error, errno, "list cgroups");
	request->root_pointers[options->n_cg_root++] = root;
	options->cg_root = request->root_pointers;
	return 0;
}

static Criu__CgroupsMode mode_of(const char *word)
{
	static const struct {
		const char *word;
		Criu__CgroupsMode mode;
	} rows[] = {
		{ "soft", CRIU__CGROUPS_MODE__SOFT },
		{ "full", CRIU__CGROUPS_MODE__FULL },
		{ "strict", CRIU__CGROUPS_MODE__STRICT },
		{ "ignore", CRIU__CGROUPS_MODE__IGNORE },
	};
	size_t i;

	for (i = 0; word && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].word, word))
			return rows[i].mode;
	/* What there is to do, we do: all is restored in the container's cgroups and in its cgroup
	 * namespace (process.c). criu, for its part, would mount the host's cgroup file system,
	 * and so take nsdelegate away from the whole host (linux, cgroup_get_tree). */
	return CRIU__CGROUPS_MODE__IGNORE;
}

/* Flags of the command line, each in its field. What was not given is not sent: criu has defaults
 * and configuration files of its own. */
static void set_flags(const struct ironbox_stage *stage, Criu__Options *options)
{
	const struct {
		const char *key;
		protobuf_c_boolean *has, *value;
	} rows[] = {
#define FLAG(name) { "ironbox." #name, &options->has_##name, &options->name }
		FLAG(leave_running), FLAG(tcp_established), FLAG(tcp_skip_in_flight),
		FLAG(ext_unix_sk),   FLAG(shell_job),       FLAG(file_locks),
		FLAG(link_remap),    FLAG(auto_dedup),
#undef FLAG
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (option(stage, rows[i].key))
			*rows[i].has = *rows[i].value = true;
}

static char *copy_option(const struct ironbox_stage *stage, struct request *request,
                         const char *key)
{
	const char *value = option(stage, key);

	return value ? request_text(request, "%s", value) : NULL;
}

static int set_numbers(const struct ironbox_stage *stage, Criu__Options *options,
                       struct ironbox_error *error)
{
	const char *status_fd = option(stage, "ironbox.status_fd");
	char *end;
	long fd;

	if (option(stage, "ironbox.empty_ns")) {
		options->has_empty_ns = true;
		options->empty_ns = CLONE_NEWNET; /* the only one that criu knows here */
	}
	if (!status_fd)
		return 0;
	errno = 0;
	fd = strtol(status_fd, &end, 10);
	if (errno || end == status_fd || *end || fd < 0 || fd > INT32_MAX)
		return stage->host->fail(error, 0, "--status-fd %s: no fd", status_fd);
	options->has_status_fd = true;
	options->status_fd = (int32_t)fd;
	return 0;
}

int request_begin(const struct ironbox_stage *stage, struct request *request,
                  const struct images *images, struct ironbox_error *error)
{
	Criu__Options *options = &request->options;
	size_t count = 16;

	memset(request, 0, sizeof(*request));
	criu__options__init(options);
	while (stage->host->external_at(stage, count - 16))
		count++;
	if (make_room(request, count) < 0)
		return stage->host->fail(error, ENOMEM, "make a request for criu");
	options->images_dir_fd = images->image_fd;
	options->has_work_dir_fd = true;
	options->work_dir_fd = images->work_fd;
	options->log_file = request_text(request, "%s", images->log);
	options->has_log_level = true;
	options->log_level = 4;
	options->has_notify_scripts = options->notify_scripts = true;
	options->has_orphan_pts_master = options->orphan_pts_master = true;
	options->has_manage_cgroups_mode = true;
	options->manage_cgroups_mode = mode_of(option(stage, "ironbox.manage_cgroups_mode"));
	options->parent_img = copy_option(stage, request, "ironbox.parent_path");
	options->lsm_profile = copy_option(stage, request, "ironbox.lsm_profile");
	options->lsm_mount_context = copy_option(stage, request, "ironbox.lsm_mount_context");
	set_flags(stage, options);
	if (!options->log_file)
		return stage->host->fail(error, ENOMEM, "make a request for criu");
	return set_numbers(stage, options, error);
}
