/* A lifecycle that does nothing but tell what it was asked for: one line a call. What the command
 * makes of its flags can be seen without a container. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/seal.h"
#include "lifecycle/lifecycle.h"

const char *const container_status_names[] = { "creating", "created", "running", "paused",
	                                       "stopped" };

int seal_check(struct ironbox_error *error)
{
	(void)error;
	return 0;
}

static void tell(const char *name, const char *text)
{
	if (text)
		printf(" %s=%s", name, text);
}

static void tell_flag(const char *name, bool on)
{
	if (on)
		printf(" %s", name);
}

static void tell_list(const char *name, const char *const *texts)
{
	for (; texts && *texts; texts++)
		printf(" %s=%s", name, *texts);
}

/* Any verb fails for the container "nosuch", as the real one does for one that is not there. */
static int done(const char *id, struct ironbox_error *error)
{
	puts("");
	if (strcmp(id, "nosuch") == 0)
		return error_begin(error, 0, "container %s does not exist", id);
	return 0;
}

static void tell_create(const struct create_request *request)
{
	printf(" id=%s bundle=%s", request->id, request->bundle);
	tell("console-socket", request->console_socket);
	tell("pidfd-socket", request->pidfd_socket);
	tell("pid-file", request->pid_file);
	if (request->preserve_fds)
		printf(" preserve-fds=%u", request->preserve_fds);
	tell_flag("no-pivot", request->no_pivot);
	tell_flag("no-new-keyring", request->no_new_keyring);
}

int container_create(const struct runtime *runtime, const struct create_request *request,
                     struct ironbox_error *error)
{
	printf("create root=%s", runtime->state_root);
	tell_flag("rootless", runtime->rootless);
	tell_create(request);
	return done(request->id, error);
}

static void tell_images(const struct checkpoint_options *options)
{
	tell("image-path", options->image_path);
	tell("work-path", options->work_path);
	tell("parent-path", options->parent_path);
	tell("manage-cgroups-mode", options->manage_cgroups_mode);
	tell("status-fd", options->status_fd);
	tell("lsm-profile", options->lsm_profile);
	tell("lsm-mount-context", options->lsm_mount_context);
	tell_list("empty-ns", options->empty_ns);
	tell_flag("leave-running", options->leave_running);
	tell_flag("pre-dump", options->pre_dump);
	tell_flag("tcp-established", options->tcp_established);
	tell_flag("tcp-skip-in-flight", options->tcp_skip_in_flight);
	tell_flag("ext-unix-sk", options->ext_unix_sk);
	tell_flag("shell-job", options->shell_job);
	tell_flag("file-locks", options->file_locks);
	tell_flag("link-remap", options->link_remap);
	tell_flag("auto-dedup", options->auto_dedup);
}

int container_checkpoint(const struct runtime *runtime, const char *id,
                         const struct checkpoint_options *options, struct ironbox_error *error)
{
	(void)runtime;
	printf("checkpoint id=%s", id);
	tell_images(options);
	return done(id, error);
}

int container_restore(const struct runtime *runtime, const struct restore_request *request,
                      int *exit_code, struct ironbox_error *error)
{
	(void)runtime;
	printf("restore");
	tell_create(&request->create);
	tell_images(&request->options);
	tell_flag("detach", request->detach);
	tell_flag("no-subreaper", request->no_subreaper);
	*exit_code = 42;
	return done(request->create.id, error);
}

int container_run(const struct runtime *runtime, const struct run_request *request, int *exit_code,
                  struct ironbox_error *error)
{
	(void)runtime;
	printf("run");
	tell_create(&request->create);
	tell_flag("detach", request->detach);
	tell_flag("keep", request->keep);
	tell_flag("no-subreaper", request->no_subreaper);
	*exit_code = 42;
	return done(request->create.id, error);
}

int container_exec(const struct runtime *runtime, const struct exec_request *request,
                   int *exit_code, struct ironbox_error *error)
{
	const struct process_options *options = &request->options;

	(void)runtime;
	*exit_code = strcmp(request->id, "nosuch") == 0 ? 0 : 43;
	printf("exec id=%s", request->id);
	tell("process", request->process_path);
	tell_list("arg", options->args);
	tell("cwd", options->cwd);
	tell("user", options->user);
	tell_list("env", options->env);
	tell_list("cap", options->capabilities);
	tell_list("gid", options->additional_gids);
	tell("apparmor", options->apparmor);
	tell("process-label", options->process_label);
	tell_flag("tty", options->terminal);
	tell_flag("no-new-privs", options->no_new_privileges);
	tell("console-socket", request->console_socket);
	tell("pidfd-socket", request->pidfd_socket);
	tell("pid-file", request->pid_file);
	tell("cgroup", request->cgroup);
	if (request->preserve_fds)
		printf(" preserve-fds=%u", request->preserve_fds);
	tell_flag("detach", request->detach);
	tell_flag("ignore-paused", request->ignore_paused);
	return done(request->id, error);
}

static int tell_call(const char *verb, const char *id, struct ironbox_error *error)
{
	printf("%s id=%s", verb, id);
	return done(id, error);
}

int container_start(const struct runtime *runtime, const char *id, struct ironbox_error *error)
{
	(void)runtime;
	return tell_call("start", id, error);
}

int container_kill(const struct runtime *runtime, const char *id, int signal, bool all,
                   struct ironbox_error *error)
{
	(void)runtime;
	printf("kill id=%s signal=%d", id, signal);
	tell_flag("all", all);
	return done(id, error);
}

int container_delete(const struct runtime *runtime, const char *id, bool force,
                     struct ironbox_error *error)
{
	(void)runtime;
	printf("delete id=%s", id);
	tell_flag("force", force);
	return done(id, error);
}

int container_pause(const struct runtime *runtime, const char *id, struct ironbox_error *error)
{
	(void)runtime;
	return tell_call("pause", id, error);
}

int container_resume(const struct runtime *runtime, const char *id, struct ironbox_error *error)
{
	(void)runtime;
	return tell_call("resume", id, error);
}

int container_update(const struct runtime *runtime, const char *id, const struct spec *resources,
                     struct ironbox_error *error)
{
	(void)runtime;
	printf("update id=%s %.*s", id, (int)resources->size, resources->text);
	return done(id, error);
}

/* Two containers, one of them with all that JSON has to escape. */
static void fill(struct container_info *info, bool second)
{
	*info = (struct container_info){
		.id = strdup(second ? "web2" : "web1"),
		.oci_version = strdup("1.3.0"),
		.bundle = strdup(second ? "/b/\"two\"\n<&>" : "/bundles/one"),
		.rootfs = strdup(second ? "/b/rootfs" : "/bundles/one/rootfs"),
		.created = strdup("2026-01-02T03:04:05.678901234Z"),
		.owner = strdup("root"),
		.status = second ? STATUS_STOPPED : STATUS_RUNNING,
		.pid = second ? 0 : 4711,
	};
}

int container_state(const struct runtime *runtime, const char *id, struct container_info *info,
                    struct ironbox_error *error)
{
	(void)runtime;
	if (strcmp(id, "nosuch") == 0)
		return error_begin(error, 0, "container %s does not exist", id);
	fill(info, strcmp(id, "web2") == 0);
	return 0;
}

void container_info_free(struct container_info *info)
{
	free(info->id);
	free(info->oci_version);
	free(info->bundle);
	free(info->rootfs);
	free(info->created);
	free(info->owner);
}

int container_list(const struct runtime *runtime,
                   void (*visit)(void *context, const struct container_info *info), void *context,
                   struct ironbox_error *error)
{
	(void)error;
	for (int second = 0; second < 2; second++) {
		struct container_info info;

		if (strcmp(runtime->state_root, "/empty") == 0)
			break;
		fill(&info, second);
		visit(context, &info);
		container_info_free(&info);
	}
	return 0;
}

int container_processes(const struct runtime *runtime, const char *id, pid_t **pids, size_t *count,
                        struct ironbox_error *error)
{
	(void)runtime;
	(void)error;
	*count = strcmp(id, "web2") == 0 ? 0 : 2;
	*pids = calloc(2, sizeof(**pids));
	if (*pids) {
		(*pids)[0] = 1;
		(*pids)[1] = getppid();
	}
	return 0;
}

int container_stats(const struct runtime *runtime, const char *id, char **json,
                    struct ironbox_error *error)
{
	(void)runtime;
	(void)id;
	(void)error;
	*json = strdup("{\"pids\":{\"current\":1}}");
	return 0;
}

int container_events(const struct runtime *runtime, const char *id, unsigned interval_ms,
                     int (*visit)(void *context, const char *type, const char *json), void *context,
                     struct ironbox_error *error)
{
	char json[64];

	(void)runtime;
	(void)id;
	(void)error;
	snprintf(json, sizeof(json), "{\"interval\":%u}", interval_ms);
	if (visit(context, "stats", json) == 0)
		visit(context, "oom", NULL);
	return 0;
}

int pipeline_list(const struct runtime *runtime,
                  void (*visit)(void *context, const struct stage_info *info), void *context,
                  struct ironbox_error *error)
{
	static const char *const lacks[] = { "time namespaces", "setns by pidfd", NULL };
	static const struct stage_info stages[] = {
		{ .name = "namespace",
		  .module = "namespace.so",
		  .path = "/p/namespace.so",
		  .version = "1.0",
		  .abi_major = 1,
		  .enabled = true,
		  .wakes_on = "",
		  .lacks = lacks },
		{ .name = "network",
		  .module = "network.so",
		  .path = "/p/network.so",
		  .version = "1.0",
		  .abi_major = 1,
		  .abi_minor = 2,
		  .wakes_on = "linux.namespaces[type=network] linux.netDevices" },
		{ .name = "seccomp",
		  .module = "gone.so",
		  .path = "/p/gone.so",
		  .version = "",
		  .enabled = true,
		  .wakes_on = NULL,
		  .problem = "open /p/gone.so: No such file" },
	};

	(void)runtime;
	(void)error;
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		visit(context, &stages[i]);
	return 0;
}
